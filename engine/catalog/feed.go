package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// feedPage is the number of changes that are read at once.
const feedPage = 1_000

// feed is how far a builder has read the changes of a store.
type feed struct {
	store    engine.Store
	builder  *builder
	position uint64
	open     map[string]bool // imports of which another row follows
	ahead    []engine.Change // that come next and were read already
}

// start reads all that the store holds and then what changed meanwhile.
func (f *feed) start(ctx context.Context) error {
	head, err := f.store.Position(ctx)
	if err != nil {
		return fmt.Errorf("read position: %w", err)
	}
	if head > 0 {
		recent, err := f.store.Changes(ctx, head-min(head, feedPage), feedPage)
		if err != nil {
			return fmt.Errorf("read changes up to %d: %w", head, err)
		}
		recent = slices.DeleteFunc(recent, func(c engine.Change) bool { return c.Seq > head })
		f.advance(recent) // to know of an import that is half told
	}
	if err := f.builder.load(ctx, f.store); err != nil {
		return err
	}
	for {
		if err := f.catchUp(ctx); err != nil {
			return err
		}
		if f.whole() {
			return nil
		}
		if err := f.store.WaitChange(ctx, f.position); err != nil {
			return err
		}
	}
}

// whole reports whether every import of which a row was told was told to its end.
func (f *feed) whole() bool { return len(f.open) == 0 }

// catchUp reads what came since the last time. What it reads of the store is the newest content, which may be that of a change still to come; so it looks at the
// feed once more after each reading, and goes on where it may have seen a part of an import: an import is told to its end before anybody can read a row of it. What
// else came meanwhile is for the next time, so that under a flood of changes each snapshot has those that came while the last one was made.
func (f *feed) catchUp(ctx context.Context) error {
	for first := true; ; first = false {
		page := f.ahead
		if f.ahead = nil; page == nil {
			var err error
			if page, err = f.store.Changes(ctx, f.position, feedPage); err != nil {
				return fmt.Errorf("read changes after %d: %w", f.position, err)
			}
		}
		if len(page) == 0 {
			return nil
		}
		if !first && f.whole() && len(page) < feedPage && !slices.ContainsFunc(page, ofImport) {
			f.ahead = page
			return nil
		}
		if err := f.builder.absorb(ctx, f.store, page); err != nil {
			f.ahead = page
			return err
		}
		f.advance(page)
	}
}

func ofImport(c engine.Change) bool { return c.ImportID != "" }

// advance moves behind some changes.
func (f *feed) advance(page []engine.Change) {
	for _, c := range page {
		f.position = c.Seq
		if c.ImportID == "" {
			continue
		}
		key := c.MerchantID + "/" + c.ImportID
		if c.More {
			f.open[key] = true
		} else {
			delete(f.open, key)
		}
	}
}
