package decision_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/experiment"
)

// splitter assigns the users of the first half of the traffic.
type splitter struct {
	traffic experiment.Traffic
	split   *experiment.Split
}

func (s splitter) Arm(user string) int {
	if !s.traffic.Holds(user) {
		return -1
	}
	return s.split.Arm(user)
}

// trialOf is an experiment that lasts an hour from noon on, with the active profile in its first arm and others in the rest.
func trialOf(t testing.TB, active scoring.Profile, others ...scoring.Profile) *engine.LiveExperiment {
	t.Helper()
	l := &engine.LiveExperiment{Experiment: engine.Experiment{ID: "x", Start: noon, End: noon.Add(time.Hour), State: engine.ExperimentRunning}}
	var arms []experiment.Arm
	for i, p := range append([]scoring.Profile{active}, others...) {
		name := fmt.Sprint("arm-", i)
		l.Arms = append(l.Arms, engine.Arm{Name: name, Profile: engine.ProfileRef{Name: p.Name, Version: p.Version}})
		l.Profiles = append(l.Profiles, p)
		arms = append(arms, experiment.Arm{Name: name, Weight: 1})
	}
	split, err := experiment.NewSplit("x", "", arms)
	if err != nil {
		t.Fatal(err)
	}
	l.Assigner = splitter{experiment.Traffic{Until: 0.5}, split}
	return l
}

// dozen is a dozen offers of which distance, saving and language make different orders.
func dozen(t testing.TB) (*world, *engine.Snapshot) {
	w := newWorld()
	for i := range 12 {
		id := fmt.Sprint("v-", i)
		w.venue(id, float64(20*i))
		w.campaign(fmt.Sprint("c-", i), []string{id}, func(c *engine.Campaign) {
			c.Discount.Percent = engine.Percent(500 + 700*(i*5%12))
			if i%3 == 0 {
				delete(c.Title, "zh-Hans")
			}
		})
	}
	return w, w.snapshot(t)
}

// Each request of a user in an experiment is answered as on a snapshot of which the arm's profile is the active one, whatever was asked in between; everybody else's as without it.
func TestArmsDecideByTheirProfiles(t *testing.T) {
	w, snap := dozen(t)
	far := scoring.Profile{Name: "far", Version: 3, Bias: 2, Weights: map[string]float64{"distance": -1, "saving": 0.1}}
	dear := scoring.Profile{Name: "dear", Version: 1, Weights: map[string]float64{"saving": 1, "language_match": 0.4}, MaxPerMerchant: 5}
	snap.Experiments = []*engine.LiveExperiment{trialOf(t, w.profile, far, dear)}
	log := newMemoryLog()
	s := start(t, optionsFor(snap, log))
	profiles := map[string]scoring.Profile{"": w.profile, "arm-0": w.profile, "arm-1": far, "arm-2": dear}
	arms := make(map[string]string) // by user
	met := make(map[string]int)
	replayer, err := decision.NewReplayer(decision.ReplayerOptions{Pasts: sameCatalog{snap, profiles}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 400 {
		r := ask()
		r.User = engine.User{ID: fmt.Sprint("u-", i%97), Languages: []string{[]string{"zh-Hans", "en"}[i%2]}}
		r.Explain = []engine.Explain{engine.ExplainNone, engine.ExplainNone, engine.ExplainFull}[i%3]
		d, err := s.Decide(t.Context(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if before, seen := arms[r.User.ID]; seen && before != d.Arm.Arm {
			t.Fatalf("%s was in arm %q and is in %q", r.User.ID, before, d.Arm.Arm)
		}
		arms[r.User.ID] = d.Arm.Arm
		met[d.Arm.Arm]++
		alone := *snap
		alone.Experiments, alone.Profile = nil, profiles[d.Arm.Arm]
		want, err := decision.DecideFully(optionsFor(&alone, log), &alone, r, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		if d.Profile != want.Profile || len(d.Placements[0].Offers) == 0 || fmt.Sprint(offered(d)) != fmt.Sprint(offered(want)) {
			t.Fatalf("%s in arm %q by %v: %v, alone %v", r.User.ID, d.Arm.Arm, d.Profile, offered(d), offered(want))
		}
		again, err := replayer.Replay(t.Context(), d, nil)
		if err != nil || again.Arm != d.Arm || again.Profile != d.Profile || fmt.Sprint(offered(again)) != fmt.Sprint(offered(d)) {
			t.Fatalf("%v: %s in arm %q comes out again as %v in %v", err, r.User.ID, d.Arm.Arm, offered(again), again.Arm)
		}
		if other, err := replayer.Replay(t.Context(), d, &far); err != nil || other.Arm != (engine.ArmRef{}) {
			t.Fatalf("%v: under another profile it is still of %v", err, other.Arm)
		}
	}
	for arm := range profiles {
		if met[arm] == 0 {
			t.Errorf("nobody was in arm %q: %v", arm, met)
		}
	}
}

// sameCatalog is a past that was as the present is.
type sameCatalog struct {
	*engine.Snapshot
	profiles map[string]scoring.Profile
}

func (c sameCatalog) At(_ context.Context, d *engine.Decision) (*engine.Snapshot, error) {
	s := *c.Snapshot
	for _, p := range c.profiles {
		if d.Profile == (engine.ProfileRef{Name: p.Name, Version: p.Version}) {
			s.Profile, s.Experiments = p, nil
		}
	}
	return &s, nil
}

func offered(d *engine.Decision) (told []string) {
	for _, o := range d.Placements[0].Offers {
		told = append(told, fmt.Sprintf("%s %d %v", o.ID, o.Position, o.Score))
	}
	return told
}

// Nobody without an ID, and nobody before the start or from the end on, is assigned; the instants of a request alone say so.
func TestWhoIsInNoExperiment(t *testing.T) {
	w, snap := dozen(t)
	snap.Experiments = []*engine.LiveExperiment{trialOf(t, w.profile, scoring.Profile{Name: "far", Version: 3})}
	s := start(t, optionsFor(snap, newMemoryLog()))
	in := ""
	for i := 0; in == ""; i++ {
		if id := fmt.Sprint("u-", i); snap.Experiments[0].Assigner.Arm(id) == 1 {
			in = id
		}
	}
	for _, c := range []struct {
		user string
		at   time.Duration
		want string
	}{{in, 0, "x"}, {in, time.Hour - 1, "x"}, {in, -1, ""}, {in, time.Hour, ""}, {"", 0, ""}} {
		r := ask()
		r.User.ID, r.Time = c.user, noon.Add(c.at)
		d, err := s.Decide(t.Context(), r, nil)
		if err != nil || d.Arm.Experiment != c.want || (d.Profile.Name == "far") != (c.want == "x") {
			t.Errorf("user %q after %v: %v by %v, %v", c.user, c.at, d.Arm, d.Profile, err)
		}
	}
}

// An assignment adds no garbage to a decision.
func TestExperimentsMakeNoGarbage(t *testing.T) {
	w, snap := dozen(t)
	snap.Experiments = []*engine.LiveExperiment{trialOf(t, w.profile, scoring.Profile{Name: "far", Version: 3, Weights: w.profile.Weights})}
	armOf, taken := decision.Arms(snap), 0
	for i := range 20 {
		user := fmt.Sprint("u-", i)
		if armOf(user, noon) != "" {
			taken++
		}
		if n := testing.AllocsPerRun(100, func() { armOf(user, noon) }); n > 0 {
			t.Errorf("%s: %v allocations", user, n)
		}
	}
	if taken == 0 || taken == 20 {
		t.Errorf("%d of 20 users take part", taken)
	}
}
