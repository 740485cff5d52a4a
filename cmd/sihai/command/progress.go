package command

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress returns src with a bar on Err of how much of it was read, where Err is a terminal, and what ends the bar. A negative size is
// unknown.
func (r *runner) progress(src io.Reader, size int64, what string) (io.Reader, func()) {
	if !r.Terminal {
		return src, func() {}
	}
	bar := progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(r.Err), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
	)
	return io.TeeReader(src, bar), func() { _ = bar.Finish() } // a bar that cannot be drawn is no reason to stop
}

// steps returns what tells progress by steps on Err, where it is a terminal, and what ends it, which may be called twice.
func (r *runner) steps(total int, what string) (step func(done int), end func()) {
	if !r.Terminal {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(r.Err), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
	)
	return func(done int) { _ = bar.Set(done) }, func() { _ = bar.Finish() } // a bar that cannot be drawn is no reason to stop
}
