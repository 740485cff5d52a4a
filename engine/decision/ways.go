package decision

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// way is how requests are decided under one scoring profile: the snapshot with it, and what they share.
type way struct {
	snap    *engine.Snapshot
	scorer  *scoring.Scorer
	digests *digests
}

// newWay makes the way of a profile; last is that of the snapshot before, nil for none. Digests keep parts of scores, so each profile has its own.
func newWay(snap *engine.Snapshot, last *way) *way {
	w := &way{snap: snap, scorer: scoring.NewScorer(snap.Profile)}
	if last != nil && !last.digests.isSpent(snap) {
		w.digests = last.digests
	} else {
		w.digests = &digests{listings: snap.Listings}
	}
	return w
}

// contest is an experiment with the ways of its arms.
type contest struct {
	*engine.LiveExperiment
	ways []*way
	told []engine.ArmRef
}

// compiled is what requests on a snapshot share: the way of the active profile, and those of experiments.
type compiled struct {
	of       *engine.Snapshot
	usual    *way
	contests []contest
}

// newCompiled compiles a snapshot; last is that before, nil for none. Arms with the active profile go the usual way.
func newCompiled(snap *engine.Snapshot, last *compiled) *compiled {
	c := &compiled{of: snap}
	var known map[engine.ProfileRef]*way
	var before *way
	if last != nil {
		before, known = last.usual, last.tried()
	}
	c.usual = newWay(snap, before)
	made := map[engine.ProfileRef]*way{refOf(&snap.Profile): c.usual}
	for _, live := range snap.Experiments {
		x := contest{LiveExperiment: live}
		for i := range live.Arms {
			ref := refOf(&live.Profiles[i])
			w := made[ref]
			if w == nil {
				own := *snap
				own.Profile, own.BeliefEpoch = live.Profiles[i], 0 // only the active profile learns
				w = newWay(&own, known[ref])
				made[ref] = w
			}
			x.ways, x.told = append(x.ways, w), append(x.told, engine.ArmRef{Experiment: live.ID, Arm: live.Arms[i].Name})
		}
		c.contests = append(c.contests, x)
	}
	return c
}

func refOf(p *scoring.Profile) engine.ProfileRef {
	return engine.ProfileRef{Name: p.Name, Version: p.Version}
}

// tried returns the ways of arms that are not the usual one, by profile.
func (c *compiled) tried() map[engine.ProfileRef]*way {
	out := make(map[engine.ProfileRef]*way)
	for _, x := range c.contests {
		for _, w := range x.ways {
			if w != c.usual {
				out[refOf(&w.snap.Profile)] = w
			}
		}
	}
	return out
}

// wayOf returns the way of a user's request at a time, and the arm, if any. It makes no garbage.
func (c *compiled) wayOf(user string, at time.Time) (*way, engine.ArmRef) {
	if user == "" {
		return c.usual, engine.ArmRef{}
	}
	for i := range c.contests {
		x := &c.contests[i]
		if !x.Takes(at) {
			continue
		}
		if arm := x.Assigner.Arm(user); arm >= 0 {
			return x.ways[arm], x.told[arm]
		}
	}
	return c.usual, engine.ArmRef{}
}
