package analysis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
)

// Simulate implements engine.Evaluator. Memory: the catalog of the replayer, and a number for each campaign, merchant and user that comes.
func (e *Evaluator) Simulate(ctx context.Context, r engine.SimulationRequest) (engine.Simulation, error) {
	end, err := e.turn.take(ctx)
	if err != nil {
		return engine.Simulation{}, fmt.Errorf("simulate: %w", err)
	}
	defer end()
	t, err := e.log.tailOf(ctx, r.From, r.Until, r.Last)
	if err != nil {
		return engine.Simulation{}, fmt.Errorf("simulate: %w", err)
	}
	replayer, err := e.o.Replays()
	if err != nil {
		return engine.Simulation{}, fmt.Errorf("simulate: %w", err)
	}
	s := newSimulation(&r)
	err = e.log.eachOf(ctx, t, Query{}, func(d *Logged) error {
		is, err := redecide(ctx, replayer, d.Decision, &r.Profile)
		if err != nil {
			return err
		}
		s.take(d.Decision, is)
		return nil
	})
	if err != nil {
		return engine.Simulation{}, fmt.Errorf("simulate: %w", err)
	}
	if s.out.Decisions+s.out.Unknown == 0 {
		return engine.Simulation{}, fmt.Errorf("simulate: %w", engine.ErrTooLittle)
	}
	return s.report(&r.Profile), nil
}

// simulation compares decisions of the log with those that would have been.
type simulation struct {
	merchant  string
	out       engine.Simulation
	campaigns map[engine.CampaignRef]*engine.Shift
	merchants map[string]*engine.Shift
	moves     map[int]int
	users     map[string]int
	overlap   *interval.Ratios
}

func newSimulation(r *engine.SimulationRequest) *simulation {
	return &simulation{
		merchant: r.MerchantID, campaigns: make(map[engine.CampaignRef]*engine.Shift), merchants: make(map[string]*engine.Shift), moves: make(map[int]int),
		users: make(map[string]int), overlap: interval.NewRatios(r.Last, 1, 0),
	}
}

// take takes in a decision; nil where it cannot be made again.
func (s *simulation) take(was, is *engine.Decision) {
	if s.out.From.IsZero() {
		s.out.From = was.Time
	}
	s.out.Until = was.Time
	if is == nil {
		s.out.Unknown++
		return
	}
	s.out.Decisions++
	user := was.ID
	if was.Request != nil && was.Request.User.ID != "" {
		user = "user " + was.Request.User.ID
	}
	n, known := s.users[user]
	if !known {
		n = len(s.users)
		s.users[user] = n
	}
	for i := range was.Placements {
		s.compare(n, was.Placements[i].Offers, is.Placements[i].Offers)
	}
}

// compare takes in a list.
func (s *simulation) compare(user int, before, after []engine.Offer) {
	s.out.Lists++
	at := make(map[offerKey]int, len(after))
	for k := range after {
		at[offerOf(&after[k])] = k
	}
	kept, changed := 0, len(before) != len(after)
	for k := range before {
		now, there := at[offerOf(&before[k])]
		if !there {
			changed = true
			continue
		}
		kept++
		s.moves[now-k]++
		changed = changed || now != k
	}
	s.out.Kept += kept
	s.out.Went += len(before) - kept
	s.out.Came += len(after) - kept
	if changed {
		s.out.Changed++
	}
	if both := len(before) + len(after) - kept; both > 0 {
		s.overlap.Add(user, 0, float64(kept)/float64(both), 1)
	}
	if (len(before) == 0) != (len(after) == 0) || len(before) > 0 && offerOf(&before[0]) != offerOf(&after[0]) {
		s.out.OtherFirst++
	}
	for k := range before {
		s.count(&before[k], func(x *engine.Shift) {
			x.Before++
			x.FirstBefore += first(k)
		})
	}
	for k := range after {
		s.count(&after[k], func(x *engine.Shift) {
			x.After++
			x.FirstAfter += first(k)
		})
	}
}

func first(k int) int {
	if k == 0 {
		return 1
	}
	return 0
}

// count adds to an offer's campaign and merchant.
func (s *simulation) count(o *engine.Offer, add func(*engine.Shift)) {
	if s.merchant != "" && o.MerchantID != s.merchant {
		return
	}
	ref := engine.CampaignRef{MerchantID: o.MerchantID, CampaignID: o.CampaignID}
	c := s.campaigns[ref]
	if c == nil {
		c = &engine.Shift{CampaignRef: ref}
		s.campaigns[ref] = c
	}
	m := s.merchants[o.MerchantID]
	if m == nil {
		m = &engine.Shift{CampaignRef: engine.CampaignRef{MerchantID: o.MerchantID}}
		s.merchants[o.MerchantID] = m
	}
	add(c)
	add(m)
}

func (s *simulation) report(p *scoring.Profile) engine.Simulation {
	out := &s.out
	out.Profile = engine.ProfileRef{Name: p.Name, Version: p.Version}
	out.Until = out.Until.Add(time.Nanosecond)
	estimate, err := s.overlap.Estimate(interval.Options{})
	if out.Overlap = estimateOf(estimate); err != nil {
		out.Notes = append(out.Notes, "the overlap has no interval: "+err.Error())
	}
	for _, by := range slices.Sorted(maps.Keys(s.moves)) {
		out.Moves = append(out.Moves, engine.Move{By: by, Offers: s.moves[by]})
	}
	out.Campaigns, out.Merchants = sortedShifts(s.campaigns), sortedShifts(s.merchants)
	if len(s.campaigns) > engine.MaxShifts || len(s.merchants) > engine.MaxShifts {
		out.Notes = append(out.Notes, fmt.Sprintf("the %d largest changes are named, of %d campaigns and %d merchants", engine.MaxShifts, len(s.campaigns), len(s.merchants)))
	}
	if out.Unknown > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%d decisions cannot be made again: their exact place, their traveller or what they rest on is no longer on record", out.Unknown))
	}
	out.Notes = append(out.Notes,
		"travellers are taken to do nothing otherwise: popularity, budgets and caps are those of then, and what was kept back by a limit of which the record does not tell would be offered")
	return *out
}

// sortedShifts puts the largest changes first, and cuts what is too long.
func sortedShifts[K comparable](by map[K]*engine.Shift) []engine.Shift {
	out := make([]engine.Shift, 0, len(by))
	for _, x := range by {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b engine.Shift) int {
		return cmp.Or(cmp.Compare(size(b.After-b.Before), size(a.After-a.Before)), cmp.Compare(b.Before, a.Before), a.Compare(b.CampaignRef))
	})
	return out[:min(len(out), engine.MaxShifts)]
}

func size(n int) int { return max(n, -n) }
