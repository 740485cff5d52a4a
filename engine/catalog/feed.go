package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

const (
	feedPage   = 1_000
	feedRounds = 16 // pages after which what has been read is published although more came
)

// feed is how far a builder has read the changes of a store.
type feed struct {
	store    engine.Store
	builder  *builder
	position uint64
	open     map[string]bool // imports of which another row follows
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

// catchUp reads on until there is nothing new, or for so long that what was read should be published. What it reads of the
// store is the newest content, which may be that of a change still to come; so it looks at the feed once more after each
// reading, and never stops where it may have seen a part of an import.
func (f *feed) catchUp(ctx context.Context) error {
	for round := 0; ; round++ {
		page, err := f.store.Changes(ctx, f.position, feedPage)
		if err != nil {
			return fmt.Errorf("read changes after %d: %w", f.position, err)
		}
		if len(page) == 0 {
			return nil
		}
		if round >= feedRounds && f.whole() && len(page) < feedPage && !slices.ContainsFunc(page, ofImport) {
			return nil
		}
		if err := f.builder.absorb(ctx, f.store, page); err != nil {
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
