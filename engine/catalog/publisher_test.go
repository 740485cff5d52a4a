package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store"
)

func (h house) put(t testing.TB, campaigns ...engine.Campaign) {
	t.Helper()
	for _, c := range campaigns {
		if _, err := h.service.PutCampaign(t.Context(), write(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// held lists the fences that hold a place, as "merchant/campaign@venue", with * for all venues.
func held(s *engine.Snapshot, p geo.LatLng) []string {
	var out []string
	for _, handle := range s.Fences.Lookup(nil, p) {
		h := s.Holders.At(handle)
		venue := "*"
		if h.Site != engine.AllSites {
			venue = h.Listing.Sites[h.Site].ID
		}
		out = append(out, engine.QualifiedOfferID(h.Listing.Merchant.ID, h.Listing.ID, venue))
	}
	slices.Sort(out)
	return out
}

func TestEmptyStoreIsPublished(t *testing.T) {
	p, _ := openPublisher(t, openStore(t))
	s := p.Snapshot()
	if s == nil || s.Version != 0 || s.Listings != 0 || s.Profile.Name != scoring.DefaultName || len(held(s, miami)) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestListings(t *testing.T) {
	h := newHouse(t, 20, "m-1")
	chained := venue("m-1", "w-1", 20)
	chained.Chain = "Lincoln"
	if _, err := h.service.PutVenue(t.Context(), write(), chained); err != nil {
		t.Fatal(err)
	}
	p, log := openPublisher(t, h.db)

	at := campaign("m-1", "at", "v-3", "v-0")
	chain := campaign("m-1", "chain", "v-0")
	chain.Venues.Chain = "Lincoln"
	chain.Venues.Radius = 100
	all := campaign("m-1", "all")
	all.Venues.All = true
	all.Geofences = []engine.Geofence{circle(miami, 300), circle(miami, 300), circle(geo.LatLng{Lat: 26}, 200)}
	all.Audience = engine.Audience{Languages: []string{"zh-Hant"}, Expression: "user.vip"}
	draft, archived := campaign("m-1", "draft", "v-0"), campaign("m-1", "archived", "v-0")
	draft.Status, archived.Status = engine.StatusDraft, engine.StatusArchived
	h.put(t, at, chain, all, draft, archived)
	s := settle(t, h.db, p)

	if s.Listings != 4 {
		t.Errorf("%d listings", s.Listings)
	}
	mustEqual(t, "at the first venue", held(s, miami), []string{"m-1/all@*", "m-1/at@v-0", "m-1/chain@v-0", "m-1/draft@v-0"})
	mustEqual(t, "150 metres off", held(s, geo.LatLng{Lat: miami.Lat - 0.00135, Lng: miami.Lng}), []string{"m-1/all@*", "m-1/at@v-0", "m-1/draft@v-0"})
	mustEqual(t, "at the chain's", held(s, chained.Position), []string{"m-1/chain@w-1"})

	near := s.Places.Within(nil, miami, 1)
	if len(near) != 1 {
		t.Fatalf("%d places", len(near))
	}
	resident := s.Residents.At(near[0].Handle)
	var there []string
	for _, placing := range resident.At {
		if placing.Listing.Sites[placing.Site].ID != resident.Site.ID {
			t.Errorf("%s is placed at another venue", placing.Listing.ID)
		}
		there = append(there, placing.Listing.ID)
	}
	mustEqual(t, "residents", there, []string{"all", "at", "chain", "draft"})

	for _, placing := range resident.At {
		l := placing.Listing
		if !slices.IsSortedFunc(l.Sites, func(a, b *engine.Site) int { return strings.Compare(a.ID, b.ID) }) {
			t.Errorf("the sites of %s are not in order", l.ID)
		}
		if l.Merchant.ID != "m-1" || l.Sites[0].Zone.String() != "America/New_York" || l.Sites[0].Zone != resident.At[0].Listing.Sites[0].Zone {
			t.Errorf("%s: %v in %v", l.ID, l.Merchant, l.Sites[0].Zone)
		}
		if l.Languages != resident.At[0].Listing.Languages {
			t.Errorf("%s has languages of its own", l.ID)
		}
		if l.ID != "all" {
			if l.Points != nil || l.Rule != nil {
				t.Errorf("%s has points or a rule", l.ID)
			}
			continue
		}
		if len(l.Sites) != 21 || l.Points == nil || l.Points.Nearest(nil, chained.Position, 1)[0].Handle != 20 {
			t.Error("the points of all venues are wrong")
		}
		if len(l.Audience) != 1 || l.Audience[0] != language.TraditionalChinese || l.Rule == nil {
			t.Errorf("audience %v, rule %v", l.Audience, l.Rule)
		}
		if len(l.Fences) != 3 || l.Fences[0] == nil || l.Fences[0] != l.Fences[1] {
			t.Error("two geofences of one content do not share their fence")
		}
	}
	if log.String() != "" {
		t.Error(log)
	}
}

func TestFencesKeepTheirHandles(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	h.put(t, campaign("m-1", "a", "v-0"), campaign("m-1", "b", "v-1"))
	p, _ := openPublisher(t, h.db)
	before := p.Snapshot()
	c := campaign("m-1", "a", "v-0")
	c.Title = engine.Text{"en": "20% off"}
	h.put(t, c)
	after := settle(t, h.db, p)
	if after.Fences != before.Fences || after.Places != before.Places {
		t.Error("the index was changed for a new title")
	}
	hit := after.Fences.Lookup(nil, miami)[0]
	if old, now := before.Holders.At(hit).Listing, after.Holders.At(hit).Listing; old.Campaign().Title["en"] != "15% off" || now.Campaign().Title["en"] != "20% off" {
		t.Errorf("titles %v and %v", old.Campaign().Title, now.Campaign().Title)
	}
}

func TestChangesOfMerchantsVenuesKeysRatesAndProfiles(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	h.put(t, campaign("m-1", "a", "v-0"))
	p, _ := openPublisher(t, h.db)

	m := merchant("m-1")
	m.Name["en"] = "Renamed"
	if _, err := h.service.PutMerchant(t.Context(), write(), m); err != nil {
		t.Fatal(err)
	}
	moved := venue("m-1", "v-0", 100)
	if _, err := h.service.PutVenue(t.Context(), write(), moved); err != nil {
		t.Fatal(err)
	}
	key, secret, err := h.service.CreateKey(t.Context(), write(), engine.Key{Role: engine.RoleApp})
	if err != nil {
		t.Fatal(err)
	}
	day := engine.Date{Year: 2026, Month: 11, Day: 13}
	if _, err := h.service.PutRates(t.Context(), write(), engine.Rates{{Date: day, Rates: map[string]engine.Rate{"USD": {Mantissa: 1}}}}); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Seed(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	s := settle(t, h.db, p)
	mustEqual(t, "old place", held(s, miami), nil)
	mustEqual(t, "new place", held(s, moved.Position), []string{"m-1/a@v-0"})
	if l := s.Holders.At(s.Fences.Lookup(nil, moved.Position)[0]).Listing; l.Merchant.Name["en"] != "Renamed" {
		t.Errorf("merchant %v", l.Merchant)
	}
	if near := s.Places.Within(nil, moved.Position, 1); len(near) != 1 {
		t.Errorf("%d places where the venue is now", len(near))
	}
	if s.Keys[catalog.HashSecret(secret)].ID != key.ID || len(s.Rates) != 1 || s.Profile.Version != 1 {
		t.Errorf("keys %v, rates %v, profile %v", s.Keys, s.Rates, s.Profile)
	}

	if _, err := h.service.RevokeKey(t.Context(), write(), key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.SetStatus(t.Context(), write(), "m-1", "a", engine.StatusArchived); err != nil {
		t.Fatal(err)
	}
	s = settle(t, h.db, p)
	if len(s.Keys) != 0 || s.Listings != 0 || len(s.Places.Within(nil, moved.Position, 1)) != 0 || len(held(s, moved.Position)) != 0 {
		t.Errorf("keys %v, %d listings", s.Keys, s.Listings)
	}
}

func TestAmbiguousOffers(t *testing.T) {
	h := newHouse(t, 2, "m-1", "m-2", "m-3")
	p, _ := openPublisher(t, h.db)
	ambiguous := func() []string {
		var out []string
		for offer := range settle(t, h.db, p).Ambiguous {
			out = append(out, offer)
		}
		slices.Sort(out)
		return out
	}
	h.put(t, campaign("m-1", "a", "v-0", "v-1"), campaign("m-2", "b", "v-0"))
	mustEqual(t, "different campaigns", ambiguous(), nil)
	h.put(t, campaign("m-2", "a", "v-1"))
	mustEqual(t, "one venue", ambiguous(), []string{"a@v-1"})
	all := campaign("m-3", "a")
	all.Venues.All = true
	h.put(t, all)
	mustEqual(t, "both venues", ambiguous(), []string{"a@v-0", "a@v-1"})
	h.put(t, campaign("m-1", "a", "v-1"))
	mustEqual(t, "one venue again", ambiguous(), []string{"a@v-1"})
	archive := func(m string) {
		if _, err := h.service.SetStatus(t.Context(), write(), m, "a", engine.StatusArchived); err != nil {
			t.Fatal(err)
		}
	}
	archive("m-2")
	mustEqual(t, "two of three", ambiguous(), []string{"a@v-1"})
	archive("m-3")
	mustEqual(t, "none", ambiguous(), nil)
}

func TestUnreadableCampaignIsLeftOut(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	bad := campaign("m-1", "bad", "v-0")
	h.put(t, bad)
	p, log := openPublisher(t, h.db)
	bad.Audience.Expression = "user.visits <" // as an older release may have let through
	if _, err := h.db.PutCampaign(t.Context(), write(), bad); err != nil {
		t.Fatal(err)
	}
	h.put(t, campaign("m-1", "good", "v-0"))
	mustEqual(t, "following", held(settle(t, h.db, p), miami), []string{"m-1/good@v-0"})
	if !strings.Contains(log.String(), "campaign=bad") {
		t.Errorf("log: %s", log)
	}
	fresh, log := openPublisher(t, h.db)
	mustEqual(t, "opening", held(fresh.Snapshot(), miami), []string{"m-1/good@v-0"})
	if !strings.Contains(log.String(), "campaign=bad") {
		t.Errorf("log: %s", log)
	}
	bad.Audience.Expression = ""
	h.put(t, bad)
	mustEqual(t, "mended", held(settle(t, h.db, p), miami), []string{"m-1/bad@v-0", "m-1/good@v-0"})
}

func TestAwaitVersion(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	p, err := catalog.OpenPublisher(t.Context(), catalog.PublisherOptions{Store: h.db, Packer: store.Packer{}})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := p.AwaitVersion(short, 1000); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	waiting := make(chan error)
	go func() { waiting <- p.AwaitVersion(context.Background(), 1000) }()
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-waiting; !errors.Is(err, engine.ErrUnavailable) {
		t.Error(err)
	}
	if err := p.AwaitVersion(t.Context(), p.Snapshot().Version); err != nil {
		t.Errorf("what is published stays: %v", err)
	}
}

func TestPopularityIsReadAnew(t *testing.T) {
	h := newHouse(t, 0)
	ref := engine.CampaignRef{MerchantID: "m-1", CampaignID: "a"}
	var calls atomic.Int64
	p, err := catalog.OpenPublisher(t.Context(), catalog.PublisherOptions{Store: h.db, Packer: store.Packer{}, RefreshEvery: time.Millisecond,
		Popularity: func() map[engine.CampaignRef]engine.Counts {
			return map[engine.CampaignRef]engine.Counts{ref: {Impressions: float64(calls.Add(1))}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	first := p.Snapshot().Popularity[ref].Impressions
	for first > 0 && p.Snapshot().Popularity[ref].Impressions < first+3 {
		time.Sleep(time.Millisecond)
	}
	if err := p.Close(); err != nil || first < 1 {
		t.Errorf("%v, first count %v", err, first)
	}
}

func TestFailedUploadChangesNothing(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	h.put(t, campaign("m-1", "a", "v-0"), campaign("m-1", "b", "v-1"))
	p, _ := openPublisher(t, h.db)
	before := p.Snapshot()
	picture := describe(before)
	many := make([]engine.Campaign, 0, 1502)
	for i := range 1500 {
		many = append(many, campaign("m-1", fmt.Sprintf("c-%d", i), "v-0"))
	}
	changed := campaign("m-1", "a", "v-1")
	faulty := campaign("m-1", "d", "v-0")
	faulty.Discount.Percent = 20_000
	report := h.run(t, anImport(engine.ImportCampaigns), campaignRows(append(many, changed, faulty)...))
	if report.State != engine.ImportFailed {
		t.Fatal(counts(report))
	}
	// A change behind it shows that the publisher has seen all there is to see.
	if _, _, err := h.service.CreateKey(t.Context(), write(), engine.Key{Role: engine.RoleApp}); err != nil {
		t.Fatal(err)
	}
	after := settle(t, h.db, p)
	if after.Fences != before.Fences || after.Places != before.Places || after.Version != before.Version+1 {
		t.Errorf("version %d after %d", after.Version, before.Version)
	}
	mustEqual(t, "catalog", describe(after), picture)
}

// TestUploadsAppearAtOnce has readers look at every snapshot while uploads change all campaigns from one title to the next:
// a snapshot with two titles would show a part of an upload.
func TestUploadsAppearAtOnce(t *testing.T) {
	const campaigns, uploads = 150, 12
	h := newHouse(t, 3, "m-1", "m-2")
	p, _ := openPublisher(t, h.db)
	upload := func(n int) {
		rows := make([]engine.Campaign, campaigns)
		for i := range rows {
			rows[i] = campaign("m-1", fmt.Sprintf("c-%d", i), fmt.Sprintf("v-%d", (i+n)%3))
			rows[i].Title = engine.Text{"en": fmt.Sprintf("Upload %d", n)}
		}
		h.run(t, anImport(engine.ImportCampaigns), campaignRows(rows...))
	}
	upload(0)
	settle(t, h.db, p)
	stop := make(chan struct{})
	var looking sync.WaitGroup
	for range 2 {
		looking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					lookForParts(t, p.Snapshot(), campaigns)
				}
			}
		})
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 1; n <= uploads; n++ {
			upload(n)
		}
	})
	writing.Go(func() { // single changes of another merchant and of the uploads' own venues in between
		for n := range 60 {
			h.put(t, campaign("m-2", "other", fmt.Sprintf("v-%d", n%3)))
			v := venue("m-1", "v-0", 0)
			v.Address = fmt.Sprint(n)
			if _, err := h.service.PutVenue(t.Context(), write(), v); err != nil {
				t.Error(err)
			}
		}
	})
	writing.Wait()
	s := settle(t, h.db, p)
	close(stop)
	looking.Wait()
	lookForParts(t, s, campaigns)
	fresh, _ := openPublisher(t, h.db)
	mustEqual(t, "the catalog in the end", describe(s), describe(fresh.Snapshot()))
}

// lookForParts checks that all campaigns of merchant m-1 are there with one title.
func lookForParts(t *testing.T, s *engine.Snapshot, want int) {
	titles, found := make(map[string]bool), make(map[string]bool)
	for handle := range uint32(s.Residents.Len()) {
		for _, placing := range s.Residents.At(handle).At {
			if c := placing.Listing.Campaign(); c.MerchantID == "m-1" {
				titles[c.Title["en"]] = true
				found[c.ID] = true
			}
		}
	}
	if len(titles) != 1 || len(found) != want {
		t.Errorf("snapshot %d has %d campaigns of titles %v", s.Version, len(found), titles)
	}
}

func TestHandlesAreUsedAgain(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	p, _ := openPublisher(t, h.db)
	for i := range 400 {
		c := campaign("m-1", "a", fmt.Sprintf("v-%d", i%2))
		c.Venues.Radius = geo.Meters(100 + i)
		h.put(t, c)
		settle(t, h.db, p)
	}
	if s := p.Snapshot(); s.Holders.Len() > 256 || s.Residents.Len() > 256 {
		t.Errorf("tables of %d fences and %d places for one campaign", s.Holders.Len(), s.Residents.Len())
	}
}
