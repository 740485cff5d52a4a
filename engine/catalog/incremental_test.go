package catalog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// describe tells everything that the decision path can see in a snapshot, handles left out: who holds each fence and where
// it lies, who resides at each place, and the rest.
func describe(s *engine.Snapshot) []string {
	out := []string{fmt.Sprintf("listings %d, rates %d, profile %s %d, ambiguous %v", s.Listings, len(s.Rates), s.Profile.Name, s.Profile.Version, s.Ambiguous)}
	for i := range 400 {
		p := geo.LatLng{Lat: miami.Lat - 0.002 + float64(i%20)*0.00213, Lng: miami.Lng - 0.002 + float64(i/20)*0.00077}
		for _, name := range held(s, p) {
			out = append(out, fmt.Sprintf("point %d: %s", i, name))
		}
		for _, near := range s.Places.Within(nil, p, 400) {
			r := s.Residents.At(near.Handle)
			out = append(out, fmt.Sprintf("near %d: %s/%s at %.1f", i, r.Site.Venue().MerchantID, r.Site.ID, float64(near.Distance)))
		}
	}
	for handle := range uint32(s.Residents.Len()) {
		r := s.Residents.At(handle)
		for _, placing := range r.At {
			out = append(out, fmt.Sprintf("%s/%s has %s", r.Site.Venue().MerchantID, r.Site.ID, describeListing(placing.Listing, placing.Site)))
		}
	}
	for handle := range uint32(s.Holders.Len()) {
		if h := s.Holders.At(handle); h.Listing != nil {
			out = append(out, fmt.Sprintf("fence %.1f m off: %s", float64(h.Fence.Distance(geo.LatLng{Lat: 25, Lng: -80})), describeListing(h.Listing, h.Site)))
		}
	}
	slices.Sort(out[1:])
	return out
}

func describeListing(l *engine.Listing, site int) string {
	text := fmt.Sprintf("%s/%s by %v v%d %v site %d points %v rule %v audience %v languages %v:", l.Campaign().MerchantID, l.ID, l.Merchant.Name["en"],
		l.Campaign().Meta.Version, l.Campaign().Status, site, l.Points != nil, l.Rule != nil, l.Audience, l.Languages.Tags)
	for _, s := range l.Sites {
		text += fmt.Sprintf(" %s v%d %v %v", s.ID, s.Venue().Meta.Version, s.Zone, s.Names.Tags)
	}
	return text
}

// TestIncrementalEqualsFromScratch follows random changes with one publisher and opens another now and then: both must see
// the same. That the first saw them in whatever steps they came in is what is tested.
func TestIncrementalEqualsFromScratch(t *testing.T) {
	steps := 120
	if os.Getenv("SIHAI_LONG") == "1" {
		steps = 5000
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 3, "m-0", "m-1")
			p, log := openPublisher(t, h.db)
			w := &wanderer{house: h, rng: rand.New(rand.NewPCG(seed, 1))}
			for step := range steps {
				w.step(t)
				if step%15 != 14 {
					continue
				}
				s := settle(t, h.db, p)
				fresh, _ := openPublisher(t, h.db)
				got, want := describe(s), describe(fresh.Snapshot())
				if !slices.Equal(got, want) {
					t.Fatalf("step %d: %s", step, firstDifference(got, want))
				}
				if err := fresh.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if log.String() != "" {
				t.Error(log)
			}
		})
	}
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return "missing " + want[i]
		case i >= len(want):
			return "unexpected " + got[i]
		case got[i] != want[i]:
			return fmt.Sprintf("got %s\nwant %s", got[i], want[i])
		}
	}
	return "none"
}

// wanderer makes random changes of every kind.
type wanderer struct {
	house
	rng *rand.Rand
}

func (w *wanderer) merchant() string { return fmt.Sprintf("m-%d", w.rng.IntN(2)) }
func (w *wanderer) venueID() string  { return fmt.Sprintf("v-%d", w.rng.IntN(22)) }

func (w *wanderer) venue(m string) engine.Venue {
	v := venue(m, w.venueID(), w.rng.IntN(12))
	v.Chain = []string{"", "red", "blue"}[w.rng.IntN(3)]
	if w.rng.IntN(2) == 0 {
		v.Name["zh-Hant"] = "店"
	}
	return v
}

func (w *wanderer) campaign(m string) engine.Campaign {
	c := campaign(m, fmt.Sprintf("c-%d", w.rng.IntN(8)))
	c.Status = []engine.Status{engine.StatusDraft, engine.StatusEnabled, engine.StatusEnabled, engine.StatusDisabled}[w.rng.IntN(4)]
	switch w.rng.IntN(4) {
	case 0:
		c.Venues.All = true
	case 1:
		c.Venues.Chain = []string{"red", "blue"}[w.rng.IntN(2)]
	}
	for range w.rng.IntN(3) {
		if id := w.venueID(); !slices.Contains(c.Venues.IDs, id) {
			c.Venues.IDs = append(c.Venues.IDs, id)
		}
	}
	if !c.Venues.All && c.Venues.Chain == "" && len(c.Venues.IDs) == 0 {
		c.Venues.IDs = []string{"v-0"}
	}
	for range w.rng.IntN(3) {
		c.Geofences = append(c.Geofences, circle(venue(m, "", w.rng.IntN(12)).Position, geo.Meters(200*(1+w.rng.IntN(3)))))
	}
	if w.rng.IntN(3) == 0 {
		c.Venues.Radius = 300
	}
	if w.rng.IntN(3) == 0 {
		c.Audience = engine.Audience{Languages: []string{"zh"}, Expression: "user.visits < 3"}
	}
	return c
}

// step makes one change; one that is refused for what is there now is none.
func (w *wanderer) step(t *testing.T) {
	t.Helper()
	m := w.merchant()
	var err error
	switch w.rng.IntN(10) {
	case 0, 1, 2:
		_, err = w.service.PutCampaign(t.Context(), write(), w.campaign(m))
	case 3, 4:
		_, err = w.service.PutVenue(t.Context(), write(), w.venue(m))
	case 5:
		err = w.service.DeleteVenue(t.Context(), write(), m, w.venueID())
	case 6:
		status := []engine.Status{engine.StatusEnabled, engine.StatusDisabled, engine.StatusArchived}[min(2, w.rng.IntN(9)/4)]
		_, err = w.service.SetStatus(t.Context(), write(), m, fmt.Sprintf("c-%d", w.rng.IntN(8)), status)
	case 7:
		renamed := merchant(m)
		renamed.Name["en"] = fmt.Sprint("Name ", w.rng.IntN(100))
		_, err = w.service.PutMerchant(t.Context(), write(), renamed)
	default:
		err = w.upload(t, m)
	}
	var faults engine.Faults
	if err != nil && !errors.As(err, &faults) && !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, engine.ErrInUse) {
		t.Fatal(err)
	}
}

func (w *wanderer) upload(t *testing.T, m string) error {
	i := engine.Import{ImportID: engine.ImportID{MerchantID: m}, Partial: true, Kind: engine.ImportVenues}
	rows := new(sliceReader)
	for n := range 1 + w.rng.IntN(20) {
		v := w.venue(m)
		rows.rows = append(rows.rows, engine.ImportRow{Row: n + 1, Venue: &v})
	}
	if w.rng.IntN(2) == 0 {
		i.Kind = engine.ImportCampaigns
		for n := range rows.rows {
			c := w.campaign(m)
			rows.rows[n] = engine.ImportRow{Row: n + 1, Campaign: &c}
		}
	}
	_, err := w.service.RunImport(t.Context(), write(), i, rows, nil)
	return err
}
