package offpolicy_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// listWorld shows lists of so many slots. Of its situations each has a list that the policy in question shows.
type listWorld struct {
	design  offpolicy.Design
	slots   int
	cascade bool // a traveller looks no further than at the first offer that is liked
	busy    int  // above 0: of so many decisions at most, as in a world
	lists   []listSituation
}

type listSituation struct {
	likes  []float64   // of each candidate, the chance that it is taken when it is looked at
	chance [][]float64 // independent: of each slot, of each candidate; else weights of candidates in one row
	target []int       // candidate of each slot
}

func newListWorld(design offpolicy.Design, slots, candidates int, cascade bool) *listWorld {
	random := rand.New(rand.NewPCG(31, uint64(design)))
	w := &listWorld{design: design, slots: slots, cascade: cascade}
	for range 32 {
		var s listSituation
		for range candidates {
			s.likes = append(s.likes, 0.1+0.5*random.Float64())
		}
		switch design {
		case offpolicy.Independent: // each slot has candidates of its own
			for k := range slots {
				row := make([]float64, candidates)
				var sum float64
				for a := k; a < candidates; a += slots {
					row[a] = 0.5 + random.Float64()
					sum += row[a]
				}
				for a := range row {
					row[a] /= sum
				}
				s.chance = append(s.chance, row)
				s.target = append(s.target, k+slots*random.IntN(candidates/slots))
			}
		default:
			row := make([]float64, candidates)
			for a := range row {
				row[a] = 0.5 + random.Float64()
			}
			s.chance = [][]float64{row}
			s.target = random.Perm(candidates)[:slots]
		}
		w.lists = append(w.lists, s)
	}
	return w
}

// looked is the chance that position k, from 0, is looked at where nothing above matters.
func looked(k int) float64 { return 1 / (1 + 0.5*float64(k)) }

func (w *listWorld) truth() float64 {
	var sum float64
	for _, s := range w.lists {
		still := 1.0
		for k, a := range s.target {
			if w.cascade {
				sum += still * s.likes[a]
				still *= 1 - s.likes[a]
			} else {
				sum += looked(k) * s.likes[a]
			}
		}
	}
	return sum / float64(len(w.lists))
}

// list draws what the log shows, with the propensity of each position.
func (w *listWorld) list(s *listSituation, random *rand.Rand) (list []int, propensities []float64) {
	if w.design == offpolicy.Independent {
		for k := range w.slots {
			a := choose(s.chance[k], random)
			list, propensities = append(list, a), append(propensities, s.chance[k][a])
		}
		return list, propensities
	}
	if w.design == offpolicy.Shuffled {
		return random.Perm(len(s.likes))[:w.slots], nil
	}
	left := append([]float64(nil), s.chance[0]...)
	for range w.slots {
		var sum float64
		for _, x := range left {
			sum += x
		}
		chances := make([]float64, len(left))
		for a := range left {
			chances[a] = left[a] / sum
		}
		a := choose(chances, random)
		list, propensities = append(list, a), append(propensities, chances[a])
		left[a] = 0
	}
	return list, propensities
}

func (w *listWorld) draw(users int, random *rand.Rand) (*tuning.Dataset, []int32) {
	b := tuning.NewBuilder(math.NaN())
	var ranks []int32
	for u := range users {
		mood := 0.4 * (2*random.Float64() - 1)
		if w.cascade {
			mood = 0 // truth takes what two positions earn for independent, given what is shown
		}
		n := 1 + random.IntN(6)
		if w.busy > 0 {
			n = 1 + choose(busyChances(w.busy), random)
		}
		for range n {
			c := random.IntN(len(w.lists))
			s := &w.lists[c]
			list, propensities := w.list(s, random)
			b.Begin(tuning.Group{User: strconv.Itoa(u), Time: tuning.MinTime})
			rows := make([]tuning.Row, len(s.likes))
			rank := make([]int32, len(s.likes))
			for a := range rows {
				rows[a] = tuning.NewRow()
				rows[a].Item, rows[a].ShownKnown = strconv.Itoa(c)+"-"+strconv.Itoa(a), true
			}
			for k, a := range s.target {
				rank[a] = int32(k + 1)
			}
			stopped := false
			for k, a := range list {
				chance := s.likes[a] * (1 + mood)
				if !w.cascade {
					chance *= looked(k)
				}
				r := &rows[a]
				r.Shown, r.Position, r.Label = true, int32(k+1), 0
				if propensities != nil {
					r.Propensity = propensities[k]
				}
				if !stopped && random.Float64() < chance {
					r.Label = 1
					stopped = w.cascade
				}
			}
			for _, r := range rows {
				b.Add(r, nil, nil)
			}
			ranks = append(ranks, rank...)
		}
	}
	return b.Dataset(), ranks
}

// namedLists is a world of lists, with the estimators whose belief is wrong in it.
type namedLists struct {
	name    string
	world   *listWorld
	without []string
}

// listWorlds are those that the methods were chosen on.
func listWorlds() []namedLists {
	cascaded := []string{offpolicy.ItemPosition, offpolicy.PseudoInverse, offpolicy.NormalisedPseudoInverse}
	return []namedLists{
		{"independent", newListWorld(offpolicy.Independent, 3, 6, false), nil},
		{"independent, cascade", newListWorld(offpolicy.Independent, 3, 6, true), cascaded},
		{"sequential, cascade", newListWorld(offpolicy.Sequential, 2, 4, true), cascaded},
		{"shuffled", newListWorld(offpolicy.Shuffled, 2, 4, false), nil},
		{"shuffled, all of them", newListWorld(offpolicy.Shuffled, 3, 3, false), nil},
	}
}

// freshLists are of other shapes, written down before anything was tried on them.
func freshLists() []namedLists {
	busy := newListWorld(offpolicy.Independent, 2, 6, false)
	busy.busy = 30
	unknown := []string{offpolicy.ItemPosition, offpolicy.PseudoInverse, offpolicy.NormalisedPseudoInverse} // refused, whatever the world
	return []namedLists{
		{"independent, a few do most", busy, nil},
		{"sequential, 2 of 3", newListWorld(offpolicy.Sequential, 2, 3, false), unknown},
		{"sequential, cascade, 3 of 3", newListWorld(offpolicy.Sequential, 3, 3, true), unknown},
		{"shuffled, 2 of 5", newListWorld(offpolicy.Shuffled, 2, 5, false), nil},
	}
}

// Intervals for lists hold the truth as often as promised, of those estimators whose belief is true in the world, and the others are refused where the design forbids them.
func TestListIntervalsHoldTheTruth(t *testing.T) {
	trials, sizes := trial()
	for _, c := range append(listWorlds(), freshLists()...) {
		for _, users := range sizes {
			t.Run(fmt.Sprintf("%s/%d", c.name, users), func(t *testing.T) {
				at := &cell{world: c.name, users: users, truth: c.world.truth(), without: c.without, report: func(trial int, random *rand.Rand) *offpolicy.Report {
					return c.world.report(t, users, uint64(trial), random)
				}}
				at.hold(t, trials)
			})
		}
	}
}

func (w *listWorld) report(t *testing.T, users int, seed uint64, random *rand.Rand) *offpolicy.Report {
	data, ranks := w.draw(users, random)
	lists, err := offpolicy.ListsOf(data, ranks, w.design)
	if err != nil {
		t.Error(err)
		return &offpolicy.Report{}
	}
	report, err := offpolicy.EvaluateLists(t.Context(), lists, offpolicy.Options{Interval: trialInterval(seed)})
	if err != nil {
		t.Error(err)
		return &offpolicy.Report{}
	}
	return report
}

// The weights of shuffled lists are those that the pseudo-inverse of the whole matrix Γ gives, which is summed over every list there is.
func TestShuffledWeightIsThePseudoInverse(t *testing.T) {
	for _, c := range []struct{ candidates, slots int }{{2, 1}, {3, 2}, {3, 3}, {4, 2}, {4, 3}, {5, 2}, {4, 4}} {
		w := listWorld{design: offpolicy.Shuffled, slots: c.slots}
		lists, chances := w.every(&listSituation{likes: make([]float64, c.candidates)})
		inverse := inverseWeight(t, c.candidates, lists, chances)
		target := lists[len(lists)/3]
		b := tuning.NewBuilder(0)
		var ranks []int32
		var want []float64
		for i, list := range lists {
			b.Begin(tuning.Group{User: strconv.Itoa(i), Time: tuning.MinTime})
			for a := range c.candidates {
				r := tuning.NewRow()
				r.ShownKnown = true
				for k, shown := range list {
					if shown == a {
						r.Shown, r.Position, r.Label = true, int32(k+1), 0
					}
				}
				b.Add(r, nil, nil)
				rank := int32(0)
				for k, wanted := range target {
					if wanted == a {
						rank = int32(k + 1)
					}
				}
				ranks = append(ranks, rank)
			}
			want = append(want, inverse(target, list))
		}
		l, err := offpolicy.ListsOf(b.Dataset(), ranks, offpolicy.Shuffled)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range offpolicy.InverseWeights(l) {
			if math.Abs(got-want[i]) > 1e-9 {
				t.Errorf("%d of %d, list %v for %v: weight %v, want %v", c.slots, c.candidates, lists[i], target, got, want[i])
			}
		}
	}
}
