package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/testdata/worlds"
)

// worldMark is the merchant whose name tells which invented world a store holds, and whether it is all there. It comes before all others.
const worldMark = "bench"

// holds reports whether a store has all of w already. It is an error for it to hold anything else.
func (w *world) holds(ctx context.Context, s engine.Merchants) (bool, error) {
	mark, err := s.Merchant(ctx, worldMark)
	if errors.Is(err, engine.ErrNotFound) {
		others, _, err := s.ListMerchants(ctx, engine.Page{Limit: 1})
		if err == nil && len(others) > 0 {
			err = usagef("the data folder holds campaigns of a real store: give one that is empty, or none")
		}
		return false, err
	}
	if err != nil {
		return false, err
	}
	switch mark.Name["en"] {
	case w.label():
		return true, nil
	case w.beginning():
		return false, nil
	}
	return false, usagef("the data folder holds another world: %s", mark.Name["en"])
}

// beginning is the mark's name while the world is loaded.
func (w *world) beginning() string { return "part of " + w.label() }

// mark writes the mark.
func (w *world) mark(ctx context.Context, t *target, name string) error {
	_, err := t.PutMerchant(ctx, wire.Merchant{ID: worldMark, Name: wire.Text{"en": name}})
	return err
}

// upload sends a world through the import, some merchants at a time, and tells loaded of the campaigns that went in. One that broke off may be sent again.
func (w *world) upload(ctx context.Context, t *target, loaded func(campaigns int)) error {
	if err := w.mark(ctx, t, w.beginning()); err != nil {
		return err
	}
	if err := putWorldRates(ctx, t); err != nil {
		return err
	}
	if err := w.uploadMerchants(ctx, t, loaded); err != nil {
		return err
	}
	return w.mark(ctx, t, w.label())
}

// uploaders is how many merchants are uploaded at once: while one waits for the disk, others work, and what they wait for is one sync.
const uploaders = 4

// uploadMerchants sends all merchants, and calls loaded from one goroutine at a time. After an error no other one is begun.
func (w *world) uploadMerchants(ctx context.Context, t *target, loaded func(campaigns int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var telling sync.Mutex
	var working sync.WaitGroup
	for range uploaders {
		working.Go(func() {
			for m := int(next.Add(1)) - 1; m < w.merchants && ctx.Err() == nil; m = int(next.Add(1)) - 1 {
				campaigns, err := w.uploadMerchant(ctx, t, m)
				if err != nil {
					cancel(err)
					return
				}
				telling.Lock()
				loaded(campaigns)
				telling.Unlock()
			}
		})
	}
	working.Wait()
	return context.Cause(ctx)
}

// uploadMerchant sends a merchant with its venues and campaigns, and returns how many of these went in.
func (w *world) uploadMerchant(ctx context.Context, t *target, m int) (campaigns int, err error) {
	name := wire.Text{"en": fmt.Sprintf("Merchant %d", m), "zh-Hans": fmt.Sprintf("商户%d", m)}
	if _, err := t.PutMerchant(ctx, wire.Merchant{ID: merchantID(m), Name: name}); err != nil {
		return 0, err
	}
	if _, err := w.importOf(ctx, t, m, "venues", w.writeVenues); err != nil {
		return 0, err
	}
	report, err := w.importOf(ctx, t, m, "campaigns", w.writeCampaigns)
	return report.Accepted, err
}

func putWorldRates(ctx context.Context, t *target) error {
	miami, err := worlds.Miami()
	if err != nil {
		return err
	}
	rates, err := miami.Open("rates.csv")
	if err != nil {
		return err
	}
	defer func() { _ = rates.Close() }() // it was only read
	_, err = t.PutRates(ctx, rates)
	return err
}

// importOf uploads a merchant's rows of a kind as they are written.
func (w *world) importOf(ctx context.Context, t *target, m int, kind string, write func(enc *json.Encoder, m int) error) (wire.Import, error) {
	rows := piped(func(dst io.Writer) error {
		buffered := bufio.NewWriterSize(dst, 1<<16)
		enc := json.NewEncoder(buffered)
		enc.SetEscapeHTML(false)
		if err := write(enc, m); err != nil {
			return err
		}
		return buffered.Flush()
	})
	defer func() { _ = rows.Close() }() // ends the writer
	report, err := t.Import(ctx, client.Upload{Merchant: merchantID(m), Kind: kind, Format: "ndjson"}, rows)
	if err != nil {
		return report, fmt.Errorf("load %s of %s: %w", kind, merchantID(m), err)
	}
	return report, nil
}

func (w *world) writeVenues(enc *json.Encoder, m int) error {
	for v := m; v < w.venues; v += w.merchants {
		if err := enc.Encode(w.venue(v)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) writeCampaigns(enc *json.Encoder, m int) error {
	for v := m; v < w.venues; v += w.merchants {
		for c := v * venueCampaigns; c < min((v+1)*venueCampaigns, w.campaigns); c++ {
			campaign, err := w.campaign(c, 0)
			if err != nil {
				return err
			}
			if err := enc.Encode(campaign); err != nil {
				return err
			}
		}
	}
	return nil
}

// counter draws how many of a number of things are done, where Err is a terminal. add is told of more of them, and done ends it.
func (r *runner) counter(total int, what string) (add func(int), done func()) {
	if !r.Terminal {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(r.Err), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
	)
	return func(n int) { _ = bar.Add(n) }, func() { _ = bar.Finish() } // a bar that cannot be drawn is no reason to stop
}

// folderSize is the bytes of all files in a folder.
func folderSize(dir string) (int64, error) {
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
