package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// An import of venues on disk, durably, beside its naive twin: a write for each.
func BenchmarkVenues(b *testing.B) {
	w := engine.Write{At: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), By: "cli"}
	for _, c := range []struct {
		name string
		rows int
		one  bool
	}{{"import/rows=2000", 2000, false}, {"one by one/rows=100", 100, true}} {
		b.Run(c.name, func(b *testing.B) {
			db, err := openDir(badgerkv.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			if _, err := db.PutMerchant(b.Context(), w, engine.Merchant{ID: "m"}); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				chain := fmt.Sprint("round-", n)
				if !c.one {
					if _, err := importVenues(b.Context(), db, w, engine.ImportID{MerchantID: "m", ID: fmt.Sprint("i-", n)}, c.rows, chain); err != nil {
						b.Fatal(err)
					}
					continue
				}
				for i := range c.rows {
					if _, err := db.PutVenue(b.Context(), w, engine.Venue{ID: fmt.Sprint("v-", i), MerchantID: "m", Chain: chain}); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*c.rows), "µs/row")
		})
	}
}
