package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// noon is a Tuesday, 12:00 in New York.
var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// decisions are the recorded ones.
type decisions map[string]*engine.Decision

func (d decisions) Decision(_ context.Context, id string) (*engine.Decision, error) {
	if found, ok := d[id]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("decision %s: %w", id, engine.ErrNotFound)
}

// zones are the venues' by ID.
type zones map[string]*time.Location

func (z zones) Zone(_, venue string) *time.Location { return z[venue] }

// clock is set by a test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// decided makes a decision for a user with one placement that offers some campaigns, of merchant m at venue v.
func decided(id, user string, campaigns ...string) *engine.Decision {
	d := &engine.Decision{ID: id, Time: noon, Request: &engine.Request{User: engine.User{ID: user}}}
	p := engine.Placement{ID: "home"}
	for i, c := range campaigns {
		p.Offers = append(p.Offers, engine.Offer{
			Creative: &engine.Creative{CampaignID: c, MerchantID: "m", Venue: engine.OfferVenue{ID: "v"}}, Position: i + 1,
		})
	}
	d.Placements = []engine.Placement{p}
	return d
}

func impression(decision, campaign string) engine.Event {
	return engine.Event{Type: engine.EventImpression, Time: noon, DecisionID: decision, CampaignID: campaign, VenueID: "v"}
}

// openStore opens a store in memory, or in a folder.
func openStore(t testing.TB, dir string) *store.DB {
	t.Helper()
	kv, err := badgerkv.Open(badgerkv.Options{Dir: dir, InMemory: dir == ""})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), kv, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openTaker(t testing.TB, log engine.EventLog, d decisions, now *clock) (*ledger.Taker, *ledger.Meter) {
	t.Helper()
	meter := ledger.NewMeter(zones{})
	taker, err := ledger.OpenTaker(t.Context(), ledger.Options{Log: log, Decisions: d, Meter: meter, Now: now.now})
	if err != nil {
		t.Fatal(err)
	}
	return taker, meter
}

// listing has one site for each zone, at venues v0, v1 …; a single one is at v.
func listing(c engine.Campaign, at ...*time.Location) *engine.Listing {
	c.MerchantID = "m"
	l := &engine.Listing{Terms: engine.NewTerms(&c), Merchant: &engine.Merchant{ID: "m"}}
	for i, zone := range at {
		id := "v"
		if len(at) > 1 {
			id = fmt.Sprintf("v%d", i)
		}
		site := engine.NewSite(&engine.Venue{ID: id})
		site.Zone = zone
		l.Sites = append(l.Sites, site)
	}
	return l
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("this machine has no time zone %s: %v", name, err)
	}
	return z
}

func impressionsOf(m *ledger.Meter, campaign string) float64 {
	return m.Popularity()[engine.CampaignRef{MerchantID: "m", CampaignID: campaign}].Impressions
}
