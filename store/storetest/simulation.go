package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// Simulate does random operations on a store, closing and opening it now and then, and compares every answer, and from time to time
// all that is stored, with a plain model of it. The same seed does the same operations. Cost: about a millisecond a step.
func Simulate(t *testing.T, home Home, seed uint64, steps int) {
	s := &simulation{fixture: newFixture(t, home), model: newModel(), r: rand.New(rand.NewPCG(seed, 42)), seed: seed}
	for s.step = range steps {
		s.act()
		if s.r.IntN(40) == 0 {
			s.reopen()
			s.model.restart()
		}
		if s.r.IntN(20) == 0 || s.step == steps-1 {
			s.compareAll()
		}
	}
}

type simulation struct {
	*fixture
	model *model
	r     *rand.Rand
	seed  uint64
	step  int
}

func (s *simulation) act() {
	actions := []func(){
		s.putMerchant, s.putVenue, s.putVenue, s.putVenue, s.deleteVenue, s.putCampaign, s.putCampaign, s.updateCampaign, s.updateCampaign,
		s.putProfile, s.activate, s.putRates, s.putKey, s.revokeKey,
		s.beginImport, s.stage, s.stage, s.stage, s.commitImport, s.commitImport, s.dropImport, s.decide, s.happen,
	}
	actions[s.r.IntN(len(actions))]()
}

// agree compares an answer of the store with that of the model.
func (s *simulation) agree(what string, got any, gotErr error, want any, wantErr error) {
	s.Helper()
	if (gotErr == nil) != (wantErr == nil) {
		s.Fatalf("seed %d, step %d: %s: got error %v, want %v", s.seed, s.step, what, gotErr, wantErr)
	}
	if wantErr != nil {
		s.agreeErrors(what, gotErr, wantErr)
		return
	}
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("seed %d, step %d: %s:\ngot  %+v\nwant %+v", s.seed, s.step, what, got, want)
	}
}

func (s *simulation) agreeErrors(what string, got, want error) {
	s.Helper()
	wantFaults, ok := asFaults(want)
	if !ok {
		if !errors.Is(got, want) {
			s.Fatalf("seed %d, step %d: %s: got error %v, want %v", s.seed, s.step, what, got, want)
		}
		return
	}
	gotFaults, _ := asFaults(got)
	for i := range gotFaults {
		gotFaults[i].Message = ""
	}
	if !slices.Equal(gotFaults, wantFaults) {
		s.Fatalf("seed %d, step %d: %s: got faults %v, want %v", s.seed, s.step, what, got, want)
	}
}

func (s *simulation) pick(prefix string, n int) string { return fmt.Sprint(prefix, s.r.IntN(n)) }

// aWrite returns a write that often has a condition or an idempotency key, some of them used before.
func (s *simulation) aWrite() engine.Write {
	w := s.write()
	switch s.r.IntN(8) {
	case 0:
		w.If.Absent = true
	case 1, 2:
		w.If.Version = 1 + s.r.Uint64N(4)
	case 3, 4:
		w.Once = &engine.Once{Caller: s.pick("key_", 2), Key: s.pick("k", 12), Fingerprint: [32]byte{byte(s.r.IntN(2))}}
	}
	return w
}

func (s *simulation) putMerchant() {
	w, m := s.aWrite(), engine.Merchant{ID: s.pick("m-", 3), Name: engine.Text{"en": s.pick("name ", 100)}}
	got, err := s.PutMerchant(s.ctx(), w, m)
	want, wantErr := s.model.putMerchant(w, m)
	s.agree("put merchant", got, err, want, wantErr)
}

func (s *simulation) aVenue() engine.Venue {
	v := Venue(s.pick("m-", 3), s.pick("v-", 5))
	v.Chain = s.pick("chain-", 3)
	return v
}

func (s *simulation) aCampaign() engine.Campaign {
	var venues []string
	for range s.r.IntN(3) {
		venues = append(venues, s.pick("v-", 5))
	}
	c := Campaign(s.pick("m-", 3), s.pick("c-", 4), venues...)
	c.Stacking.Priority = s.r.IntN(2)
	c.Status = []engine.Status{engine.StatusDraft, engine.StatusEnabled, engine.StatusArchived}[s.r.IntN(3)]
	return c
}

func (s *simulation) putVenue() {
	w, v := s.aWrite(), s.aVenue()
	got, err := s.PutVenue(s.ctx(), w, v)
	want, wantErr := s.model.putVenue(w, v)
	s.agree("put venue", got, err, want, wantErr)
}

func (s *simulation) deleteVenue() {
	w, merchant, id := s.aWrite(), s.pick("m-", 3), s.pick("v-", 5)
	w.If.Absent = false
	s.agree("delete venue", nil, s.DeleteVenue(s.ctx(), w, merchant, id), nil, s.model.deleteVenue(w, merchant, id))
}

func (s *simulation) putCampaign() {
	w, c := s.aWrite(), s.aCampaign()
	got, err := s.PutCampaign(s.ctx(), w, c)
	want, wantErr := s.model.putCampaign(w, c)
	s.agree("put campaign", got, err, want, wantErr)
}

func (s *simulation) updateCampaign() {
	w, c := s.aWrite(), s.aCampaign()
	change := func(to *engine.Campaign) { to.Status, to.Venues.IDs = c.Status, c.Venues.IDs }
	got, err := s.UpdateCampaign(s.ctx(), w, c.MerchantID, c.ID, func(to *engine.Campaign) error { change(to); return nil })
	want, wantErr := s.model.updateCampaign(w, c.MerchantID, c.ID, change)
	s.agree("update campaign", got, err, want, wantErr)
}

func (s *simulation) putProfile() {
	w, p := s.aWrite(), scoring.Profile{Name: s.pick("p", 2), Weights: map[string]float64{"distance": s.r.Float64()}}
	got, err := s.PutProfile(s.ctx(), w, p)
	want, wantErr := s.model.putProfile(w, p)
	s.agree("put profile", got, err, want, wantErr)
}

func (s *simulation) activate() {
	w, name, version := s.aWrite(), s.pick("p", 2), s.r.Uint64N(4)
	got, err := s.ActivateProfile(s.ctx(), w, name, version)
	want, wantErr := s.model.activate(w, name, version)
	s.agree("activate", got, err, want, wantErr)
}

func (s *simulation) putRates() {
	var days engine.Rates
	for d := range 1 + s.r.IntN(3) {
		days = append(days, engine.RateDay{Date: engine.Date{Year: 2026, Month: 1, Day: 1 + s.r.IntN(3) + 5*d},
			Rates: map[string]engine.Rate{"USD": {Mantissa: 1 + s.r.Int64N(3), Scale: 2}}})
	}
	w := s.aWrite()
	w.If = engine.Precondition{}
	got, err := s.PutRates(s.ctx(), w, days)
	want, wantErr := s.model.putRates(w, days)
	s.agree("put rates", got, err, want, wantErr)
}

func (s *simulation) putKey() {
	w, k := s.aWrite(), engine.Key{ID: s.pick("key_", 3), Hash: [32]byte{byte(s.r.IntN(4))}, Role: engine.RoleApp, Note: s.pick("note ", 9)}
	got, err := s.PutKey(s.ctx(), w, k)
	want, wantErr := s.model.putKey(w, k)
	s.agree("put key", got, err, want, wantErr)
}

func (s *simulation) revokeKey() {
	w, id := s.aWrite(), s.pick("key_", 3)
	got, err := s.RevokeKey(s.ctx(), w, id)
	want, wantErr := s.model.revokeKey(w, id)
	s.agree("revoke key", got, err, want, wantErr)
}

func (s *simulation) anImport() engine.Import {
	i := engine.Import{ImportID: engine.ImportID{MerchantID: s.pick("m-", 3), ID: s.pick("i-", 1+s.step/25)}, Kind: engine.ImportVenues}
	if i.ID[len(i.ID)-1]%2 == 0 {
		i.Kind = engine.ImportCampaigns
	}
	return i
}

func (s *simulation) beginImport() {
	w, i := s.aWrite(), s.anImport()
	got, err := s.BeginImport(s.ctx(), w, i)
	want, wantErr := s.model.beginImport(w, i)
	got.Finished = want.Finished
	s.agree("begin import", got, err, want, wantErr)
}

// stage stages rows of IDs that the import has not yet.
func (s *simulation) stage() {
	i := s.anImport()
	n := 0
	if known := s.model.imports[i.ImportID]; known != nil {
		n = len(known.rows)
	}
	var rows []engine.ImportRow
	for ; n < 4 && s.r.IntN(3) > 0; n++ {
		row := engine.ImportRow{Row: n + 1}
		if i.Kind == engine.ImportVenues {
			v := s.aVenue()
			v.ID = fmt.Sprint("v-", n)
			row.Venue = &v
		} else {
			c := s.aCampaign()
			c.ID = fmt.Sprint("c-", n)
			row.Campaign = &c
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		s.agree("stage", nil, s.StageRows(s.ctx(), i.ImportID, rows), nil, s.model.stage(i.ImportID, rows))
	}
}

func (s *simulation) commitImport() {
	w, report := s.write(), engine.Import{ImportID: s.anImport().ImportID, Rows: s.r.IntN(9)}
	got, err := s.CommitImport(s.ctx(), w, report)
	want, wantErr := s.model.commitImport(w, report)
	s.agree("commit import", got, err, want, wantErr)
}

func (s *simulation) dropImport() {
	report := engine.Import{ImportID: s.anImport().ImportID}
	s.agree("drop import", nil, s.DropImport(s.ctx(), report), nil, s.model.dropImport(report))
}

func (s *simulation) decide() {
	var ds []*engine.Decision
	for range 1 + s.r.IntN(3) {
		d := Decision(s.pick("d-", 1000), epoch.AddDate(0, 0, s.r.IntN(9)))
		ds = append(ds, d)
		if s.model.decisions[d.ID] == nil {
			s.model.decisions[d.ID] = d
		}
	}
	s.ok(s.AppendDecisions(s.ctx(), ds))
}

func (s *simulation) happen() {
	var events []engine.Event
	for range 1 + s.r.IntN(3) {
		events = append(events, engine.Event{ID: s.pick("e-", 1e6), Type: engine.EventClick, Received: epoch.Add(time.Duration(s.step) * time.Second)})
	}
	w := s.aWrite()
	_, wantErr := answered(s.model, "events", "events", w, func() (bool, error) {
		s.model.events = append(s.model.events, events...)
		return true, nil
	})
	_, err := s.AppendEvents(s.ctx(), w.Once, events)
	s.agree("append events", nil, err, nil, wantErr)
}
