package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

const benchEvents = 100_000

// benchHistory is impressions of 100 campaigns to 1000 users over 30 days.
func benchHistory() history {
	random := rand.New(rand.NewPCG(1, 9))
	h := make(history, benchEvents)
	for i := range h {
		at := noon.Add(-30*24*time.Hour + time.Duration(i)*26*time.Second)
		h[i] = engine.Event{
			Type: engine.EventImpression, Time: at, Received: at, MerchantID: "m", VenueID: "v",
			CampaignID: fmt.Sprintf("c%d", random.IntN(100)), UserID: fmt.Sprintf("u%d", random.IntN(1000)),
		}
	}
	return h
}

func benchListing() *engine.Listing {
	return listing(engine.Campaign{
		ID:      "c7",
		Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: 1 << 40, Period: engine.PeriodDay, Per: engine.PerCampaign}},
		Caps:    []engine.FrequencyCap{{Count: 500, Window: 24 * time.Hour}},
	}, time.UTC)
}

func BenchmarkCheck100000Events(b *testing.B) {
	meter := ledger.NewMeter(zones{})
	for _, e := range benchHistory() {
		meter.Count(&e)
	}
	l := benchListing()
	var reasons []engine.Reason
	b.ReportAllocs()
	for b.Loop() {
		reasons = meter.Check(reasons[:0], l, 0, "u7", noon)
	}
}

// The naive twin counts the events anew for each question.
func BenchmarkCheckNaively100000Events(b *testing.B) {
	h := benchHistory()
	l := benchListing()
	begin, c := noon.Truncate(24*time.Hour), l.Campaign()
	b.ReportAllocs()
	for b.Loop() {
		var today int64
		var recent int
		for i := range h {
			if e := &h[i]; e.CampaignID == c.ID {
				if !e.Time.Before(begin) {
					today++
				}
				if e.UserID == "u7" && noon.Sub(e.Time) < c.Caps[0].Window {
					recent++
				}
			}
		}
		if today >= c.Budgets[0].Limit || recent >= c.Caps[0].Count {
			b.Fatal("kept back")
		}
	}
}

func BenchmarkCount100000Events(b *testing.B) {
	h := benchHistory()
	b.ReportAllocs()
	for b.Loop() {
		meter := ledger.NewMeter(zones{})
		for i := range h {
			meter.Count(&h[i])
		}
	}
}
