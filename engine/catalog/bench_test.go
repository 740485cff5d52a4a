package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/store"
)

const benchCampaigns = 10_000

// benchHouse has 2,000 venues and rows of 10,000 campaigns with a circle at one of them each.
func benchHouse(b *testing.B) (house, []engine.Campaign) {
	b.Helper()
	return fillBench(b, newHouse(b, 0))
}

// fillBench is benchHouse in an empty house.
func fillBench(b *testing.B, h house) (house, []engine.Campaign) {
	b.Helper()
	if _, err := h.service.PutMerchant(b.Context(), write(), merchant("m-1")); err != nil {
		b.Fatal(err)
	}
	venues := make([]engine.Venue, 2_000)
	for i := range venues {
		venues[i] = venue("m-1", fmt.Sprintf("v-%d", i), i)
	}
	if report, err := h.service.RunImport(b.Context(), write(), anImport(engine.ImportVenues), venueRows(venues...), nil); err != nil || report.Added != len(venues) {
		b.Fatal(counts(report), err)
	}
	campaigns := make([]engine.Campaign, benchCampaigns)
	for i := range campaigns {
		campaigns[i] = campaign("m-1", fmt.Sprintf("c-%d", i), fmt.Sprintf("v-%d", i%len(venues)))
	}
	return h, campaigns
}

// BenchmarkImportAndPublish uploads campaigns into an empty catalog and waits until they can be offered.
func BenchmarkImportAndPublish(b *testing.B) {
	b.Run(fmt.Sprintf("campaigns=%d", benchCampaigns), func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			b.StopTimer()
			h, campaigns := benchHouse(b)
			p, _ := openPublisher(b, h.db)
			b.StartTimer()
			if report, err := h.service.RunImport(b.Context(), write(), anImport(engine.ImportCampaigns), campaignRows(campaigns...), nil); err != nil || report.Added != benchCampaigns {
				b.Fatal(counts(report), err)
			}
			settle(b, h.db, p)
		}
	})
}

// BenchmarkPublish makes one campaign visible among many: by following the feed, and by its naive twin, which builds the
// whole snapshot anew.
func BenchmarkPublish(b *testing.B) {
	h, campaigns := benchHouse(b)
	if _, err := h.service.RunImport(b.Context(), write(), anImport(engine.ImportCampaigns), campaignRows(campaigns...), nil); err != nil {
		b.Fatal(err)
	}
	size := fmt.Sprintf("campaigns=%d", benchCampaigns)
	b.Run("incremental/"+size, func(b *testing.B) {
		p, _ := openPublisher(b, h.db)
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			c := campaigns[i%len(campaigns)]
			c.Venues.Radius = 400
			if i%2 == 1 {
				c.Venues.Radius = 300
			}
			h.put(b, c)
			settle(b, h.db, p)
		}
	})
	b.Run("rebuild/"+size, func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			c := campaigns[i%len(campaigns)]
			h.put(b, c)
			p, err := catalog.OpenPublisher(context.Background(), catalog.PublisherOptions{Store: h.db, Packer: store.Packer{}, Logger: slog.Default()})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

// BenchmarkRule evaluates an expression beside its naive twin, which compiles it each time.
func BenchmarkRule(b *testing.B) {
	const expression = `user.visits < 3 && "tourist" in user.segments && now.getHours() >= 7`
	rules := catalog.NewRules()
	v := venue("m-1", "v-1", 0)
	request := ruleRequest()
	match := func(b *testing.B, rule engine.Rule) {
		if held, err := rule.Match(request, &v, noon); err != nil || !held {
			b.Fatal(held, err)
		}
	}
	b.Run("compiled", func(b *testing.B) {
		rule, err := rules.Compile(expression)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			match(b, rule)
		}
	})
	b.Run("compiled each time", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rule, err := rules.Compile(expression)
			if err != nil {
				b.Fatal(err)
			}
			match(b, rule)
		}
	})
}
