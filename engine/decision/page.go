package decision

import (
	"sync"
	"sync/atomic"
	"weak"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// page holds the digests of a chunk of fences' handles, made as they are met, with their glances side by side: handles are mostly given out in the
// order of places, so that those of one request lie together. All of it belongs to one epoch and one chunk of holders, so that one look tells for
// all handles that nothing has changed. What changes gets another page, which takes over what still holds.
type page struct {
	holders weak.Pointer[chunk] // weak, so that it keeps no catalog of the past in memory
	epoch   uint32
	glances *[geo.ChunkLen]glance // in memory of their own, which the collector need not read
	digests [geo.ChunkLen]*digest // of a handle whose glance is ready; nil: it leads to no place
}

// chunk is the part of a snapshot's holders that a page is about.
type chunk = [geo.ChunkLen]engine.Holder

// The states of a glance on a page. One goroutine turns empty into busy, writes, and turns busy into ready, after which nothing changes.
const (
	empty uint32 = iota
	busy
	ready
)

func newPage(holders *chunk, epoch uint32) *page {
	return &page{holders: weak.Make(holders), epoch: epoch, glances: new([geo.ChunkLen]glance)}
}

// holdsFor reports whether the page is about a chunk of holders in an epoch.
func (p *page) holdsFor(holders *chunk, epoch uint32) bool {
	return p != nil && p.epoch == epoch && p.holders.Value() == holders
}

// set gives a handle its digest, unless another goroutine does so already.
func (p *page) set(at int, d *digest) {
	g := &p.glances[at]
	if !g.state.CompareAndSwap(empty, busy) {
		return
	}
	p.digests[at] = d
	if d != nil {
		g.copyFrom(&d.glance)
	} else {
		g.traits = several
	}
	g.state.Store(ready)
}

// takeOver sets the digests of an older page that hold for a chunk of holders.
func (p *page) takeOver(old *page, holders *chunk) {
	for at := range holders {
		if old.glances[at].state.Load() != ready {
			continue
		}
		if d := old.digests[at]; d != nil && d.isOf(&holders[at]) {
			p.set(at, d)
		}
	}
}

// isOf reports whether a digest is that of the first place a fence leads to.
func (d *digest) isOf(h *engine.Holder) bool {
	return d.listing == h.Listing && (h.Site == engine.AllSites || d.site == h.Site)
}

// pages are the pages of all handles there are. The zero value is empty. It is safe for concurrent use; what is there is read without a lock.
type pages struct {
	mu    sync.Mutex // held to grow
	slots atomic.Pointer[[]*atomic.Pointer[page]]
}

// view returns the slots of the pages, at least so many.
func (p *pages) view(n int) []*atomic.Pointer[page] {
	if slots := p.slots.Load(); slots != nil && len(*slots) >= n {
		return *slots
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var grown []*atomic.Pointer[page]
	if slots := p.slots.Load(); slots != nil {
		grown = append(grown, *slots...)
	}
	for len(grown) < n {
		grown = append(grown, new(atomic.Pointer[page]))
	}
	p.slots.Store(&grown)
	return grown
}

// desk holds the pages that a request has open, so that it looks once at whether they are current, and reads the same ones to its end.
type desk struct {
	open    []*page                 // by number; nil: not open
	glances []*[geo.ChunkLen]glance // of each
	which   []int                   // are open
}

// put opens a page.
func (d *desk) put(n int, p *page) {
	if n >= len(d.open) {
		more := n + 1 - len(d.open)
		d.open = append(d.open, make([]*page, more)...)
		d.glances = append(d.glances, make([]*[geo.ChunkLen]glance, more)...)
	}
	d.open[n], d.glances[n] = p, p.glances
	d.which = append(d.which, n)
}

// clear closes all pages.
func (d *desk) clear() {
	for _, n := range d.which {
		d.open[n], d.glances[n] = nil, nil
	}
	d.which = d.which[:0]
}

// pageOf returns the page of a handle, opened at the first call for one of its handles; nil: the snapshot has no holders there.
func (r *run) pageOf(handle uint32) *page {
	n := int(handle / geo.ChunkLen)
	if n < len(r.desk.open) && r.desk.open[n] != nil {
		return r.desk.open[n]
	}
	return r.openPage(n)
}

func (r *run) openPage(n int) *page {
	holders := r.snap.Holders.Chunk(n)
	if holders == nil {
		return nil
	}
	slot := r.digests.fences.view((r.snap.Holders.Len() + geo.ChunkLen - 1) / geo.ChunkLen)[n]
	p := slot.Load()
	if !p.holdsFor(holders, r.epoch) {
		fresh := newPage(holders, r.epoch)
		if p != nil && p.epoch == r.epoch {
			fresh.takeOver(p, holders)
		}
		slot.Store(fresh)
		p = fresh
	}
	r.desk.put(n, p)
	return p
}
