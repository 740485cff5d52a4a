package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// feedPage is the number of changes that are read at once.
const feedPage = 1_000

// feed is how far a builder has read the changes of a store.
//
// The rows of an import are absorbed once it is told to its end, all of them then: until that, what others change is published without them. Of each change the version that it
// tells is read, so that a snapshot's content follows from its version. At the start, and of changes that earlier releases told, the newest content is read, which may be that of a
// change still to come. A row of an import can be read so only once all are told, so whoever may have read one looks at the feed again before anything is published.
type feed struct {
	store    engine.Store
	builder  *builder
	position uint64
	open     map[string]uint64 // imports of which another row follows, by merchant and ID: the position before their first row
	touched  map[string]bool   // merchants of which something was read since the last publication
	starting bool              // all of them are touched
	changed  bool              // since the last publication
	ahead    []engine.Change   // that come next and were read already
}

func newFeed(store engine.Store, b *builder) feed {
	return feed{store: store, builder: b, open: make(map[string]uint64), touched: make(map[string]bool)}
}

// start reads all that the store holds and then what changed meanwhile.
func (f *feed) start(ctx context.Context) error {
	f.starting = true
	head, err := f.store.Position(ctx)
	if err != nil {
		return fmt.Errorf("read position: %w", err)
	}
	if head > 0 {
		f.position = head - min(head, feedPage)
		recent, err := f.store.Changes(ctx, f.position, feedPage)
		if err != nil {
			return fmt.Errorf("read changes up to %d: %w", head, err)
		}
		for _, c := range recent {
			if c.Seq <= head {
				f.advance(c) // to know of an import that is half told
			}
		}
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

// whole reports whether nothing was read of which a part may be missing.
func (f *feed) whole() bool {
	for key := range f.open {
		merchant, _, _ := strings.Cut(key, "/")
		if f.starting || f.touched[merchant] {
			return false
		}
	}
	return true
}

// published begins what comes after a publication.
func (f *feed) published() {
	f.starting, f.changed = false, false
	clear(f.touched)
}

// catchUp reads what came since the last time. What else came meanwhile is for the next time, so that under a flood of changes each snapshot has those that
// came while the last one was made.
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
		if !first && !f.starting && len(page) < feedPage && f.whole() && !slices.ContainsFunc(page, f.begun) {
			f.ahead = page
			return nil
		}
		if err := f.take(ctx, page); err != nil {
			return err
		}
	}
}

// begun reports whether a change is a row of an import of which another row may have been read.
func (f *feed) begun(c engine.Change) bool {
	return c.ImportID != "" && (f.starting || f.touched[c.MerchantID])
}

// take absorbs a page, but for the rows of imports that go on; those of one that ends are read again from its beginning. After an error it goes on, the next time, where
// it broke off.
func (f *feed) take(ctx context.Context, page []engine.Change) error {
	for len(page) > 0 {
		n := slices.IndexFunc(page, ofImport)
		if n < 0 {
			n = len(page)
		}
		if err := f.absorb(ctx, page[:n]); err != nil {
			return err
		}
		for _, c := range page[:n] {
			f.advance(c)
		}
		if page = page[n:]; len(page) == 0 {
			return nil
		}
		if c := page[0]; !c.More {
			if err := f.takeImport(ctx, c); err != nil {
				return err
			}
		}
		f.advance(page[0])
		page = page[1:]
	}
	return nil
}

func ofImport(c engine.Change) bool { return c.ImportID != "" }

// takeImport absorbs all rows of an import, of which last is the last.
func (f *feed) takeImport(ctx context.Context, last engine.Change) error {
	after, known := f.open[importKey(last)]
	if !known {
		return f.absorb(ctx, []engine.Change{last})
	}
	for after < last.Seq {
		page, err := f.store.Changes(ctx, after, feedPage)
		if err != nil {
			return fmt.Errorf("read changes of import %s after %d: %w", last.ImportID, after, err)
		}
		if len(page) == 0 {
			return fmt.Errorf("read changes of import %s: they end at %d: %w", last.ImportID, after, engine.ErrCorrupt)
		}
		after = page[len(page)-1].Seq
		page = slices.DeleteFunc(page, func(c engine.Change) bool { return c.Seq > last.Seq || importKey(c) != importKey(last) })
		if err := f.absorb(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// absorb takes changes into the builder.
func (f *feed) absorb(ctx context.Context, changes []engine.Change) error {
	for _, c := range changes {
		f.touched[c.MerchantID], f.changed = true, true
	}
	return f.builder.absorb(ctx, f.store, changes)
}

func importKey(c engine.Change) string { return c.MerchantID + "/" + c.ImportID }

// advance moves behind a change.
func (f *feed) advance(c engine.Change) {
	before := f.position
	f.position = c.Seq
	if c.ImportID == "" {
		return
	}
	if _, known := f.open[importKey(c)]; c.More && !known {
		f.open[importKey(c)] = before
	} else if !c.More {
		delete(f.open, importKey(c))
	}
}
