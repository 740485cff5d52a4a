package command

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/engine/ledger"
)

// noLimits never object.
type noLimits struct{}

func (noLimits) Check(dst []engine.Reason, _ *engine.Listing, _ int, _ string, _ time.Time) []engine.Reason {
	return dst
}

func (noLimits) Within(*engine.Listing, int, string, time.Time) bool { return true }

// countedLimits count what they are asked.
type countedLimits struct {
	engine.Limits
	asked, objected int
}

func (c *countedLimits) Within(l *engine.Listing, site int, user string, at time.Time) bool {
	c.asked++
	ok := c.Limits.Within(l, site, user, at)
	if !ok {
		c.objected++
	}
	return ok
}

// BenchmarkLimits tells which part of a decision is the ledger's check: the same requests are decided with it and without, in turns. A third of the campaigns have a
// budget, all of them paced, and a fifth a frequency cap; travellers have seen most of what they are offered once or twice, and for each zone four weeks were learnt.
func BenchmarkLimits(b *testing.B) {
	a, all := benchedWorld(b)
	meter := ledger.NewMeter(ledger.NewVenueZones(a.store, a.options.env.Now))
	decider := func(limits engine.Limits) *decision.Service {
		d, err := decision.New(decision.Options{
			Snapshots: a.publisher, Limits: limits, Log: noLog{}, IDs: engine.IDs{Random: rand.Reader}, DefaultSpend: engine.Money{Amount: 5000, Currency: "USD"},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = d.Close() })
		return d
	}
	decide := func(d *decision.Service, r *engine.Request) *engine.Decision {
		made, err := d.Decide(context.Background(), r, nil)
		if err != nil {
			b.Fatal(err)
		}
		return made
	}
	counted := &countedLimits{Limits: meter}
	with, without, counting := decider(meter), decider(noLimits{}), decider(counted)
	for kind := range placeKinds {
		for i, p := range all[kind] {
			for _, o := range decide(without, p.request).Placements[0].Offers {
				for k := range 1 + i%2 {
					at := p.request.Time.Add(-time.Duration(k*5+i%28*24) * time.Hour)
					meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: at, MerchantID: o.MerchantID, CampaignID: o.CampaignID, VenueID: o.Venue.ID, UserID: p.request.User.ID})
				}
			}
		}
	}
	for kind := range placeKinds {
		b.Run(kind.String(), func(b *testing.B) {
			counted.asked, counted.objected = 0, 0
			var least [2][8]time.Duration // of each eighth of the requests: what else runs on the machine can only add
			rounds := 0
			b.ReportAllocs()
			for b.Loop() {
				some := all[kind][rounds%8*64:][:64]
				for turn := range 10 { // in both orders, after one each that only warms the processor's caches
					which := (turn + turn/2) % 2
					begin := time.Now()
					for i := range some {
						decide([]*decision.Service{with, without}[which], some[i].request)
					}
					if took := time.Since(begin); turn > 1 && (least[which][rounds%8] == 0 || took < least[which][rounds%8]) {
						least[which][rounds%8] = took
					}
				}
				rounds++
			}
			var sums [2]time.Duration
			for which := range sums {
				for _, d := range least[which] {
					sums[which] += d
				}
			}
			for i := range all[kind] {
				decide(counting, all[kind][i].request)
			}
			b.ReportMetric(100*(1-sums[1].Seconds()/sums[0].Seconds()), "%-of-decision")
			b.ReportMetric(float64(sums[0].Nanoseconds())/1e3/float64(64*min(rounds, 8)), "µs/decision")
			b.ReportMetric(float64(counted.asked)/float64(len(all[kind])), "checks/decision")
			b.ReportMetric(float64(counted.objected)/float64(len(all[kind])), "objections/decision")
		})
	}
}
