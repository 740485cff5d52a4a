package command

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sihai-network/sihai/engine"
)

// drive is clients that ask for a while, each for places of some kinds in turn as it comes, one as often as the other.
type drive struct {
	now      engine.Clock // the real one
	world    *world
	places   *places
	kinds    []placeKind // that are asked at
	clients  int
	rate     float64 // requests a second of all clients; 0: each asks again as soon as it has its answer
	fine     bool    // keep the rate to the microsecond, see pace
	warm     time.Duration
	duration time.Duration // after the warm part, which is not counted
	// ask puts the request of a place and returns the number of offers. It is called by each client in its own goroutine.
	ask func(client int, p *place) (offers int, err error)
}

// tally is what came of asking.
type tally struct {
	latencies [placeKinds]*hdrhistogram.Histogram // in nanoseconds, of requests that were answered
	offers    [placeKinds]int64
	refused   int64
	refusal   error // the first one
	seconds   float64
}

// longest is the greatest latency that a histogram tells; what takes longer counts as this.
const longest = time.Minute

// newLatencies returns a histogram from 100 ns up, to a hundredth of each value.
func newLatencies() *hdrhistogram.Histogram { return hdrhistogram.New(100, longest.Nanoseconds(), 2) }

// record takes a latency into a histogram.
func record(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(max(0, min(took, longest)).Nanoseconds()) // in range
}

func newTally() *tally {
	t := new(tally)
	for kind := range placeKinds {
		t.latencies[kind] = newLatencies()
	}
	return t
}

// add takes another tally in.
func (t *tally) add(u *tally) {
	for kind := range placeKinds {
		t.latencies[kind].Merge(u.latencies[kind])
		t.offers[kind] += u.offers[kind]
	}
	t.refused += u.refused
	if t.refusal == nil {
		t.refusal = u.refusal
	}
}

// requests is how many were answered.
func (t *tally) requests() (n int64) {
	for _, h := range t.latencies {
		n += h.TotalCount()
	}
	return n
}

// run asks until the time is over or ctx ends; requests under way are answered first.
func (d *drive) run(ctx context.Context) *tally {
	turns := newPace(d.now, d.rate, d.fine)
	counted := turns.start.Add(d.warm)
	ctx, cancel := context.WithTimeout(ctx, d.warm+d.duration)
	defer cancel()
	tallies := make([]*tally, d.clients)
	var asking sync.WaitGroup
	for i := range tallies {
		tallies[i] = newTally()
		asking.Go(func() { d.client(ctx, i, turns, counted, tallies[i]) })
	}
	asking.Wait()
	total := newTally()
	for _, t := range tallies {
		total.add(t)
	}
	total.seconds = max(0, d.now().Sub(counted).Seconds())
	return total
}

// client asks, and counts what was begun at or after a moment.
func (d *drive) client(ctx context.Context, n int, turns *pace, counted time.Time, t *tally) {
	dice := d.world.dice(diceClient, n)
	for {
		since, ok := turns.next(ctx)
		if !ok {
			return
		}
		kind, p := d.draw(dice)
		offers, err := d.ask(n, p)
		took := d.now().Sub(since)
		switch {
		case since.Before(counted):
		case err != nil:
			t.refused++
			if t.refusal == nil {
				t.refusal = err
			}
		default:
			record(t.latencies[kind], took)
			t.offers[kind] += int64(offers)
		}
	}
}

// draw picks a request.
func (d *drive) draw(dice *rand.Rand) (placeKind, *place) {
	kind := d.kinds[dice.IntN(len(d.kinds))]
	return kind, &d.places[kind][dice.IntN(len(d.places[kind]))]
}
