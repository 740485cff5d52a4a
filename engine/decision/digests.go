package decision

import (
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
)

// digests keeps digests from one request to the next and from one snapshot to the next, by the handles of the fences and venues that lead
// to them. It is safe for concurrent use; what is there is read without a lock.
//
// A digest is made at the first request that meets its place, and made anew when the listing or the epoch is another.
type digests struct {
	fences, venues shelf
	epochs         epochs
	seasons        seasons
	listings       int // of the snapshot that it was begun with

	hours                              numbering[hoursKey]
	voices                             numbering[*engine.LanguageSet]
	readers, tastes, merchants, genres numbering[string]
}

// maxNumbers bounds the numbers that requests keep a memo of.
const maxNumbers = 1 << 17

// isSpent reports whether it holds on to much that the catalog no longer has, so that it is better begun afresh.
func (d *digests) isSpent(snap *engine.Snapshot) bool {
	return snap.Listings < d.listings/2 ||
		max(d.hours.len(), d.voices.len(), d.readers.len(), d.tastes.len()) > maxNumbers
}

// shelf is an array of digests by handle that grows.
type shelf struct {
	mu     sync.Mutex // held to grow
	chunks atomic.Pointer[[]*shelfChunk]
}

const shelfSize = 256

type shelfChunk [shelfSize]atomic.Pointer[digest]

// view returns the chunks, at least up to some number of handles.
func (s *shelf) view(handles int) []*shelfChunk {
	if chunks := s.chunks.Load(); chunks != nil && len(*chunks)*shelfSize >= handles {
		return *chunks
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var grown []*shelfChunk
	if chunks := s.chunks.Load(); chunks != nil {
		grown = append(grown, *chunks...)
	}
	for len(grown)*shelfSize < handles {
		grown = append(grown, new(shelfChunk))
	}
	s.chunks.Store(&grown)
	return grown
}

// epochs numbers what digests hang on besides their listing: the reference rates of a day and the popularity. It remembers the last few.
type epochs struct {
	mu    sync.Mutex // held to add
	known atomic.Pointer[[]epoch]
	last  uint32
}

type epoch struct {
	number  uint32
	rates   *engine.RateDay // by identity, as is popular: both are immutable
	popular map[engine.CampaignRef]engine.Counts
}

const maxEpochs = 8

func (e *epoch) is(rates *engine.RateDay, popular map[engine.CampaignRef]engine.Counts) bool {
	return e.rates == rates && reflect.ValueOf(e.popular).Pointer() == reflect.ValueOf(popular).Pointer()
}

// of returns the number of an epoch, from 1.
func (e *epochs) of(rates *engine.RateDay, popular map[engine.CampaignRef]engine.Counts) uint32 {
	if number := e.find(rates, popular); number > 0 {
		return number
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if number := e.find(rates, popular); number > 0 {
		return number
	}
	e.last++
	next := []epoch{{e.last, rates, popular}}
	if known := e.known.Load(); known != nil {
		next = append(next, (*known)[:min(len(*known), maxEpochs-1)]...)
	}
	e.known.Store(&next)
	return e.last
}

func (e *epochs) find(rates *engine.RateDay, popular map[engine.CampaignRef]engine.Counts) uint32 {
	known := e.known.Load()
	if known == nil {
		return 0
	}
	for i := range *known {
		if x := &(*known)[i]; x.is(rates, popular) {
			return x.number
		}
	}
	return 0
}

// seasons numbers the last few seasons.
type seasons struct {
	mu    sync.Mutex // held to add
	known atomic.Pointer[[]numbered]
	last  uint32
}

type numbered struct {
	season
	number uint32
}

// of returns the number of a season, from 1.
func (s *seasons) of(x *season) uint32 {
	if number := s.find(x); number > 0 {
		return number
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if number := s.find(x); number > 0 {
		return number
	}
	s.last++
	next := []numbered{{*x, s.last}}
	if known := s.known.Load(); known != nil {
		next = append(next, (*known)[:min(len(*known), maxEpochs-1)]...)
	}
	s.known.Store(&next)
	return s.last
}

func (s *seasons) find(x *season) uint32 {
	known := s.known.Load()
	if known == nil {
		return 0
	}
	for i := range *known {
		if n := &(*known)[i]; n.season == *x {
			return n.number
		}
	}
	return 0
}
