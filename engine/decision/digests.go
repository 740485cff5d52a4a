package decision

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
)

// digests keeps digests from one request to the next and from one snapshot to the next, by the handles of the fences and venues that lead
// to them. It is safe for concurrent use; what is there is read without a lock.
//
// A digest is made at the first request that meets its place, and made anew when the listing or the epoch is another.
type digests struct {
	fences    pages
	venues    shelf
	epochs    recent[epoch]
	seasons   recent[season]
	listings  int           // of the snapshot that it was begun with
	made      atomic.Uint32 // digests in all
	creatives creatives

	hours                              numbering[hoursKey]
	voices                             numbering[*engine.LanguageSet]
	readers, tastes, merchants, genres numbering[string]
}

// maxNumbers bounds the numbers that requests keep a memo of.
const maxNumbers = 1 << 17

// isSpent reports whether it holds on to much that the catalog no longer has, so that it is better begun afresh.
func (d *digests) isSpent(snap *engine.Snapshot) bool {
	return snap.Listings < d.listings/2 || d.made.Load() > math.MaxUint32/2 ||
		max(d.hours.len(), d.voices.len(), d.readers.len(), d.tastes.len()) > maxNumbers
}

// shelf is an array of digests by the handles of venues, that grows.
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
