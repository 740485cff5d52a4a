package command

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceTellsAStallByEverythingItHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Now, 100, false)
		var waits []time.Duration
		for range 5 {
			since, ok := p.next(t.Context())
			if !ok {
				t.Fatal("ended early")
			}
			if len(waits) == 1 {
				time.Sleep(25 * time.Millisecond) // the one worker is busy
			}
			waits = append(waits, time.Since(since))
		}
		// the second begins at 10 and ends at 35; those due at 20 and 30 have waited, the one due at 40 not
		ms := time.Millisecond
		if want := []time.Duration{0, 25 * ms, 15 * ms, 5 * ms, 0}; !slices.Equal(waits, want) {
			t.Errorf("waited %v, want %v", waits, want)
		}
	})
}

func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p := newPace(time.Now, 1.0/3600, false)
		if _, ok := p.next(ctx); !ok {
			t.Error("the first is due at the start")
		}
		if _, ok := p.next(ctx); ok {
			t.Error("the second is due in an hour")
		}
		if since, ok := newPace(time.Now, 0, false).next(ctx); ok || since.IsZero() {
			t.Error("without a step, too, an ended context ends")
		}
	})
}

func TestPaceKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second-time.Nanosecond)
		defer cancel()
		p := newPace(time.Now, 200, false)
		var mu sync.Mutex
		done := 0
		var working sync.WaitGroup
		for range 4 {
			working.Go(func() {
				for {
					if _, ok := p.next(ctx); !ok {
						return
					}
					time.Sleep(15 * time.Millisecond) // four do 266 a second
					mu.Lock()
					done++
					mu.Unlock()
				}
			})
		}
		working.Wait()
		if done != 200 {
			t.Errorf("%d in a second, want 200", done)
		}
	})
}

func TestDriveCountsWhatIsRefused(t *testing.T) {
	w := testWorld(t, 1, worldClustered, 10)
	all, err := newPlaces(w)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		refusal := errors.New("no")
		d := drive{
			now: time.Now, world: w, places: all, kinds: kindsOf(nil), clients: 2, rate: 100, warm: time.Second, duration: 10 * time.Second,
			ask: func(client int, p *place) (int, error) {
				time.Sleep(3 * time.Millisecond)
				if client == 1 {
					return 0, refusal
				}
				return 7, nil
			},
		}
		got := d.run(t.Context())
		if got.refused == 0 || !errors.Is(got.refusal, refusal) || got.requests()+got.refused < 999 || got.requests()+got.refused > 1_001 || got.seconds < 9.99 {
			t.Errorf("%d answered, %d refused (%v) in %v s", got.requests(), got.refused, got.refusal, got.seconds)
		}
		for kind := range placeKinds {
			h := got.latencies[kind]
			if n := h.TotalCount(); n == 0 || got.offers[kind] != 7*n {
				t.Errorf("%v: %d offers of %d requests", kind, got.offers[kind], n)
			}
			if p50 := timesOf(h).P50; p50 < 2_970 || p50 > 3_030 {
				t.Errorf("%v: p50 %v µs, want 3000", kind, p50)
			}
		}
	})
}

func TestBucketsHoldEveryLatency(t *testing.T) {
	tally := newTally()
	for i := range 10_000 {
		record(tally.latencies[placeKind(i%3)], time.Duration(i*i)*time.Nanosecond)
	}
	record(tally.latencies[placeHot], time.Hour) // counts as the longest
	buckets := bucketsOf(tally)
	var sum int64
	for i := range buckets {
		sum += buckets[i].total()
		if i > 0 && buckets[i].From != buckets[i-1].To {
			t.Errorf("a gap between %v and %v", buckets[i-1].To, buckets[i].From)
		}
	}
	if sum != 10_001 || buckets[0].total() == 0 || buckets[len(buckets)-1].total() == 0 {
		t.Errorf("%d in %d buckets, want 10,001 and no empty end", sum, len(buckets))
	}
	whole, first, last := folded(buckets)
	sum = 0
	for i := range whole {
		sum += whole[i].total()
	}
	if sum != 10_001 || !first && !last || whole[0].From != buckets[0].From || whole[len(whole)-1].To != buckets[len(buckets)-1].To {
		t.Errorf("%d after folding %d into %d, first %v, last %v", sum, len(buckets), len(whole), first, last)
	}
	if bucketsOf(newTally()) != nil {
		t.Error("nothing has buckets")
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		share, most float64
		want        string
	}{
		{0, 1, ""}, {1, 1, strings.Repeat("█", pictureWidth) + " 1e+02%"}, {0.25, 0.5, strings.Repeat("█", pictureWidth/2) + " 25%"}, {0.00001, 0.5, "▏ 0.001%"},
	} {
		if got := bar(c.share, c.most); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.share, c.most, got, c.want)
		}
	}
}

func TestShortTime(t *testing.T) {
	for us, want := range map[float64]string{0: "0s", 0.767: "767ns", 1.2345: "1.23µs", 12.345: "12.3µs", 123.45: "123µs", 1234.5: "1.23ms", 98765.4: "98.8ms", 1.5e6: "1.5s", 6e7: "1m0s"} {
		if got := shortTime(us); got != want {
			t.Errorf("%v µs: %s, want %s", us, got, want)
		}
	}
}
