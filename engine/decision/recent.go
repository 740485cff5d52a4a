package decision

import (
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
)

// recent numbers what requests have in common, from 1, and remembers the last few. What was forgotten gets a new number. The zero value has
// numbered nothing. It is safe for concurrent use; what it remembers is found without a lock.
type recent[K any] struct {
	mu    sync.Mutex // held to add
	known atomic.Pointer[[]numbered[K]]
	last  uint32
}

type numbered[K any] struct {
	number uint32
	key    K
}

const maxRecent = 8

// of returns the number of a key, by which same tells equal ones.
func (r *recent[K]) of(key *K, same func(a, b *K) bool) uint32 {
	if number := r.find(key, same); number > 0 {
		return number
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if number := r.find(key, same); number > 0 {
		return number
	}
	r.last++
	next := []numbered[K]{{r.last, *key}}
	if known := r.known.Load(); known != nil {
		next = append(next, (*known)[:min(len(*known), maxRecent-1)]...)
	}
	r.known.Store(&next)
	return r.last
}

// find returns the number that is remembered; 0: none.
func (r *recent[K]) find(key *K, same func(a, b *K) bool) uint32 {
	known := r.known.Load()
	if known == nil {
		return 0
	}
	for i := range *known {
		if n := &(*known)[i]; same(&n.key, key) {
			return n.number
		}
	}
	return 0
}

// epoch is what digests hang on besides their listing: the reference rates of a day, the popularity and the prices of budgets, all immutable.
type epoch struct {
	rates   *engine.RateDay
	popular map[engine.CampaignRef]engine.Counts
	prices  map[engine.CampaignRef]*engine.Prices // nil: nothing is priced
}

func sameEpoch(a, b *epoch) bool {
	return a.rates == b.rates && reflect.ValueOf(a.popular).Pointer() == reflect.ValueOf(b.popular).Pointer() && reflect.ValueOf(a.prices).Pointer() == reflect.ValueOf(b.prices).Pointer()
}
