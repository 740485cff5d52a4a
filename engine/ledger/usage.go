package ledger

import (
	"slices"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// usage is what one user has seen of one campaign.
type usage struct {
	days  calendar
	last  int64   // newest showing, in milliseconds since 1970
	times []int64 // of showings, ascending: at most engine.MaxCapCount, those nearest to the one that was counted last
}

// userMemory is how long after its last showing a user's count for a campaign is forgotten, its total included. It is far
// beyond a flight, and keeps the memory of a meter bounded by the users of a year.
const userMemory = 400 * 24 * time.Hour

// add counts a showing; late ones go to their place.
func (u *usage) add(d day, at int64) {
	u.days.add(d)
	u.last = max(u.last, at)
	i, _ := slices.BinarySearch(u.times, at+1)
	u.times = slices.Insert(u.times, i, at)
	if last := len(u.times) - 1; len(u.times) > engine.MaxCapCount {
		if at-u.times[0] >= u.times[last]-at {
			u.times = slices.Delete(u.times, 0, 1)
		} else {
			u.times = u.times[:last]
		}
	}
}

// forget drops what no cap and no period can ask for about a time, in milliseconds.
func (u *usage) forget(now int64) {
	window := engine.MaxCapWindow.Milliseconds()
	u.times = slices.DeleteFunc(u.times, func(at int64) bool { return at < now-window || at > now+window })
	if len(u.times) == 0 {
		u.times = nil
	}
	u.days.forget(day(now / (secondsPerDay * 1000)))
}

// capped reports how many showings lie in the window of a cap that ends at a time, and, when they are as many as it
// allows, when the next one may come.
func (u *usage) capped(c engine.FrequencyCap, at time.Time) (n int, again time.Time, capped bool) {
	now := at.UnixMilli()
	end, _ := slices.BinarySearch(u.times, now+1)
	begin, _ := slices.BinarySearch(u.times, now-c.Window.Milliseconds()+1)
	n = end - begin
	if n < c.Count || n == 0 {
		return n, time.Time{}, false
	}
	return n, time.UnixMilli(u.times[end-c.Count]).Add(c.Window), true
}

// userShard holds a part of the usages.
type userShard struct {
	mu      sync.RWMutex // guards the rest
	usages  map[userKey]*usage
	newest  int64 // time of the showing that was counted last
	swept   int64 // newest as of the last sweep
	counted int   // since the last sweep
}

// userKey stands for a user and a campaign: two hashes of their names under two random seeds, so that a meter need not
// keep the names. That two of a billion pairs share one has a chance of 1 in 10^21.
type userKey [2]uint64

func (s *userShard) add(k userKey, d day, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.usages[k]
	if u == nil {
		u = new(usage)
		s.usages[k] = u
	}
	u.add(d, at)
	s.newest = at
	s.counted++
	if s.counted > len(s.usages)+minSweep {
		s.sweep()
	}
}

// minSweep is the least number of showings between two sweeps of a shard.
const minSweep = 64

// sweep forgets what is old in every usage, and usages that are old altogether. It comes round after as many showings as
// there are usages, so that it costs a constant time for each. What is old is told by two sweeps: a clock that is ahead for a while makes nothing old.
func (s *userShard) sweep() {
	now := min(s.newest, s.swept)
	s.counted, s.swept = 0, s.newest
	for k, u := range s.usages {
		if u.last < now-userMemory.Milliseconds() {
			delete(s.usages, k)
			continue
		}
		if now > 0 {
			u.forget(now)
		}
	}
}
