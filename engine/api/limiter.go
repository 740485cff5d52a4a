package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter bounds the requests of each key by a token bucket. Buckets that have been full for a while are forgotten.
type limiter struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex // guards the rest
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	limit *rate.Limiter
	last  time.Time
}

// forgetAfter is how long a bucket is kept after its last request.
const forgetAfter = 10 * time.Minute

// newLimiter returns nil, which allows everything, for no limit.
func newLimiter(perSecond float64, burst int) *limiter {
	if perSecond <= 0 {
		return nil
	}
	return &limiter{perSecond: rate.Limit(perSecond), burst: burst, buckets: make(map[string]*bucket)}
}

func (l *limiter) allow(key string, now time.Time) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > forgetAfter {
		l.swept = now
		for k, b := range l.buckets {
			if now.Sub(b.last) > forgetAfter {
				delete(l.buckets, k)
			}
		}
	}
	b := l.buckets[key]
	if b == nil {
		b = &bucket{limit: rate.NewLimiter(l.perSecond, l.burst)}
		l.buckets[key] = b
	}
	b.last = now
	return b.limit.AllowN(now, 1)
}
