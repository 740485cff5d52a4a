package api_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/api/apitest"
)

// beliefs keeps beliefs in memory.
type beliefs []engine.Belief

func (b *beliefs) KeepBelief(_ context.Context, next *engine.Belief) error {
	*b = append(*b, *next)
	return nil
}

func (b *beliefs) Belief(context.Context, engine.ProfileRef, uint64) (engine.Belief, error) {
	if len(*b) == 0 {
		return engine.Belief{}, engine.ErrNotFound
	}
	return (*b)[len(*b)-1], nil
}

// learners is a town in which travellers tap what saves them much, and a profile that begins by believing the opposite.
type learners struct {
	t         *testing.T
	w         *world
	dice      *rand.Rand
	decisions []string // IDs
	explored  int      // decisions with an offer that is not the known one at its place
}

const learnShare = 0.3

func openLearners(t *testing.T) *learners {
	l := &learners{t: t, w: newWorld(t, apitest.Options{Dir: t.TempDir()}), dice: rand.New(rand.NewPCG(3, 4))}
	for _, percent := range []int{5, 10, 25, 40, 60} {
		id := fmt.Sprintf("p-%02d", percent)
		l.w.send(t, "m-1", "POST", "/v1/campaigns", strings.Replace(campaignJSON(id, "v-1"), `"percent":15`, fmt.Sprintf(`"percent":%d`, percent), 1)).want(t, 201)
	}
	l.w.send(t, "m-1", "POST", "/v1/campaigns/c-1/disable", "").want(t, 200)
	l.w.send(t, "m-2", "POST", "/v1/campaigns/c-2/disable", "").want(t, 200)
	profile := fmt.Sprintf(`{"weights":{"relative_discount":-1,"distance":0.5},"floor":-100,
		"explore":{"method":"thompson","share":%v,"deviations":{"relative_discount":5},"learn":{"reward":"click","every_seconds":1800,"wait_seconds":300}}}`, learnShare)
	l.w.send(t, "analyst", "POST", "/v1/scoring-profiles/curious/versions", profile).want(t, 201)
	l.w.send(t, "analyst", "POST", "/v1/scoring-profiles/curious/activate", "").want(t, 200)
	return l
}

// visit has travellers come, a minute apart, and returns the first offer of the last decision that was made by what is known.
func (l *learners) visit(n int) (known string) {
	l.t.Helper()
	for range n {
		var d struct {
			Decision_ID string
			Placements  []struct {
				Offers []struct {
					Offer_ID   string
					Propensity float64
				}
			}
		}
		body := strings.Replace(hereJSON(fmt.Sprintf("u-%d", len(l.decisions))), `"explain":"full",`, "", 1)
		l.w.send(l.t, "app", "POST", "/v1/decisions", strings.Replace(body, `"count":10`, `"count":2`, 1)).want(l.t, 200).decode(l.t, &d)
		l.decisions = append(l.decisions, d.Decision_ID)
		var events []string
		other := false
		for i, o := range d.Placements[0].Offers {
			switch {
			case o.Propensity <= learnShare+1e-9:
				other = true
			case o.Propensity < 1-learnShare-1e-9 || o.Propensity > 1:
				l.t.Errorf("%s has a chance of %v", o.Offer_ID, o.Propensity)
			case i == 0:
				known = o.Offer_ID
			}
			event := func(kind string) {
				events = append(events, fmt.Sprintf(`{"decision_id":%q,"offer_id":%q,"type":%q}`, d.Decision_ID, o.Offer_ID, kind))
			}
			event("impression")
			var percent float64
			if _, err := fmt.Sscanf(o.Offer_ID, "p-%f@v-1", &percent); err == nil && l.dice.Float64() < 0.05+percent/75 {
				event("click")
			}
		}
		if other {
			l.explored++
		}
		l.w.send(l.t, "app", "POST", "/v1/events", `{"events":[`+strings.Join(events, ",")+`]}`).want(l.t, 200)
		l.w.pass(time.Minute)
	}
	return known
}

func (l *learners) lookBack() {
	l.t.Helper()
	for i, id := range l.decisions {
		if i%8 != 0 {
			continue
		}
		var r replayJSON
		got := l.w.send(l.t, "analyst", http.MethodPost, "/v1/decisions/"+id+"/replay", "").want(l.t, 200)
		if got.decode(l.t, &r); !r.Same || len(r.Moved) > 0 {
			l.t.Fatalf("decision %d comes out as %s\non record it is %s", i, got.body, l.w.get(l.t, "analyst", "/v1/decisions/"+id).body)
		}
	}
}

func (l *learners) learn(least int) {
	l.t.Helper()
	n, err := l.w.Learner.Learn(l.t.Context())
	if err != nil || n < least {
		l.t.Fatalf("%d batches learnt, %v", n, err)
	}
	if err := l.w.Refresh(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// A profile that explores learns from what travellers tapped, over the real service: what it believed wrongly comes right, it explores as rarely as was set, each decision
// comes out again by the belief of its epoch, and beliefs are the same after a new start and learnt anew from the log.
func TestProfilesLearnFromWhatTravellersTap(t *testing.T) {
	l := openLearners(t)
	if known := l.visit(60); known != "p-05@v-1" {
		t.Errorf("before anything is learnt the first is %s", known)
	}
	l.w.pass(40 * time.Minute)
	l.learn(2)
	if known := l.visit(40); known != "p-60@v-1" {
		t.Errorf("with what was learnt the first is %s", known)
	}
	l.lookBack()
	l.told()
	l.w.restart(t)
	l.w.pass(time.Hour)
	l.learn(1)
	l.visit(10)
	l.lookBack()
	// 5 standard deviations above what is expected
	if n := float64(len(l.decisions)); float64(l.explored) > n*learnShare+5*0.46*10.5 || l.explored == 0 {
		t.Errorf("%d of %v decisions are not the known ones, of which %v may be", l.explored, n, learnShare)
	}
	l.sameFromTheLog()
}

// told reads what is believed, and by which belief a decision was made.
func (l *learners) told() {
	t := l.t
	t.Helper()
	var d struct{ Belief_Epoch int }
	l.w.get(t, "analyst", "/v1/decisions/"+l.decisions[len(l.decisions)-1]).want(t, 200).decode(t, &d)
	path := "/v1/scoring-profiles/curious/versions/1/belief"
	var newest, same, first struct {
		Epoch, Examples   int
		From              time.Time
		Means, Deviations map[string]float64
	}
	l.w.get(t, "analyst", path).want(t, 200).decode(t, &newest)
	l.w.get(t, "analyst", fmt.Sprintf("%s?epoch=%d", path, d.Belief_Epoch)).want(t, 200).decode(t, &same)
	l.w.get(t, "analyst", path+"?epoch=1").want(t, 200).decode(t, &first)
	if !reflect.DeepEqual(newest, same) || newest.Epoch != 2 || first.Epoch != 1 || !first.From.Equal(noon) || newest.Deviations["relative_discount"] >= first.Deviations["relative_discount"] {
		t.Errorf("newest %+v, of the decision %+v, first %+v", newest, same, first)
	}
	l.w.get(t, "analyst", path+"?epoch=99").refused(t, 404, "not_found")
	l.w.get(t, "analyst", "/v1/scoring-profiles/curious/versions/none/belief").refused(t, 404, "not_found")
	l.w.ask(t, ask{key: "analyst", method: "GET", path: path + "?epoch=first", wrong: true}).faults(t, "epoch invalid")
}

// sameFromTheLog learns from the log alone and finds the beliefs that were kept.
func (l *learners) sameFromTheLog() {
	t := l.t
	t.Helper()
	var again beliefs
	log := analysis.NewLog(analysis.Sources{Decisions: l.w.Store, Events: l.w.Store, Accounts: l.w.Store})
	learner, err := analysis.OpenLearner(t.Context(), analysis.LearnerOptions{Log: log, Profiles: l.w.Store, Beliefs: &again, Now: l.w.options.Now, Every: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := learner.Learn(t.Context()); err != nil || len(again) < 3 {
		t.Fatalf("%d beliefs, %v", len(again), err)
	}
	for i := range again {
		kept, err := l.w.Store.Belief(t.Context(), engine.ProfileRef{Name: "curious", Version: 1}, uint64(i+1))
		if err != nil || !reflect.DeepEqual(kept, again[i]) {
			t.Errorf("epoch %d: %v\nkept %+v\nanew %+v", i+1, err, kept, again[i])
		}
	}
	if _, ok := again[0].Means["distance"]; ok || again[len(again)-1].Means["relative_discount"] < 1 {
		t.Errorf("%+v", again[len(again)-1])
	}
	if err := learner.Close(); err != nil {
		t.Error(err)
	}
}

// What a profile learns is a setting that is kept, and what is wrong with it is told at once.
func TestLearningIsASetting(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/keen/versions",
		`{"weights":{},"explore":{"method":"linucb","share":0.1,"deviations":{"saving":1},"learn":{"reward":"redemption","every_seconds":7200}}}`).want(t, 201)
	var kept struct {
		Explore struct {
			Learn struct {
				Reward        string
				Every_Seconds int
			}
		}
	}
	w.get(t, "analyst", "/v1/scoring-profiles/keen").want(t, 200).decode(t, &kept)
	if e := kept.Explore.Learn; e.Reward != "redemption" || e.Every_Seconds != 7200 {
		t.Errorf("%+v", kept)
	}
	bad := ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/keen/versions", wrong: true,
		body: `{"weights":{},"explore":{"method":"linucb","share":0.1,"learn":{"reward":"smile","every_seconds":5,"wait_seconds":-1}}}`}
	w.ask(t, bad).faults(t, "explore.learn.reward invalid", "explore.learn.every_seconds out_of_range", "explore.learn.wait_seconds out_of_range")
}
