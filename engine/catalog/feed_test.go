package catalog_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/store"
)

// curtain is a store whose change feed can be seen up to a position only, and that lets a test do something at a reader's
// calls.
type curtain struct {
	engine.Store
	mu       sync.Mutex // guards visible and raised
	visible  uint64
	raised   chan struct{} // closed when visible grows
	reading  atomic.Pointer[func()]
	changing atomic.Pointer[func()]
	waiting  atomic.Pointer[func(after uint64)]
}

func newCurtain(db engine.Store) *curtain {
	return &curtain{Store: db, visible: math.MaxUint64, raised: make(chan struct{})}
}

// show lets the feed be seen up to a position.
func (c *curtain) show(upTo uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visible = upTo
	close(c.raised)
	c.raised = make(chan struct{})
}

func (c *curtain) seen() (uint64, chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.visible, c.raised
}

func (c *curtain) Position(ctx context.Context) (uint64, error) {
	head, err := c.Store.Position(ctx)
	visible, _ := c.seen()
	return min(head, visible), err
}

func (c *curtain) Changes(ctx context.Context, after uint64, limit int) ([]engine.Change, error) {
	if f := c.changing.Load(); f != nil {
		(*f)()
	}
	page, err := c.Store.Changes(ctx, after, limit)
	visible, _ := c.seen()
	for i := range page {
		if page[i].Seq > visible {
			return page[:i], err
		}
	}
	return page, err
}

func (c *curtain) WaitChange(ctx context.Context, after uint64) error {
	if f := c.waiting.Load(); f != nil {
		(*f)(after)
	}
	for {
		visible, raised := c.seen()
		if after < visible {
			return c.Store.WaitChange(ctx, after)
		}
		select {
		case <-raised:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *curtain) Campaign(ctx context.Context, merchant, id string) (engine.Campaign, error) {
	if f := c.reading.Load(); f != nil {
		(*f)()
	}
	return c.Store.Campaign(ctx, merchant, id)
}

func (c *curtain) CampaignVersion(ctx context.Context, merchant, id string, version uint64) (engine.Campaign, error) {
	if f := c.reading.Load(); f != nil {
		(*f)()
	}
	return c.Store.CampaignVersion(ctx, merchant, id, version)
}

// titled returns rows of n campaigns with one title.
func titled(n int, title string) []engine.Campaign {
	rows := make([]engine.Campaign, n)
	for i := range rows {
		rows[i] = campaign("m-1", fmt.Sprintf("c-%d", i), "v-0")
		rows[i].Title = engine.Text{"en": title}
	}
	return rows
}

// TestNothingIsPublishedWithinAnUpload shows a publisher the first half of an upload's changes and no more.
func TestNothingIsPublishedWithinAnUpload(t *testing.T) {
	const n = 40
	h := newHouse(t, 1, "m-1")
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "old")...))
	before := h.position(t)
	half := before + n/2

	behind := newCurtain(h.db)
	p, _ := openPublisher(t, behind)
	behind.show(before)
	stuck := make(chan struct{})
	var once sync.Once
	waiting := func(after uint64) {
		if after == half {
			once.Do(func() { close(stuck) })
		}
	}
	behind.waiting.Store(&waiting)
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "new")...))
	behind.show(half)
	<-stuck
	if s := p.Snapshot(); s.Version != before {
		t.Errorf("version %d was published within an upload", s.Version)
	}
	lookForParts(t, p.Snapshot(), n)

	opened := make(chan *catalog.Publisher)
	go func() {
		late, err := catalog.OpenPublisher(context.Background(), catalog.PublisherOptions{Store: behind, Packer: store.Packer{}})
		if err != nil {
			t.Error(err)
		}
		opened <- late
	}()
	again := make(chan struct{})
	var twice sync.Once
	waiting = func(after uint64) {
		if after == half {
			twice.Do(func() { close(again) })
		}
	}
	behind.waiting.Store(&waiting)
	select {
	case <-again:
	case late := <-opened:
		t.Errorf("a publisher was opened within an upload at version %d", late.Snapshot().Version)
		go func() { opened <- late }()
	}
	behind.show(math.MaxUint64)
	late := <-opened
	lookForParts(t, late.Snapshot(), n)
	if err := late.Close(); err != nil {
		t.Error(err)
	}
	s := settle(t, h.db, p)
	lookForParts(t, s, n)
	if s.Version != before+n {
		t.Errorf("version %d, want %d", s.Version, before+n)
	}
}

// TestContentOfAChangeToComeIsNotPublishedAlone commits an upload between a publisher's reading of a change and its reading
// of the campaign that the change is about: what it reads is a part of the upload.
func TestContentOfAChangeToComeIsNotPublishedAlone(t *testing.T) {
	const n = 10
	h := newHouse(t, 1, "m-1")
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "old")...))
	between := newCurtain(h.db)
	p, _ := openPublisher(t, between)
	var once sync.Once
	reading := func() {
		once.Do(func() { h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "new")...)) })
	}
	between.reading.Store(&reading)
	look := func(uint64) { lookForParts(t, p.Snapshot(), n) }
	between.waiting.Store(&look)
	same := titled(1, "old")[0]
	same.Terms = engine.Text{"en": "a version of the same title"}
	h.put(t, same)
	lookForParts(t, settle(t, h.db, p), n)
	if title := p.Snapshot().Residents.At(0).At[0].Listing.Campaign().Title["en"]; title != "new" {
		t.Errorf("the title is %q", title)
	}
}

// TestChangesWithoutEndArePublished makes another change each time the publisher looks for one.
func TestChangesWithoutEndArePublished(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	endless := newCurtain(h.db)
	p, _ := openPublisher(t, endless)
	before := p.Snapshot().Version
	published, ended := make(chan struct{}), make(chan struct{})
	calls := 0
	changing := func() {
		if calls++; calls > 500 {
			return
		}
		if calls < 500 && p.Snapshot().Version > before {
			calls = 500
			close(published)
			return
		}
		if _, err := h.service.PutMerchant(t.Context(), write(), merchant("m-1")); err != nil {
			t.Error(err)
		}
		if calls == 500 {
			close(ended)
		}
	}
	endless.changing.Store(&changing)
	if _, err := h.service.PutMerchant(t.Context(), write(), merchant("m-1")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-published:
	case <-ended:
		t.Error("nothing was published until the changes ended")
	}
	settle(t, h.db, p)
}

// TestUploadsInARowAreNotPublishedInParts commits another upload in the middle of each reading of the one before, for more
// rounds than the publisher waits for single changes to end.
func TestUploadsInARowAreNotPublishedInParts(t *testing.T) {
	const n, uploads = 10, 40
	h := newHouse(t, 1, "m-1")
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "first")...))
	busy := newCurtain(h.db)
	p, _ := openPublisher(t, busy)
	reads, done := 0, 0
	changing := func() {
		reads = 0
		lookForParts(t, p.Snapshot(), n)
	}
	reading := func() {
		if reads++; reads == n/2 && done < uploads {
			done++
			h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, fmt.Sprint("upload ", done))...))
		}
	}
	look := func(uint64) { lookForParts(t, p.Snapshot(), n) }
	busy.changing.Store(&changing)
	busy.reading.Store(&reading)
	busy.waiting.Store(&look)
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "second")...))
	s := settle(t, h.db, p)
	for s.Version < uint64(2+n*(2+uploads)) { // a merchant, a venue, and each upload
		s = settle(t, h.db, p)
	}
	lookForParts(t, s, n)
}

// reordered is a store whose change feed tells one change as if it had come within an upload that came after it.
type reordered struct {
	*curtain
	single, behind uint64 // the change, and the one that it is told right after
}

func (r reordered) Changes(ctx context.Context, after uint64, limit int) ([]engine.Change, error) {
	all, err := r.curtain.Changes(ctx, 0, math.MaxInt32)
	var out []engine.Change
	for seq := after + 1; seq <= uint64(len(all)) && len(out) < limit; seq++ {
		from := seq
		switch {
		case seq == r.behind:
			from = r.single
		case seq >= r.single && seq < r.behind:
			from = seq + 1
		}
		c := all[from-1]
		c.Seq = seq
		out = append(out, c)
	}
	return out, err
}

// TestOthersArePublishedWithinAnUpload shows a publisher the first half of an upload and then another merchant's change: that is published, without
// waiting for the rest and without a part of it.
func TestOthersArePublishedWithinAnUpload(t *testing.T) {
	const n = 40
	h := newHouse(t, 1, "m-1", "m-2")
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "old")...))
	before := h.position(t)
	behind := newCurtain(h.db)
	store := reordered{behind, before + 1, before + n/2}
	behind.show(before)
	p, _ := openPublisher(t, store)
	h.put(t, campaign("m-2", "other", "v-0"))
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "new")...))

	behind.show(before + n/2)
	if err := p.AwaitVersion(t.Context(), before+n/2); err != nil {
		t.Fatal(err)
	}
	s := p.Snapshot()
	lookForParts(t, s, n)
	if !slices.Contains(held(s, miami), "m-2/other@v-0") || s.Version != before+n/2 {
		t.Errorf("version %d holds %v", s.Version, held(s, miami))
	}
	behind.show(math.MaxUint64)
	lookForParts(t, settle(t, h.db, p), n)
	if title := p.Snapshot().Residents.At(0).At[0].Listing.Campaign().Title["en"]; title != "new" {
		t.Errorf("in the end the title is %q", title)
	}
}
