package command

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// meter shows how far a long work is, on a terminal only. A nil meter shows nothing.
type meter struct{ bar *progressbar.ProgressBar }

// bytesMeter measures bytes up to total, which is -1 when unknown.
func (r *runner) bytesMeter(what string, total int64) *meter {
	return r.newMeter(what, total, progressbar.OptionShowBytes(true))
}

func (r *runner) newMeter(what string, total int64, options ...progressbar.Option) *meter {
	if !r.Terminal {
		return nil
	}
	options = append(options,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(r.Err),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount())
	return &meter{progressbar.NewOptions64(total, options...)}
}

// reader counts what is read from src.
func (m *meter) reader(src io.Reader) io.Reader {
	if m == nil {
		return src
	}
	return io.TeeReader(src, m.bar)
}

// add counts n more. A terminal that cannot be written to is no reason to stop the work.
func (m *meter) add(n int) {
	if m != nil {
		_ = m.bar.Add(n)
	}
}

// done wipes the bar.
func (m *meter) done() {
	if m != nil {
		_ = m.bar.Finish()
	}
}
