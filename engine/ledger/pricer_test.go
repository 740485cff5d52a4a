package ledger_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store"
)

// market is campaigns with budgets under a profile that prices them, by a clock that the test sets.
type market struct {
	t      *testing.T
	db     *store.DB
	now    *clock
	meter  *ledger.Meter
	pricer *ledger.Pricer
	snap   *engine.Snapshot
	events []engine.Event
}

func openMarket(t *testing.T, campaigns ...engine.Campaign) *market {
	m := &market{t: t, db: openStore(t, ""), now: &clock{noon}, snap: &engine.Snapshot{Version: 1}}
	m.snap.Profile.Pricing.Method = scoring.DualMirrorDescent
	holders := make(map[uint32]engine.Holder)
	for i, c := range campaigns {
		l := listing(c, time.UTC, time.UTC)
		holders[uint32(2*i)], holders[uint32(2*i+1)] = engine.Holder{Listing: l}, engine.Holder{Listing: l, Site: 1}
	}
	m.snap.Holders = engine.Table[engine.Holder]{}.With(holders)
	m.start()
	return m
}

// start makes the meter and the pricer anew, of what was kept.
func (m *market) start() {
	m.t.Helper()
	m.meter = ledger.NewMeter(zones{"v0": time.UTC, "v1": time.UTC})
	for i := range m.events {
		m.meter.Count(&m.events[i])
	}
	var err error
	if m.pricer, err = ledger.NewPricer(ledger.PricerOptions{Meter: m.meter, Log: m.db, Now: m.now.now}); err != nil {
		m.t.Fatal(err)
	}
	m.price()
}

func (m *market) price() (map[engine.CampaignRef]*engine.Prices, uint64) {
	m.t.Helper()
	prices, epoch, err := m.pricer.Price(m.t.Context(), m.snap)
	if err != nil {
		m.t.Fatal(err)
	}
	return prices, epoch
}

// show counts showings at a venue, spread over no time.
func (m *market) show(campaign, venue string, n int) {
	for range n {
		e := engine.Event{Type: engine.EventImpression, Time: m.now.at, Received: m.now.at, MerchantID: "m", CampaignID: campaign, VenueID: venue}
		m.events = append(m.events, e)
		m.meter.Count(&e)
	}
}

func (m *market) priceOf(campaign string, budget int) float64 {
	m.t.Helper()
	all, _, _, err := m.db.Prices(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	p := all[engine.CampaignRef{MerchantID: "m", CampaignID: campaign}]
	if p == nil || budget >= len(p.Budgets) {
		return 0
	}
	return p.Budgets[budget].Price
}

func flightOf(days int) engine.Flight {
	return engine.Flight{Start: engine.Moment{Instant: noon}, End: engine.Moment{Instant: noon.AddDate(0, 0, days)}}
}

func budgeted(id string, flight engine.Flight, budgets ...engine.Budget) engine.Campaign {
	return engine.Campaign{ID: id, Status: engine.StatusEnabled, Flight: flight, Budgets: budgets}
}

// The price of a budget that is used faster than is due rises, that of one that is not is nothing; and of a budget of a venue that of the venue alone.
func TestPricesFollowWhatIsDue(t *testing.T) {
	shows := engine.Budget{Metric: engine.MetricImpressions, Limit: 1000, Period: engine.PeriodTotal, Per: engine.PerCampaign}
	perVenue := shows
	perVenue.Per = engine.PerVenue
	daily := shows
	daily.Period, daily.Limit = engine.PeriodDay, 240
	m := openMarket(t,
		budgeted("fast", flightOf(10), shows), budgeted("slow", flightOf(10), shows), budgeted("venues", flightOf(10), perVenue),
		budgeted("endless", engine.Flight{}, shows), budgeted("daily", flightOf(10), daily),
	)
	for range 11 {
		m.price()
		m.show("fast", "v0", 12)
		m.show("slow", "v0", 2)
		m.show("venues", "v0", 12)
		m.show("venues", "v1", 2)
		m.show("endless", "v0", 50)
		m.show("daily", "v1", 16)
		m.now.at = m.now.at.Add(time.Hour)
	}
	prices, epoch := m.price()
	if fast, venue := m.priceOf("fast", 0), m.priceOf("venues", 0); !(fast > 0.05 && venue > 0.05 && venue <= fast) {
		t.Errorf("fast %v, venue %v", fast, venue)
	}
	if slow, quiet, endless := m.priceOf("slow", 0), m.priceOf("venues", 1), m.priceOf("endless", 0); slow != 0 || quiet != 0 || endless != 0 {
		t.Errorf("slow %v, quiet venue %v, endless %v", slow, quiet, endless)
	}
	daysEnd := m.priceOf("daily", 0)
	if !(daysEnd > 0) {
		t.Errorf("daily %v", daysEnd)
	}
	if len(prices) != 3 || epoch == 0 {
		t.Errorf("%d campaigns have prices, epoch %d", len(prices), epoch)
	}
	// A new day: the budget is whole, its price stays, and what is used as it is due leaves it where it is.
	m.now.at = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	m.price()
	begun := m.priceOf("daily", 0)
	m.now.at = m.now.at.Add(time.Hour)
	m.show("daily", "v0", 10)
	m.price()
	if again := m.priceOf("daily", 0); begun == 0 || begun > daysEnd || again < 0.95*begun || again > 1.05*begun {
		t.Errorf("daily %v, at midnight %v, an hour later %v", daysEnd, begun, again)
	}
	// Nothing is used any more.
	for range 9 * 24 {
		m.now.at = m.now.at.Add(time.Hour)
		m.price()
	}
	if fast := m.priceOf("fast", 0); fast != 0 {
		t.Errorf("unused, it costs %v", fast)
	}
}

// A pricer that is made anew of what was kept goes on as one that was never ended, to the last bit.
func TestPricesSurviveANewStart(t *testing.T) {
	shows := engine.Budget{Metric: engine.MetricImpressions, Limit: 300, Period: engine.PeriodDay, Per: engine.PerCampaign}
	venues := engine.Budget{Metric: engine.MetricImpressions, Limit: 500, Period: engine.PeriodTotal, Per: engine.PerVenue}
	live := func(restart bool) (all []map[engine.CampaignRef]*engine.Prices) {
		m := openMarket(t, budgeted("a", flightOf(4), shows), budgeted("b", flightOf(4), shows, venues), budgeted("c", flightOf(4), venues))
		for n := range 40 {
			m.show("a", "v0", n%9*6)
			m.show("b", "v1", n%5*9)
			if n > 20 {
				m.show("c", "v0", 30)
			}
			m.now.at = m.now.at.Add(37 * time.Minute)
			prices, _ := m.price()
			all = append(all, prices)
			if restart && n%7 == 3 {
				m.start()
			}
		}
		return all
	}
	want, got := live(false), live(true)
	for n := range want {
		if !reflect.DeepEqual(got[n], want[n]) {
			t.Fatalf("round %d: %+v after new starts, %+v without", n, got[n], want[n])
		}
	}
	if len(want[39]) != 3 {
		t.Errorf("%d campaigns have prices", len(want[39]))
	}
}

func TestPricerOptions(t *testing.T) {
	if _, err := ledger.NewPricer(ledger.PricerOptions{}); err == nil {
		t.Error("a pricer of nothing")
	}
}

// heldPrices keeps prices nowhere.
type heldPrices struct{ engine.PriceLog }

func (heldPrices) Prices(context.Context) (map[engine.CampaignRef]*engine.Prices, uint64, time.Time, error) {
	return make(map[engine.CampaignRef]*engine.Prices), 0, time.Time{}, nil
}

func (heldPrices) KeepPrices(context.Context, time.Time, map[engine.CampaignRef]*engine.Prices) (uint64, error) {
	return 1, nil
}

// BenchmarkPricer is a round over 10,000 campaigns with a budget each, of which a tenth was shown.
func BenchmarkPricer(b *testing.B) {
	shows := engine.Budget{Metric: engine.MetricImpressions, Limit: 1000, Period: engine.PeriodTotal, Per: engine.PerCampaign}
	holders := make(map[uint32]engine.Holder)
	for i := range uint32(10_000) {
		holders[i] = engine.Holder{Listing: listing(budgeted(fmt.Sprint(i), flightOf(30), shows), time.UTC)}
	}
	snap := &engine.Snapshot{Version: 1, Holders: engine.Table[engine.Holder]{}.With(holders)}
	meter, now := ledger.NewMeter(zones{"v": time.UTC}), &clock{noon}
	pricer, err := ledger.NewPricer(ledger.PricerOptions{Meter: meter, Log: heldPrices{}, Now: now.now})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for i := range 1000 {
			meter.Count(&engine.Event{Type: engine.EventImpression, Time: now.at, Received: now.at, MerchantID: "m", CampaignID: fmt.Sprint(10 * i), VenueID: "v"})
		}
		now.at = now.at.Add(time.Minute)
		if _, _, err := pricer.Price(b.Context(), snap); err != nil {
			b.Fatal(err)
		}
	}
}
