package analysis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/bandit"
)

// LearnerOptions say what a Learner works with.
type LearnerOptions struct {
	Log      *Log             // required
	Profiles ActiveProfile    // required
	Beliefs  engine.BeliefLog // required
	Now      engine.Clock     // nil: time.Now
	Logger   *slog.Logger     // told of batches that could not be learnt; nil: slog.Default
	// Every is how often it looks whether a batch is complete. 0: a minute; negative: when Learn is called alone.
	Every time.Duration
}

// ActiveProfile tells which profile is active; engine.Profiles is one.
type ActiveProfile interface {
	// ActiveProfile returns ErrNotFound before the first activation.
	ActiveProfile(ctx context.Context) (scoring.Profile, error)
}

// Learner learns the weights of the active profile, where it asks for that, from what came of its decisions.
//
// The decisions of a batch are those of one stretch of the profile's Every, by their time; its examples are the offers of them that were shown, each a success or not by
// the profile's reward. A batch is learnt when the profile's Wait has passed since its end, twice, so that all that is waited for is in the log: what comes later counts
// nothing. So a belief follows from the log alone, and is the same whenever it is learnt, unless what the log tells was taken out or rolled back since.
// The first batch is that in which the version was made.
//
// Safe for concurrent use.
type Learner struct {
	options LearnerOptions

	learning sync.Mutex // held by the learning under way; guards the rest
	next     time.Time  // when the batch begins that is to be looked at next
	of       engine.ProfileRef

	stop  context.CancelFunc
	watch sync.WaitGroup
}

// biasDeviation is that of the prior of the bias: nothing is known of how often a shown offer is a success.
const biasDeviation = 10

// OpenLearner begins to look at the clock, until Close.
func OpenLearner(ctx context.Context, o LearnerOptions) (*Learner, error) {
	var missing []error
	if o.Log == nil {
		missing = append(missing, errors.New("log: required"))
	}
	if o.Profiles == nil {
		missing = append(missing, errors.New("profiles: required"))
	}
	if o.Beliefs == nil {
		missing = append(missing, errors.New("beliefs: required"))
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("learner options: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Every == 0 {
		o.Every = time.Minute
	}
	l := &Learner{options: o}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	if o.Every > 0 {
		l.watch.Go(func() { l.run(watching) })
	}
	return l, nil
}

// Close ends the learning under way, of which nothing is kept, and waits for that.
func (l *Learner) Close() error {
	l.stop()
	l.watch.Wait()
	return nil
}

func (l *Learner) run(ctx context.Context) {
	ticker := time.NewTicker(l.options.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if _, err := l.Learn(ctx); err != nil && ctx.Err() == nil {
				l.options.Logger.Error("profile learns nothing", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Learn learns every batch of the active profile that is complete, and returns how many it kept a belief of; a batch in which nothing was shown changes none. Cost: a read of
// the log of each.
func (l *Learner) Learn(ctx context.Context) (kept int, err error) {
	l.learning.Lock()
	defer l.learning.Unlock()
	p, err := l.options.Profiles.ActiveProfile(ctx)
	if errors.Is(err, engine.ErrNotFound) || err == nil && !p.Explore.Learn.IsOn() {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("learn: %w", err)
	}
	ref, rules := engine.ProfileRef{Name: p.Name, Version: p.Version}, p.Explore.Learn.WithDefaults()
	last, err := l.options.Beliefs.Belief(ctx, ref, 0)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return 0, fmt.Errorf("learn: %w", err)
	}
	if l.of != ref {
		l.of, l.next = ref, batchOf(p.Created, rules.Every)
	}
	if last.Until.After(l.next) {
		l.next = last.Until
	}
	for {
		until := l.next.Add(rules.Every)
		if l.options.Now().Before(until.Add(2*rules.Wait + logSlack)) {
			return kept, nil
		}
		b, err := l.learn(ctx, &p, &last, l.next, until)
		if err != nil {
			return kept, fmt.Errorf("learn what came of profile %s version %d from %s on: %w", p.Name, p.Version, l.next.Format(time.RFC3339), err)
		}
		if b != nil {
			if err := l.options.Beliefs.KeepBelief(ctx, b); err != nil {
				return kept, fmt.Errorf("learn: %w", err)
			}
			last = *b
			kept++
		}
		l.next = until
	}
}

// batchOf returns when the batch of a time begins.
func batchOf(t time.Time, every time.Duration) time.Time {
	nanos := t.UnixNano()
	return time.Unix(0, nanos-(nanos%int64(every)+int64(every))%int64(every)).UTC()
}

// learn returns the belief after a batch; nil where nothing was shown.
func (l *Learner) learn(ctx context.Context, p *scoring.Profile, last *engine.Belief, from, until time.Time) (*engine.Belief, error) {
	data, err := l.batch(ctx, p, from, until)
	if err != nil || data.Rows() == 0 {
		return nil, err
	}
	before := beliefOf(p, last)
	after, err := before.Learn(ctx, data)
	if err != nil {
		return nil, err
	}
	n := len(after.Features)
	out := &engine.Belief{
		Profile: engine.ProfileRef{Name: p.Name, Version: p.Version}, Epoch: last.Epoch + 1, From: from, Until: until,
		Belief: scoring.Belief{
			Means: make(map[string]float64, n), Deviations: after.Deviations(),
			Bias: after.Means[n], BiasDeviation: 1 / math.Sqrt(after.Precisions[n]), Examples: after.Examples,
		},
	}
	for j, name := range after.Features {
		out.Means[name] = after.Means[j]
	}
	return out, nil
}

// beliefOf returns what is believed before a batch: what the last one left or, before the first, the weights of the profile with their deviations, and a bias of which nothing
// is known.
func beliefOf(p *scoring.Profile, last *engine.Belief) bandit.Belief {
	b := bandit.Belief{Known: make(map[string]float64), Examples: last.Examples}
	add := func(mean, deviation float64) {
		b.Means, b.Precisions = append(b.Means, mean), append(b.Precisions, 1/(deviation*deviation))
	}
	for _, f := range scoring.Features() {
		deviation := p.Explore.Deviations[f.Name]
		switch {
		case !(deviation > 0):
			b.Known[f.Name] = p.Weights[f.Name]
			continue
		case last.Epoch > 0:
			add(last.Means[f.Name], last.Deviations[f.Name])
		default:
			add(p.Weights[f.Name], deviation)
		}
		b.Features = append(b.Features, f.Name)
	}
	if last.Epoch > 0 {
		add(last.Bias, last.BiasDeviation)
	} else {
		add(p.Bias, biasDeviation)
	}
	return b
}

// batch returns the offers that were shown in the profile's decisions of a time, in the order of the log, with whether they were a success.
func (l *Learner) batch(ctx context.Context, p *scoring.Profile, from, until time.Time) (*tuning.Dataset, error) {
	rules := p.Explore.Learn.WithDefaults()
	success := Clicked
	if rules.Reward == scoring.RewardRedemption {
		success = Redeemed
	}
	d := &tuning.Dataset{Offsets: []int{0}}
	for _, f := range scoring.Features() {
		d.Features = append(d.Features, f.Name)
	}
	q := Query{From: from, Until: until, Parts: engine.PartOffers | engine.PartFeatures, Outcomes: true, Horizon: rules.Wait, Settled: until.Add(rules.Wait)}
	err := l.options.Log.Each(ctx, q, func(row *Logged) error {
		if row.Profile.Name != p.Name || row.Profile.Version != p.Version {
			return nil
		}
		for i := range row.Placements {
			for n := range row.Placements[i].Offers {
				o, came := &row.Placements[i].Offers[n], row.Outcome(i, n)
				if !came.Has(Shown|success) || len(o.Features) != scoring.Width {
					continue
				}
				y := 0.0
				if came.Has(success) {
					y = 1
				}
				d.Values, d.Labels = append(d.Values, o.Features...), append(d.Labels, y)
				d.Offsets = append(d.Offsets, len(d.Labels))
			}
		}
		return nil
	})
	return d, err
}
