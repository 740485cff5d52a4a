package store_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/storetest"
)

// TestTalliesStandOrFallWithTheirDecisions keeps tallies beside decisions, once and with an idempotency key that is used twice.
func TestTalliesStandOrFallWithTheirDecisions(t *testing.T) {
	begin := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	db := loggedDecisions(t, begin, 1, 1)
	tally := func(merchant string, quarter int) engine.Tally {
		return engine.Tally{
			CampaignRef: engine.CampaignRef{MerchantID: merchant, CampaignID: "c"}, Quarter: begin.Add(time.Duration(quarter) * 15 * time.Minute),
			Counts: []engine.Tallied{{Code: 0, Count: 3}, {Code: engine.NotInFlight, Count: 1 << 40}},
		}
	}
	first, second := tally("m-1", 0), tally("m-2", -200_000)
	if err := db.AppendTallied(t.Context(), []*engine.Decision{storetest.Decision("d-1", begin)}, []engine.Tally{first, second}); err != nil {
		t.Fatal(err)
	}
	bad := storetest.Decision("d-2", begin)
	bad.Request.User.Attributes["list"] = []string{"a"}
	if err := db.AppendTallied(t.Context(), []*engine.Decision{bad}, []engine.Tally{tally("m-3", 0)}); err == nil {
		t.Fatal("a decision that cannot be kept was taken")
	}
	once := &engine.Once{Caller: "k", Key: "1"}
	third := tally("m-1", 7)
	for _, id := range []string{"d-3", "d-4"} {
		if _, err := db.AppendTalliedOnce(t.Context(), once, storetest.Decision(id, begin), []engine.Tally{third}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(s engine.LogSpan, merchant string) (all []engine.Tally) {
		err := db.ScanTallies(t.Context(), s, merchant, func(x *engine.Tally) error {
			one := *x
			one.Counts = slices.Clone(x.Counts)
			all = append(all, one)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := read(engine.LogSpan{}, ""); !reflect.DeepEqual(got, []engine.Tally{first, second, third}) {
		t.Errorf("read %+v", got)
	}
	if got := read(engine.LogSpan{}, "m-1"); !reflect.DeepEqual(got, []engine.Tally{first, third}) {
		t.Errorf("of one merchant %+v", got)
	}
	if got := read(engine.LogSpan{From: begin.AddDate(0, 0, 1)}, ""); len(got) != 0 {
		t.Errorf("of later %+v", got)
	}
}
