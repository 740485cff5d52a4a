package badgerkv

import "context"

// WithValueLog has value-log files of so many bytes.
func (o Options) WithValueLog(bytes int64) Options {
	o.valueLog = bytes
	return o
}

// Collect is what the collector does now and then.
func (e *Engine) Collect(ctx context.Context) { e.collectNow(ctx) }
