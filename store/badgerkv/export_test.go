package badgerkv

import (
	"context"
	"errors"

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

// SetKeepFree changes what stays free of the disk.
func (e *Engine) SetKeepFree(bytes uint64) error {
	return e.update(context.Background(), "", func(*tx) error { e.room.keep = bytes; return nil })
}

// FailCommit fails the next commit: the database is gone when its turn comes.
func (e *Engine) FailCommit() error {
	return e.update(context.Background(), "", func(x *tx) error { return errors.Join(e.db.Close(), x.setShared([]byte("x"), nil)) })
}

// CheckOpening is what is asked before a folder is opened.
func CheckOpening(dir string) error { return checkOpening(dir) }
