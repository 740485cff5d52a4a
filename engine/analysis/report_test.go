package analysis_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
)

func (w *town) reporter() *analysis.Reporter {
	w.tb.Helper()
	r, err := analysis.NewReporter(analysis.ReporterOptions{
		Sources: analysis.Sources{Decisions: w.store, Events: w.store, Accounts: w.store}, Tallies: w.store, Decisions: w.store, Venues: w.store,
	})
	w.ok(err)
	return r
}

// sell makes redemptions of every state, with and without a decision, some of them days after it.
func (w *town) sell() (sold []engine.Redemption) {
	w.tb.Helper()
	for i, d := range w.decided {
		if i%3 != 0 || len(d.Placements[0].Offers) == 0 {
			continue
		}
		o := &d.Placements[0].Offers[i/3%len(d.Placements[0].Offers)]
		ref := engine.CampaignRef{MerchantID: o.MerchantID, CampaignID: o.CampaignID}
		at := d.Time.Add(time.Duration(w.random.IntN(60)) * time.Hour)
		r := engine.Redemption{
			ID: engine.RedemptionID(engine.UUID7(at, [16]byte(random16(w.random))), ref), MerchantID: o.MerchantID, CampaignID: o.CampaignID, VenueID: o.Venue.ID,
			UserID: d.Request.User.ID, DecisionID: d.ID, Discount: engine.Money{Amount: 100 + w.random.Int64N(900), Currency: []string{"USD", "EUR"}[w.random.IntN(2)]},
			Purchase: engine.Money{Amount: 5000, Currency: "USD"}, Day: engine.DateOf(at.In(newYork)), Time: at, Settled: at,
			Status: []engine.RedemptionStatus{engine.Confirmed, engine.Confirmed, engine.Reserved, engine.Released, engine.RolledBack}[w.random.IntN(5)],
		}
		switch w.random.IntN(6) {
		case 0:
			r.DecisionID = ""
		case 1:
			r.DecisionID = engine.UUID7(at, [16]byte{1}) // of which nothing is known
		case 2:
			r.RolledBack = r.Discount.Amount / 3
		}
		if r.Status == engine.Reserved || w.random.IntN(2) == 0 {
			r.ExpiresAt = at.Add(time.Hour)
		}
		w.ok(w.store.UpdateAccount(w.tb.Context(), ref, func(tx engine.AccountTx) error { return tx.PutRedemption(nil, &r) }))
		sold = append(sold, r)
	}
	return sold
}

var newYork = func() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}()

// TestReportIsARecount holds reports against a recount, over maps in memory, of everything that was logged: with events that came late, twice and out of order, and
// with redemptions of every state.
func TestReportIsARecount(t *testing.T) {
	w := newTown(t, 11, 16)
	w.live(0, 5, 120)
	sold := w.sell()
	from, until := engine.Date{Year: 2026, Month: 10, Day: 6}, engine.Date{Year: 2026, Month: 10, Day: 9}
	for _, q := range []engine.ReportRequest{
		{MerchantID: "m-2", From: from, Until: until},
		{MerchantID: "m-2", CampaignID: "c-1", From: from, Until: until},
		{MerchantID: "m-0", From: from, Until: until},
	} {
		got, err := w.reporter().Report(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := w.recount(q, sold)
		for name, pair := range map[string][2]any{
			"total": {got.Total, want.Total}, "days": {got.Days, want.Days}, "venues": {got.Venues, want.Venues}, "cells": {got.Cells, want.Cells},
			"languages": {got.Languages, want.Languages}, "campaigns": {got.Campaigns, want.Campaigns},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%+v: %s\n%+v, want\n%+v", q, name, pair[0], pair[1])
			}
		}
		if q.MerchantID == "m-2" && (got.Total.Offered < 50 || got.Total.Clicks == 0 || got.Total.Redeemed == 0 || len(got.Days) != 3) {
			t.Errorf("%+v says too little to tell: %+v", q, got.Total)
		}
	}
}

// recount makes a report the plain way.
func (w *town) recount(q engine.ReportRequest, sold []engine.Redemption) engine.Report {
	w.tb.Helper()
	type fact struct {
		decision, placement string
		position            int
		kind                engine.EventType
	}
	facts := make(map[fact]bool)
	w.ok(w.store.EachEvent(w.tb.Context(), time.Time{}, func(e engine.Event) error {
		facts[fact{e.DecisionID, e.Placement, e.Position, e.Type}] = true
		return nil
	}))
	total := make(map[string]map[string]*engine.Numbers)
	at := func(by, key string) *engine.Numbers {
		if total[by] == nil {
			total[by] = make(map[string]*engine.Numbers)
		}
		if total[by][key] == nil {
			total[by][key] = new(engine.Numbers)
		}
		return total[by][key]
	}
	in := func(day engine.Date, merchant, campaign string) bool {
		return merchant == q.MerchantID && (q.CampaignID == "" || q.CampaignID == campaign) && !day.Before(q.From) && day.Before(q.Until)
	}
	byID := make(map[string]*engine.Decision)
	for _, d := range w.decided {
		byID[d.ID] = d
		for _, o := range d.Placements[0].Offers {
			day := engine.DateOf(d.Time.In(newYork))
			if !in(day, o.MerchantID, o.CampaignID) {
				continue
			}
			for _, n := range []*engine.Numbers{at("total", ""), at("day", day.String()), at("venue", o.Venue.ID), at("cell", engine.CoarseCell(d.Request.Location)), at("language", o.Language), at("campaign", o.CampaignID)} {
				n.Offered++
				is := func(kind engine.EventType) int64 {
					if facts[fact{d.ID, "home", o.Position, kind}] {
						return 1
					}
					return 0
				}
				n.Shown += is(engine.EventImpression)
				n.Clicks += is(engine.EventClick)
				n.ShownClick += is(engine.EventClick) * is(engine.EventImpression)
				n.Saves += is(engine.EventSave)
				n.Dismissals += is(engine.EventDismiss)
			}
		}
	}
	for _, r := range sold {
		if !in(r.Day, r.MerchantID, r.CampaignID) {
			continue
		}
		cell, language := "", ""
		if d := byID[r.DecisionID]; d != nil {
			cell = engine.CoarseCell(d.Request.Location)
			i := slices.IndexFunc(d.Placements[0].Offers, func(o engine.Offer) bool { return o.CampaignID == r.CampaignID })
			language = d.Placements[0].Offers[i].Language
		}
		for _, n := range []*engine.Numbers{at("total", ""), at("day", r.Day.String()), at("venue", r.VenueID), at("cell", cell), at("language", language), at("campaign", r.CampaignID)} {
			recountSale(n, &r)
		}
	}
	rows := func(by string) (out []engine.ReportRow) {
		for key, n := range total[by] {
			out = append(out, engine.ReportRow{Key: key, Numbers: *n})
		}
		slices.SortFunc(out, func(a, b engine.ReportRow) int {
			if a.Key < b.Key {
				return -1
			}
			return 1
		})
		return out
	}
	return engine.Report{Total: *at("total", ""), Days: rows("day"), Venues: rows("venue"), Cells: rows("cell"), Languages: rows("language"), Campaigns: rows("campaign")}
}

func recountSale(n *engine.Numbers, r *engine.Redemption) {
	if !r.ExpiresAt.IsZero() {
		n.Reserved++
	}
	if r.Status == engine.RolledBack {
		n.RolledBack++
	}
	if r.Status != engine.Confirmed {
		return
	}
	n.Redeemed++
	left := engine.Money{Amount: r.Discount.Amount - r.RolledBack, Currency: r.Discount.Currency}
	for i := range n.Spend {
		if n.Spend[i].Currency == left.Currency {
			n.Spend[i].Amount += left.Amount
			return
		}
	}
	n.Spend = append(n.Spend, left)
	slices.SortFunc(n.Spend, func(a, b engine.Money) int {
		if a.Currency < b.Currency {
			return -1
		}
		return 1
	})
}

// TestFunnelOfAReport adds up tallies by the days of the campaign's venue.
func TestFunnelOfAReport(t *testing.T) {
	w := newTown(t, 12, 8)
	w.live(0, 1, 5)
	day := engine.Date{Year: 2026, Month: 10, Day: 7}
	begin := day.StartIn(newYork).UTC()
	for quarter := -6; quarter < 102; quarter++ { // six of the day before, and six of the one after
		w.now = begin.Add(time.Duration(quarter) * 15 * time.Minute)
		tallies := []engine.Tally{
			{CampaignRef: engine.CampaignRef{MerchantID: "m-1", CampaignID: "c-0"}, Quarter: w.now, Counts: []engine.Tallied{{Code: 0, Count: 2}, {Code: engine.VenueClosed, Count: 5}}},
			{CampaignRef: engine.CampaignRef{MerchantID: "m-1", CampaignID: "c-7"}, Quarter: w.now, Counts: []engine.Tallied{{Code: engine.Outranked, Count: 1}}},
			{CampaignRef: engine.CampaignRef{MerchantID: "m-2", CampaignID: "c-0"}, Quarter: w.now, Counts: []engine.Tallied{{Code: engine.Outranked, Count: 100}}},
		}
		d := &engine.Decision{ID: engine.UUID7(w.now, [16]byte{15: byte(quarter)}), Time: w.now}
		w.ok(w.store.AppendTallied(t.Context(), []*engine.Decision{d}, tallies))
	}
	for campaign, want := range map[string]string{
		"":    "{Met:768 Against:[{Code:venue_closed Count:480} {Code:outranked Count:96}] Offered:192}",
		"c-0": "{Met:672 Against:[{Code:venue_closed Count:480}] Offered:192}",
	} {
		next := engine.DateOf(begin.AddDate(0, 0, 1).In(newYork))
		r, err := w.reporter().Report(t.Context(), engine.ReportRequest{MerchantID: "m-1", CampaignID: campaign, From: day, Until: next})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v", r.Funnel); got != want {
			t.Errorf("%q: %s, want %s", campaign, got, want)
		}
	}
}

// TestWilson compares with values worked out by hand: 0 of 10, 1 of 10, 50 of 100.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n int64
		want string
	}{{0, 10, "{0.000 0.000 0.278}"}, {1, 10, "{0.100 0.018 0.404}"}, {50, 100, "{0.500 0.404 0.596}"}, {0, 0, "{0.000 0.000 0.000}"}, {3, 3, "{1.000 0.439 1.000}"}} {
		if got := fmt.Sprintf("%.3f", engine.Wilson(c.k, c.n)); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.k, c.n, got, c.want)
		}
	}
}
