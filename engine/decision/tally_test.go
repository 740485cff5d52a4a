package decision_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
)

// tallyLog is a memoryLog that keeps tallies too.
type tallyLog struct {
	*memoryLog
	sums map[engine.CampaignRef]map[engine.ReasonCode]int64
}

var (
	_ decision.TallyLog     = (*tallyLog)(nil)
	_ decision.TallyOnceLog = (*tallyLog)(nil)
)

func newTallyLog() *tallyLog {
	return &tallyLog{newMemoryLog(), make(map[engine.CampaignRef]map[engine.ReasonCode]int64)}
}

func (l *tallyLog) AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error {
	if err := l.AppendDecisions(ctx, ds); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range tallies {
		if l.sums[t.CampaignRef] == nil {
			l.sums[t.CampaignRef] = make(map[engine.ReasonCode]int64)
		}
		for _, c := range t.Counts {
			l.sums[t.CampaignRef][c.Code] += c.Count
		}
	}
	return nil
}

func (l *tallyLog) AppendTalliedOnce(ctx context.Context, once *engine.Once, d *engine.Decision, tallies []engine.Tally) (*engine.Decision, error) {
	if err := l.AppendTallied(ctx, nil, tallies); err != nil {
		return nil, err
	}
	return l.AppendDecisionOnce(ctx, once, d)
}

// add adds the sums of another log.
func (l *tallyLog) add(o *tallyLog) {
	for ref, by := range o.sums {
		if l.sums[ref] == nil {
			l.sums[ref] = make(map[engine.ReasonCode]int64)
		}
		for code, n := range by {
			l.sums[ref][code] += n
		}
	}
}

// TestTalliesCountEveryCandidate recounts tallies from the explanations of the same decisions: each offer that the place led to is counted once in each placement,
// those that were made exactly, those that rules keep out which are asked of everyone under the first that does not hold, and the rest under a reason that the
// explanation has too, or as outranked, under the floor or too many of a kind. The writer adds up what decisions one by one give.
func TestTalliesCountEveryCandidate(t *testing.T) {
	total := int64(0)
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 33))
		snap := weighedWorld(random).snapshot(t)
		all, single := newTallyLog(), newTallyLog()
		o := optionsFor(snap, all)
		o.Limits = someLimits{}
		s := start(t, o)
		plain := optionsFor(snap, newMemoryLog())
		plain.Limits = someLimits{}
		for n := range 60 {
			r := quickRequest(random)
			if r.Location == nil || r.Time.Year() < 2000 || r.Time.Year() > 2200 {
				continue
			}
			if n%10 == 0 {
				r.Explain = engine.ExplainFull
			}
			one := newTallyLog()
			o.Log = one
			each := start(t, o)
			if _, err := each.Decide(t.Context(), r, &engine.Once{Caller: "k", Key: fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Decide(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
			full := *r
			full.Explain = engine.ExplainFull
			recount(t, one, decide(t, plain, &full))
			single.add(one)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(all.sums, single.sums) {
			t.Errorf("seed %d: the writer counted\n%v, one by one it is\n%v", seed, all.sums, single.sums)
		}
		for _, by := range all.sums {
			for _, n := range by {
				total += n
			}
		}
	}
	if total < 20_000 {
		t.Errorf("%d candidates: too few to tell", total)
	}
}

// TestTalliesAreKeptThoughNobodyAsksMore decides twice at once, and then no more: what is counted of both is in the log a second later.
func TestTalliesAreKeptThoughNobodyAsksMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 33))
		snap := weighedWorld(random).snapshot(t)
		log := newTallyLog()
		s := start(t, optionsFor(snap, log))
		r := quickRequest(random)
		for r.Location == nil || r.Time.Year() < 2000 || r.Time.Year() > 2200 || len(log.total()) == 0 {
			r = quickRequest(random)
			if _, err := s.Decide(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		once := log.total()
		for range 2 {
			if _, err := s.Decide(t.Context(), r, nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got := log.total()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if all := log.total(); len(got) == 0 || !reflect.DeepEqual(got, all) || reflect.DeepEqual(got, once) {
			t.Errorf("a second later %v, in the end %v", got, all)
		}
	})
}

// fullOnce is a log whose disk is full once, after some of the decisions of a block are on it.
type fullOnce struct {
	*tallyLog
	kept  map[string]int // how often, by ID
	asked int
}

func (l *fullOnce) AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error {
	l.asked++
	if l.asked == 1 {
		l.kept[ds[0].ID]++
		return fmt.Errorf("append: %w", engine.ErrDiskFull)
	}
	for _, d := range ds { // as a store does that looks up none of them
		l.kept[d.ID]++
	}
	return l.tallyLog.AppendTallied(ctx, nil, tallies)
}

func (l *fullOnce) AppendDecisions(_ context.Context, ds []*engine.Decision) error {
	for _, d := range ds {
		l.kept[d.ID] = max(l.kept[d.ID], 1)
	}
	return nil
}

// TestADiskThatFillsUpWithinABlockKeepsNothingTwice appends again what was kept in part.
func TestADiskThatFillsUpWithinABlockKeepsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := weighedWorld(rand.New(rand.NewPCG(3, 33))).snapshot(t)
		log := &fullOnce{tallyLog: newTallyLog(), kept: make(map[string]int)}
		s := start(t, optionsFor(snap, log))
		for range 5 {
			if _, err := s.Decide(t.Context(), ask(), nil); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for id, n := range log.kept {
			if n != 1 {
				t.Errorf("%s was kept %d times", id, n)
			}
		}
		if len(log.kept) != 5 || s.Dropped() != 0 {
			t.Errorf("%d of 5 decisions are kept, %d dropped", len(log.kept), s.Dropped())
		}
	})
}

// total copies the sums so far.
func (l *tallyLog) total() map[engine.ReasonCode]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	sums := make(map[engine.ReasonCode]int64)
	for _, by := range l.sums {
		for code, n := range by {
			sums[code] += n
		}
	}
	return sums
}

// recount holds the tallies of one decision against its explanation.
func recount(t *testing.T, got *tallyLog, d *engine.Decision) {
	t.Helper()
	asked := []engine.ReasonCode{engine.NotEnabled, engine.NotInFlight, engine.VenueClosed, engine.BlackedOut, engine.PartnerNotAccepted, engine.LanguageNotOffered}
	want := make(map[engine.CampaignRef]map[engine.ReasonCode]int64)
	may := make(map[engine.CampaignRef][]engine.ReasonCode)
	met := make(map[engine.CampaignRef]int64)
	count := func(ref engine.CampaignRef, reasons []engine.Reason) {
		if slices.ContainsFunc(reasons, func(x engine.Reason) bool { return x.Code == engine.OutsideGeofence }) {
			return // only explanations tell of it
		}
		met[ref]++
		for _, x := range reasons {
			may[ref] = append(may[ref], x.Code)
		}
		code := engine.ReasonCode(1)
		if len(reasons) == 0 {
			code = 0
		}
		for _, first := range asked {
			if slices.ContainsFunc(reasons, func(x engine.Reason) bool { return x.Code == first }) {
				code = first
				break
			}
		}
		if want[ref] == nil {
			want[ref] = make(map[engine.ReasonCode]int64)
		}
		want[ref][code]++
	}
	for _, p := range d.Placements {
		for _, o := range p.Offers {
			count(engine.CampaignRef{MerchantID: o.MerchantID, CampaignID: o.CampaignID}, nil)
		}
		for _, x := range p.Rejected {
			count(engine.CampaignRef{MerchantID: x.MerchantID, CampaignID: x.CampaignID}, x.Reasons)
		}
	}
	for ref, by := range got.sums {
		sum := int64(0)
		for code, n := range by {
			sum += n
			if code != 0 && code < engine.BelowScoreFloor && !slices.Contains(may[ref], code) {
				t.Errorf("%v: %d offers counted for %v, which the explanation has not: %v", ref, n, code, may[ref])
			}
		}
		if sum != met[ref] {
			t.Errorf("%v: %d offers counted of %d", ref, sum, met[ref])
		}
	}
	for ref, by := range want {
		for code, n := range by {
			if code != 1 && got.sums[ref][code] != n {
				t.Errorf("%v: %d offers counted for %d (%v), want %d", ref, got.sums[ref][code], code, code, n)
			}
		}
	}
}

// BenchmarkTallies compares decisions whose candidates are counted with such whose are not, and tells what the counting itself costs elsewhere. Nothing is
// logged, since the queue is full.
func BenchmarkTallies(b *testing.B) {
	snap, quarters := benchWorld(b, 10_000)
	for _, q := range quarters {
		for _, c := range []struct {
			name string
			log  engine.DecisionLog
		}{{"uncounted", newMemoryLog()}, {"counted", newTallyLog()}} {
			b.Run(q.name+"/"+c.name, func(b *testing.B) {
				o := optionsFor(snap, c.log)
				o.Queue = 1
				s := start(b, o)
				benchDecide(b, snap, q.requests(geo.Meters(35)), func(r *engine.Request) (*engine.Decision, error) {
					return s.Decide(b.Context(), r, nil)
				})
			})
		}
	}
}
