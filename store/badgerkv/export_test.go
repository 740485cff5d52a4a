package badgerkv

import (
	"context"

	"github.com/sihai-network/sihai/store/kv"
)

// WithValueLog has value-log files of so many bytes.
func (o Options) WithValueLog(bytes int64) Options {
	o.valueLog = bytes
	return o
}

// Collect is what the collector does now and then.
func (e *Engine) Collect(ctx context.Context) error { return e.collectNow(ctx) }

// BringBack puts a block back as it was, as the rewriting of a file may, and deletes again what came back.
func (e *Engine) BringBack(ctx context.Context, s kv.Stream, b kv.Block, meanwhile func()) error {
	err := e.update(ctx, "", func(x *tx) error { return x.setShared(blockKey(s, b.Place), b.Data) })
	if err != nil {
		return err
	}
	meanwhile()
	return e.trimAgain(ctx)
}
