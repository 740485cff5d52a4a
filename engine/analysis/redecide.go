package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// tail is the last decisions of a log.
type tail struct {
	from, until time.Time
	first       string // ID of the first one; those that are logged before it are not among them. Empty: there is none
	most        int
}

// tailOf finds the last n decisions before a time, and not before another, which may be zero. It looks back in steps that grow, so that the cost is that of a few times
// as many decisions.
func (l *Log) tailOf(ctx context.Context, from, until time.Time, n int) (tail, error) {
	earliest := until.AddDate(0, 0, -engine.MaxEvaluatedDays)
	if from.After(earliest) {
		earliest = from
	}
	type seen struct {
		id string
		at time.Time
	}
	for back := time.Hour; ; back *= 4 {
		start := until.Add(-back)
		if start.Before(earliest) {
			start = earliest
		}
		total := 0
		ring := make([]seen, 0, n) // the last ones
		err := l.Each(ctx, Query{From: start, Until: until}, func(d *Logged) error {
			if len(ring) < n {
				ring = append(ring, seen{})
			}
			ring[total%n] = seen{d.ID, d.Time}
			total++
			return nil
		})
		if err != nil {
			return tail{}, err
		}
		if total < n && start.After(earliest) {
			continue
		}
		t := tail{from: until, until: until, most: n}
		for _, x := range ring {
			if x.at.Before(t.from) {
				t.from = x.at
			}
		}
		if len(ring) > 0 {
			t.first = ring[max(total-n, 0)%n].id
		}
		return t, nil
	}
}

// eachOf calls fn for each decision of a tail, whole.
func (l *Log) eachOf(ctx context.Context, t tail, q Query, fn func(*Logged) error) error {
	if t.first == "" {
		return nil
	}
	q.From, q.Until, q.Parts = t.from, t.until, engine.AllParts
	n := 0
	return l.Each(ctx, q, func(d *Logged) error {
		if n == 0 && d.ID != t.first || n == t.most {
			return nil
		}
		n++
		if err := ctx.Err(); err != nil {
			return err
		}
		return fn(d)
	})
}

// redecide makes a decision again under a profile; nil where that cannot be.
func redecide(ctx context.Context, p engine.Replayer, d *engine.Decision, profile *scoring.Profile) (*engine.Decision, error) {
	is, err := p.Replay(ctx, d, profile)
	if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrForgotten) {
		return nil, nil
	}
	return is, err
}

// offerOf names an offer, which the ID does only among those of one catalog.
func offerOf(o *engine.Offer) offerKey { return offerKey{o.MerchantID, o.CampaignID, o.Venue.ID} }

// offPolicy tells what the profiles would have earned: the lists that they would have made are made, and the log's rewards weighed by whether it shows the same at
// a position and with which chance.
func (e *Evaluator) offPolicy(ctx context.Context, r *engine.EvaluationRequest) ([]engine.OffPolicy, error) {
	t, err := e.log.tailOf(ctx, r.From, r.Until, engine.MaxRedecided)
	if err != nil {
		return nil, err
	}
	replayer, err := e.o.Replays()
	if err != nil {
		return nil, err
	}
	src := e.Source(r)
	weighed := make([]*weighing, len(r.Profiles))
	for i := range weighed {
		profile := r.Profiles[i]
		profile.Explore = scoring.Explore{} // what it would earn by what is known
		weighed[i] = &weighing{profile: profile, users: make(map[string]int32), shown: make(map[place]bool), wanted: make(map[place]int)}
	}
	q := Query{Outcomes: true}
	if src.o.Label.InMoney() {
		q.Worth = src.worth
	}
	err = e.log.eachOf(ctx, t, q, func(d *Logged) error {
		for _, w := range weighed {
			if err := w.take(ctx, replayer, src, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]engine.OffPolicy, len(weighed))
	for i, w := range weighed {
		if out[i], err = w.report(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// weighing gathers lists of the log and what a profile would have made of them.
type weighing struct {
	profile scoring.Profile
	lists   offpolicy.Lists
	users   map[string]int32
	shown   map[place]bool
	wanted  map[place]int
}

// place is an offer at a position.
type place struct {
	offerKey
	position int
}

// take takes a decision in.
func (w *weighing) take(ctx context.Context, p engine.Replayer, src *DatasetSource, d *Logged) error {
	is, err := redecide(ctx, p, d.Decision, &w.profile)
	if err != nil {
		return err
	}
	for i := range d.Placements {
		if len(d.Placements[i].Offers) == 0 {
			continue
		}
		if is == nil || !isWhole(src, d, i) {
			w.lists.LeftOut++
			continue
		}
		w.add(src, d, i, is.Placements[i].Offers)
	}
	return nil
}

// isWhole reports whether all rewards and chances of a list are known.
func isWhole(src *DatasetSource, d *Logged, placement int) bool {
	for n := range d.Placements[placement].Offers {
		o := &d.Placements[placement].Offers[n]
		if label := src.label(d, placement, n); label != label || !(o.Propensity > 0 && o.Propensity <= 1) {
			return false
		}
	}
	return true
}

// add adds a list. What was not tapped earned nothing, seen or not: the look of travellers is part of the world.
func (w *weighing) add(src *DatasetSource, d *Logged, placement int, list []engine.Offer) {
	l, was := &w.lists, d.Placements[placement].Offers
	if len(l.Offsets) == 0 {
		l.Offsets = []int{0}
	}
	l.Users = append(l.Users, w.user(d))
	wants := make(map[offerKey]bool, len(list))
	for k := range list[:min(len(list), len(was))] {
		at := place{offerOf(&list[k]), k}
		wants[at.offerKey] = true
		w.wanted[at]++
	}
	for k := range was {
		at := place{offerOf(&was[k]), k}
		w.shown[at] = true
		l.Rewards, l.Logged = append(l.Rewards, src.label(d, placement, k)), append(l.Logged, was[k].Propensity)
		l.Agrees = append(l.Agrees, k < len(list) && offerOf(&list[k]) == at.offerKey)
		l.Wanted = append(l.Wanted, wants[at.offerKey])
	}
	l.Offsets = append(l.Offsets, len(l.Rewards))
	l.Candidates, l.Full = append(l.Candidates, len(was)), append(l.Full, len(list) >= len(was))
}

// user numbers travellers; one who is not named is one of its own.
func (w *weighing) user(d *Logged) int32 {
	id := "decision " + d.ID
	if d.Request != nil && d.Request.User.ID != "" {
		id = "user " + d.Request.User.ID
	}
	n, known := w.users[id]
	if !known {
		n = int32(len(w.users))
		w.users[id] = n
	}
	return n
}

// commonShare is of how many lists a position is there, at the least, where it is counted.
const commonShare = 0.1

// depth returns how many positions are counted: so many that the last one is no rarity, and at most those that are looked at. Of a position that hardly any list has
// nothing can be said, and with it of none.
func (w *weighing) depth(k int) int {
	var lists []int // by position, those that have it
	for i := range w.lists.Len() {
		for at := range w.lists.Offsets[i+1] - w.lists.Offsets[i] {
			if at == len(lists) {
				lists = append(lists, 0)
			}
			lists[at]++
		}
	}
	if k == 0 {
		k = 10
	}
	depth := 1
	for at, n := range lists {
		if float64(n) >= commonShare*float64(w.lists.Len()) && (k < 0 || at < k) {
			depth = at + 1
		}
	}
	return depth
}

// cut leaves the first positions of each list.
func (w *weighing) cut(depth int) {
	l := &w.lists
	l.UserCount = len(w.users)
	n, from := 0, 0
	for i := range l.Len() {
		to := l.Offsets[i+1]
		for k := from; k < min(to, from+depth); k++ {
			l.Rewards[n], l.Logged[n], l.Agrees[n], l.Wanted[n] = l.Rewards[k], l.Logged[k], l.Agrees[k], l.Wanted[k]
			n++
		}
		from, l.Offsets[i+1] = to, n
	}
	l.Rewards, l.Logged, l.Agrees, l.Wanted = l.Rewards[:n], l.Logged[:n], l.Agrees[:n], l.Wanted[:n]
	never, total := 0, 0
	for at, n := range w.wanted {
		if at.position >= depth {
			continue
		}
		if total += n; !w.shown[at] {
			never += n
		}
	}
	l.Unreached = float64(never) / float64(max(total, 1))
}

// report asks the one estimator that needs no more than the chance of an offer at its position, which is what decisions log.
func (w *weighing) report(ctx context.Context, r *engine.EvaluationRequest) (engine.OffPolicy, error) {
	out := engine.OffPolicy{Profile: engine.ProfileRef{Name: w.profile.Name, Version: w.profile.Version}, Decisions: w.lists.Len(), LeftOut: w.lists.LeftOut, Logged: noEstimate()}
	if w.lists.Len() == 0 {
		out.Estimators = []engine.OffPolicyEstimate{{Name: offpolicy.ItemPosition, Estimate: noEstimate(), MeanWeight: noEstimate(), Refused: []string{"no decision of the log can be made again"}}}
		return out, nil
	}
	out.Positions = w.depth(r.K)
	w.cut(out.Positions)
	report, err := offpolicy.EvaluateLists(ctx, &w.lists, offpolicy.Options{Interval: interval.Options{Seed: r.Seed, Level: r.Level}})
	if err != nil {
		return out, fmt.Errorf("weigh lists under %s: %w", w.profile.Name, err)
	}
	out.Users, out.Logged = report.Users, estimateOf(report.Logged)
	for _, x := range report.Results {
		if x.Estimator != offpolicy.ItemPosition {
			continue
		}
		s := x.Support
		out.Estimators = append(out.Estimators, engine.OffPolicyEstimate{
			Name: x.Estimator, Estimate: estimateOf(x.Estimate), Refused: x.Refused, EffectiveSize: s.EffectiveSize, LargestWeight: s.LargestWeight,
			LargestShare: s.LargestShare, Outcomes: s.Outcomes, Unreached: s.Unreached, MeanWeight: estimateOf(s.MeanWeight),
		})
	}
	return out, nil
}
