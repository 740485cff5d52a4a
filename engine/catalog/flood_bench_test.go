package catalog_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// BenchmarkFlood changes campaigns of a catalog on disk, durably, from many writers that each wait until their change can be offered, beside the naive twin: one
// writer, whose every change is a transaction and a sync of its own. It tells the publications a second, what a commit takes and what it takes from then until the change is seen.
func BenchmarkFlood(b *testing.B) {
	for _, writers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d/campaigns=%d", writers, benchCampaigns), func(b *testing.B) {
			files, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			db, err := store.Open(b.Context(), files, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			h, campaigns := fillBench(b, house{db, newService(db)})
			if _, err := h.service.RunImport(b.Context(), write(), anImport(engine.ImportCampaigns), campaignRows(campaigns...), nil); err != nil {
				b.Fatal(err)
			}
			p, _ := openPublisher(b, h.db)
			f := flood{house: h, publisher: p, campaigns: campaigns, changes: int64(b.N)}
			b.ReportAllocs()
			b.ResetTimer()
			f.run(b, writers)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "publications/s")
			f.tell(b, "commit", f.commits)
			f.tell(b, "visible", f.visible)
		})
	}
}

// flood is writers that change campaigns until so many changes are seen.
type flood struct {
	house
	publisher *catalog.Publisher
	campaigns []engine.Campaign
	changes   int64

	next             atomic.Int64
	mu               sync.Mutex // guards the rest
	commits, visible []time.Duration
}

func (f *flood) run(b *testing.B, writers int) {
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for i := f.next.Add(1) - 1; i < f.changes; i = f.next.Add(1) - 1 {
				if err := f.change(b.Context(), int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
}

func (f *flood) change(ctx context.Context, i int) error {
	c := f.campaigns[i%len(f.campaigns)]
	c.Venues.Radius = geo.Meters(300 + i%200)
	start := time.Now()
	if _, err := f.service.PutCampaign(ctx, write(), c); err != nil {
		return err
	}
	committed := time.Now()
	head, err := f.db.Position(ctx)
	if err != nil {
		return err
	}
	if err := f.publisher.AwaitVersion(ctx, head); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits, f.visible = append(f.commits, committed.Sub(start)), append(f.visible, time.Since(committed))
	return nil
}

// tell reports the middle and the hundredth highest of some times.
func (f *flood) tell(b *testing.B, what string, times []time.Duration) {
	slices.Sort(times)
	for _, q := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		at := times[int(q.share*float64(len(times)-1))]
		b.ReportMetric(float64(at.Microseconds()), what+"-"+q.name+"-µs")
	}
}
