package offpolicy_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// thin is a table of actions at so many positions that the log shows few of them often; those above the known ones are never shown.
func thin(positions, actions, never, rows int, random *rand.Rand) (*tuning.Dataset, offpolicy.ActionPolicy) {
	b := tuning.NewBuilder(0)
	policy := offpolicy.ActionPolicy{}
	for a := range actions {
		policy[offpolicy.Slot{Action: strconv.Itoa(a)}] = 1 / float64(actions)
	}
	for range rows {
		a := random.IntN(actions - never)
		b.Begin(tuning.Group{Time: tuning.MinTime})
		row := tuning.NewRow()
		row.Item, row.Position, row.Propensity, row.Label = strconv.Itoa(a), int32(1+random.IntN(positions)), 1/float64(actions-never), 0
		row.Shown, row.ShownKnown = true, true
		b.Add(row, nil, nil)
	}
	return b.Dataset(), policy
}

// What a log misses by luck is told from what its policy never shows: of 40 positions and 20 actions, each seen 1.5 times in the mean, about a fifth is missed by luck.
func TestLuckIsToldFromNever(t *testing.T) {
	wrong, found := 0, 0
	const trials = 400
	for trial := range trials {
		for _, never := range []int{0, 4} {
			data, policy := thin(40, 20, never, 1200, rand.New(rand.NewPCG(71, uint64(trial))))
			r, err := offpolicy.ActionRounds(data, policy)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case never == 0 && (r.Unreached < 0.1 || r.Unreached > 0.4):
				t.Fatalf("%.3f is missed by luck", r.Unreached)
			case never == 0 && r.Luck < 0.001:
				wrong++
			case never > 0 && r.Luck < 0.001:
				found++
			}
		}
	}
	if wrong > 4 || found < trials*9/10 {
		t.Errorf("of %d logs %d that miss by luck were taken for those that never show, and %d of those that never show were found", trials, wrong, found)
	}
}

// forbid makes the log's policy never show what the other wants first, in a share of the situations, and returns the world.
func (w *listWorld) forbid(share float64) *listWorld {
	for i := range w.lists {
		if float64(i) >= share*float64(len(w.lists)) {
			break
		}
		s := &w.lists[i]
		row, wanted := s.chance[0], s.target[0]
		var rest float64
		for a, p := range row {
			if a != wanted {
				rest += p
			}
		}
		for a := range row {
			row[a] /= rest
		}
		row[wanted] = 0
	}
	return w
}

// lackingLists are worlds of lists without support.
func lackingLists() []namedLists {
	return []namedLists{
		{"independent, never shown first", newListWorld(offpolicy.Independent, 3, 6, false).forbid(1), nil},
		{"independent, never shown first in some situations", newListWorld(offpolicy.Independent, 3, 6, false).forbid(0.3), nil},
		{"sequential, never shown", newListWorld(offpolicy.Sequential, 2, 4, true).forbid(0.3), nil},
		{"independent, of 20 each", newListWorld(offpolicy.Independent, 4, 80, false), nil}, // the very list is never shown, though each of its places is
	}
}

// No estimator of lists names a number where the log's policy does not do what the policy in question does.
func TestListsAreRefusedWithoutSupport(t *testing.T) {
	trials, sizes := trial()
	for _, c := range lackingLists() {
		for _, users := range sizes {
			t.Run(fmt.Sprintf("%s/%d", c.name, users), func(t *testing.T) {
				got := &tried{counts: map[string]*count{}}
				each(t, 0, trials, uint64(users), func(trial int, random *rand.Rand) {
					got.add(c.world.report(t, users, uint64(trial), random), c.world.truth())
				})
				for name, n := range got.counts {
					deep := c.world.slots == 4 && name != offpolicy.Cascade && name != offpolicy.WholeList
					if n.told > 0 && !deep {
						t.Errorf("%d users, %s: a number was named in %d of %d logs", users, name, n.told, trials)
					}
				}
			})
		}
	}
}
