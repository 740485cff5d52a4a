package storetest

import (
	"fmt"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// compareAll compares all that is stored with the model, through every way of reading it.
func (s *simulation) compareAll() {
	s.Helper()
	m := s.model
	var merchants []engine.Merchant
	s.ok(s.EachMerchant(s.ctx(), func(v engine.Merchant) error { merchants = append(merchants, v); return nil }))
	s.agree("merchants", merchants, nil, m.merchants.current(), nil)
	var venues, wantVenues []engine.Venue
	var campaigns, wantCampaigns []engine.Campaign
	for _, id := range m.merchants.ids() {
		wantVenues = append(wantVenues, m.venues[id].current()...)
		wantCampaigns = append(wantCampaigns, m.campaigns[id].current()...)
		s.compareLists(id)
	}
	s.ok(s.EachVenue(s.ctx(), func(v engine.Venue) error { venues = append(venues, v); return nil }))
	s.agree("venues", venues, nil, wantVenues, nil)
	s.ok(s.EachCampaign(s.ctx(), func(c engine.Campaign) error { campaigns = append(campaigns, c); return nil }))
	s.agree("campaigns", campaigns, nil, wantCampaigns, nil)
	var keys []engine.Key
	s.ok(s.EachKey(s.ctx(), func(k engine.Key) error { keys = append(keys, k); return nil }))
	s.agree("keys", keys, nil, m.keys.current(), nil)
	s.comparePlatform()
	s.compareLogs()
}

func (s *simulation) compareLists(merchant string) {
	s.Helper()
	limit := 1 + s.r.IntN(4)
	var got []engine.Venue
	for p := (engine.Page{Limit: limit}); ; {
		page, next, err := s.ListVenues(s.ctx(), merchant, p)
		s.ok(err)
		got = append(got, page...)
		if p.After = next; next == "" {
			break
		}
	}
	s.agree("list of venues", got, nil, s.model.venues[merchant].current(), nil)
	for id, versions := range s.model.venues[merchant].versions {
		version := 1 + s.r.IntN(len(versions))
		got, err := s.VenueVersion(s.ctx(), merchant, id, uint64(version))
		s.agree("venue's version", got, err, versions[version-1], nil)
		_, err = s.VenueVersion(s.ctx(), merchant, id, uint64(len(versions)+1))
		s.is(err, engine.ErrNotFound)
	}
	shelf := s.model.campaigns[merchant]
	for _, id := range shelf.ids() {
		want := slices.Clone(shelf.versions[id])
		slices.Reverse(want)
		var got []engine.Campaign
		for p := (engine.Page{Limit: limit}); ; {
			page, next, err := s.CampaignRevisions(s.ctx(), merchant, id, p)
			s.ok(err)
			got = append(got, page...)
			if p.After = next; next == "" {
				break
			}
		}
		s.agree("revisions", got, nil, want, nil)
		for i, want := range shelf.versions[id] {
			got, err := s.CampaignVersion(s.ctx(), merchant, id, uint64(i+1))
			s.agree("campaign's version", got, err, want, nil)
		}
	}
}

func (s *simulation) comparePlatform() {
	s.Helper()
	rates, err := s.Rates(s.ctx())
	s.agree("rates", rates, err, s.model.allRates(), nil)
	for version, want := range append(slices.Clone(s.model.books), s.model.allRates()) {
		rates, err := s.RatesVersion(s.ctx(), uint64(version))
		s.agree(fmt.Sprint("rates of version ", version), slices.Clip(rates), err, want, nil)
	}
	active, err := s.ActiveProfile(s.ctx())
	if s.model.active == nil {
		s.is(err, engine.ErrNotFound)
	} else {
		s.agree("active profile", active, err, *s.model.active, nil)
	}
	for _, name := range s.model.profiles.ids() {
		for i, want := range s.model.profiles.versions[name] {
			got, err := s.Profile(s.ctx(), name, uint64(i+1))
			s.agree("profile", got, err, want, nil)
		}
	}
	for id, want := range s.model.imports {
		got, err := s.Import(s.ctx(), id)
		if want.record.State == engine.ImportFailed {
			got.Finished = want.record.Finished
		}
		s.agree("import", got, err, want.record, nil)
	}
}

func (s *simulation) compareLogs() {
	s.Helper()
	after := uint64(s.r.IntN(len(s.model.changes) + 1))
	changes := s.changes(after)
	s.agree(fmt.Sprint("changes after ", after), slices.Clip(changes), nil, append([]engine.Change{}, s.model.changes[after:]...), nil)
	for id, want := range s.model.decisions {
		got, err := s.Decision(s.ctx(), id)
		s.agree("decision", got, err, want, nil)
	}
	var events []engine.Event
	s.ok(s.EachEvent(s.ctx(), epoch, func(e engine.Event) error { events = append(events, e); return nil }))
	s.agree("events", events, nil, s.model.events, nil)
}
