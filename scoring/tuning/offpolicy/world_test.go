package offpolicy_test

import (
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// long says that trials are to be run in full.
func long() bool { return os.Getenv("SIHAI_LONG") == "1" }

// world is a made-up world of finitely many situations, so that what a policy earns in it can be computed and not only drawn.
type world struct {
	name       string
	situations []situation
	amounts    bool    // a reward is a sum of money and not 1
	moods      float64 // how much the chances of one user lie together
	perUser    float64 // mean number of decisions of a user
	onlyShown  bool    // the log tells the propensity of what was shown only
	right      bool    // a linear model of rewards is right
	lacks      bool    // the log's policy does not do what the policy in question does
	sigma      float64 // of the logarithm of a sum of money
	cost       float64 // what every decision costs, whatever comes of it: rewards may be below 0
	busy       int     // above 0: users have 1 to so many decisions, with chances that fall as a power, and those of many are in a better mood
	sticky     bool    // a user is in one situation always
}

type situation struct {
	features [][]float64
	items    []int
	chances  []float64 // of a reward
	logged   []float64
	target   []float64
}

const amountSigma = 0.6

// meanAmount is that of a sum of money.
func (w *world) meanAmount() float64 {
	if w.amounts {
		return 10 * math.Exp(w.sigma*w.sigma/2)
	}
	return 1
}

// busyPower is the power by which users of many decisions are rarer than those of few.
const busyPower = 1.8

// busyMood is how much better the mood of a user of n decisions is: from -0.2 for one to 0.2 for the most that there are.
func busyMood(n, most int) float64 { return 0.4*math.Log(float64(n))/math.Log(float64(most)) - 0.2 }

// busyChances are those of 1, 2, … decisions of a user.
func busyChances(most int) []float64 {
	out := make([]float64, most)
	var sum float64
	for n := range out {
		out[n] = math.Pow(float64(n+1), -busyPower)
		sum += out[n]
	}
	for n := range out {
		out[n] /= sum
	}
	return out
}

// meanMood is what a decision's chances are raised by in the mean over decisions.
func (w *world) meanMood() float64 {
	if w.busy == 0 {
		return 0
	}
	var mood, decisions float64
	for i, chance := range busyChances(w.busy) {
		n := float64(i + 1)
		mood += chance * n * busyMood(i+1, w.busy)
		decisions += chance * n
	}
	return mood / decisions
}

// truth is what the policy in question earns with a decision.
func (w *world) truth() float64 {
	var sum float64
	for _, s := range w.situations {
		for a, chance := range s.chances {
			sum += s.target[a] * chance
		}
	}
	return sum/float64(len(w.situations))*(1+w.meanMood())*w.meanAmount() - w.cost
}

// decisions draws how many decisions a user has, and the user's mood.
func (w *world) decisions(random *rand.Rand) (n int, mood float64) {
	mood = w.moods * (2*random.Float64() - 1)
	if w.busy > 0 {
		n = 1 + choose(busyChances(w.busy), random)
		return n, mood + busyMood(n, w.busy)
	}
	n = 1
	for random.Float64() > 1/w.perUser {
		n++
	}
	return n, mood
}

// draw makes a log of some users, and the policy in question for it.
func (w *world) draw(users int, random *rand.Rand) (*tuning.Dataset, []float64) {
	b := tuning.NewBuilder(math.NaN())
	columns := make([]int, len(w.situations[0].features[0]))
	for k := range columns {
		columns[k], _ = b.Column("f" + strconv.Itoa(k))
	}
	var policy []float64
	for u := range users {
		n, mood := w.decisions(random)
		at := random.IntN(len(w.situations))
		for range n {
			if !w.sticky {
				at = random.IntN(len(w.situations))
			}
			s := &w.situations[at]
			b.Begin(tuning.Group{User: "u" + strconv.Itoa(u), Time: tuning.MinTime})
			shown := choose(s.logged, random)
			for a := range s.chances {
				row := tuning.NewRow()
				row.Item, row.Shown, row.ShownKnown = "i"+strconv.Itoa(s.items[a]), a == shown, true
				if s.logged[a] > 0 && (a == shown || !w.onlyShown) {
					row.Propensity = s.logged[a]
				}
				if a == shown {
					row.Label = w.reward(s.chances[a]*(1+mood), random)
				}
				b.Add(row, columns, s.features[a])
				policy = append(policy, s.target[a])
			}
		}
	}
	return b.Dataset(), policy
}

func (w *world) reward(chance float64, random *rand.Rand) float64 {
	switch {
	case random.Float64() >= chance:
		return -w.cost
	case w.amounts:
		return 10*math.Exp(w.sigma*random.NormFloat64()) - w.cost
	}
	return 1 - w.cost
}

func choose(chances []float64, random *rand.Rand) int {
	x := random.Float64()
	for a, p := range chances {
		if x -= p; x < 0 {
			return a
		}
	}
	last := len(chances) - 1
	for chances[last] == 0 {
		last--
	}
	return last
}

func softmax(scores []float64, temperature, floor float64) []float64 {
	out := make([]float64, len(scores))
	var sum float64
	for i, s := range scores {
		out[i] = math.Exp(s / temperature)
		sum += out[i]
	}
	for i := range out {
		out[i] = floor/float64(len(out)) + (1-floor)*out[i]/sum
	}
	return out
}

// shape says how a world is made.
type shape struct {
	seed                    uint64
	actions                 int
	low, high               float64 // chances of a reward
	linear                  bool
	loggedHeat, loggedFloor float64 // temperature of the log's policy, and what of it is by lot; a heat of 0: all
	targetHeat              float64 // 0: always the best
	against                 bool    // the log's policy likes what the other does not
	amounts, onlyShown      bool
	moods, perUser          float64
	never                   float64 // the share of situations in which the log's policy never shows what the other likes best
	sigma, cost             float64 // as of a world; a sigma of 0: amountSigma
	busy                    int
	sticky                  bool
}

func (s shape) world(name string) *world {
	random := rand.New(rand.NewPCG(s.seed, 77))
	w := &world{name: name, amounts: s.amounts, moods: s.moods, perUser: s.perUser, onlyShown: s.onlyShown, right: s.linear, lacks: s.never > 0,
		sigma: s.sigma, cost: s.cost, busy: s.busy, sticky: s.sticky}
	if w.sigma == 0 {
		w.sigma = amountSigma
	}
	const features = 3
	for c := range 64 {
		var at situation
		likes, loves := make([]float64, s.actions), make([]float64, s.actions)
		for a := range s.actions {
			x := make([]float64, features)
			for k := range x {
				x[k] = random.Float64()
			}
			item := (a + c) % (2 * s.actions)
			good := (x[0] + x[1]/2 + float64(item%3)/4) / 2 // in 0 to 1
			if !s.linear {
				good = good * good * (0.6 + 0.8*math.Abs(x[2]-0.5))
			}
			at.features, at.items = append(at.features, x), append(at.items, item)
			at.chances = append(at.chances, s.low+(s.high-s.low)*good)
			loves[a] = x[0] + x[1]
			likes[a] = x[2] + x[0]/4
			if s.against {
				likes[a] = -loves[a]
			}
		}
		at.target = softmax(loves, max(s.targetHeat, 1e-3), 0)
		if s.targetHeat == 0 {
			at.target = best(loves)
		}
		at.logged = softmax(likes, max(s.loggedHeat, 1e-3), s.loggedFloor)
		if s.loggedHeat == 0 {
			at.logged = softmax(likes, 1, 1)
		}
		if float64(c) < s.never*64 {
			forbid(at.logged, loves)
		}
		w.situations = append(w.situations, at)
	}
	return w
}

func best(scores []float64) []float64 {
	out := make([]float64, len(scores))
	out[top(scores)] = 1
	return out
}

func top(scores []float64) int {
	at := 0
	for i, s := range scores {
		if s > scores[at] {
			at = i
		}
	}
	return at
}

// forbid takes the chance of the best from it and gives it to the rest.
func forbid(chances, scores []float64) {
	at := top(scores)
	rest := 1 - chances[at]
	for i := range chances {
		chances[i] /= rest
	}
	chances[at] = 0
}

// worlds are those with support.
func worlds() []*world {
	return []*world{
		shape{seed: 1, actions: 5, low: 0.1, high: 0.5, linear: true, targetHeat: 0.3, moods: 0.3, perUser: 2}.world("by lot"),
		shape{seed: 2, actions: 5, low: 0.05, high: 0.4, linear: true, loggedHeat: 0.3, loggedFloor: 0.2, moods: 0.5, perUser: 3}.world("the best only"),
		shape{seed: 3, actions: 8, low: 0.1, high: 0.6, loggedHeat: 0.3, loggedFloor: 0.1, targetHeat: 0.2, amounts: true, perUser: 1.5, moods: 0.5, onlyShown: true}.world("money"),
		shape{seed: 4, actions: 4, low: 0.2, high: 0.9, loggedHeat: 0.5, loggedFloor: 0.2, targetHeat: 0.3, against: true, perUser: 6, moods: 0.1}.world("against the log"),
		shape{seed: 5, actions: 10, low: 0.02, high: 0.2, linear: true, loggedHeat: 0.5, loggedFloor: 0.3, targetHeat: 0.2, perUser: 4, moods: 0.8, onlyShown: true}.world("rare"),
	}
}

// fresh are worlds with support of other shapes than those that the methods were chosen on. They were written down before anything was tried on them.
func fresh() []*world {
	return []*world{
		shape{seed: 6, actions: 6, low: 0.1, high: 0.5, loggedHeat: 0.4, loggedFloor: 0.2, targetHeat: 0.2, busy: 40, moods: 0.3}.world("a few do most"),
		shape{seed: 7, actions: 5, low: 0.1, high: 0.5, loggedHeat: 0.5, loggedFloor: 0.3, targetHeat: 0.3, amounts: true, sigma: 0.9, cost: 2, perUser: 2, moods: 0.4, onlyShown: true}.world("profit"),
		shape{seed: 8, actions: 4, low: 0.1, high: 0.5, loggedHeat: 0.4, loggedFloor: 0.3, sticky: true, perUser: 4, moods: 0.3}.world("one situation each"),
		shape{seed: 9, actions: 6, low: 0.2, high: 0.6, linear: true, loggedHeat: 0.4, loggedFloor: 0.3, against: true, targetHeat: 0.3, perUser: 3, moods: 0.4}.world("large weights"),
	}
}

// lacking are worlds without support, in ways that a log can show.
func lacking() []*world {
	return []*world{
		shape{seed: 11, actions: 5, low: 0.1, high: 0.5, targetHeat: 0.2, never: 1, perUser: 2, moods: 0.3}.world("never shown, all told"),
		shape{seed: 12, actions: 5, low: 0.1, high: 0.5, targetHeat: 0.2, never: 0.3, perUser: 2, moods: 0.3}.world("never shown in some situations, all told"),
		shape{seed: 13, actions: 5, low: 0.1, high: 0.5, targetHeat: 0, never: 1, perUser: 2, onlyShown: true}.world("never shown, best only, little told"),
		shape{seed: 14, actions: 5, low: 0.1, high: 0.5, targetHeat: 0.2, never: 0.7, perUser: 3, onlyShown: true}.world("never shown in many situations, little told"),
		shape{seed: 15, actions: 5, low: 0.1, high: 0.5, loggedHeat: 0.02, against: true, targetHeat: 0, perUser: 2}.world("hardly ever shown"),
		shape{seed: 16, actions: 20, low: 0.1, high: 0.5, loggedHeat: 0.05, against: true, targetHeat: 0.02, perUser: 2, onlyShown: true}.world("hardly ever shown, little told"),
	}
}

// each runs trials, from one and up to another, on all cores, each with randomness of its own.
func each(t *testing.T, from, to int, seed uint64, run func(trial int, random *rand.Rand)) {
	t.Helper()
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for trial := range next {
				run(trial, rand.New(rand.NewPCG(trialSeed+seed, uint64(trial))))
			}
		})
	}
	for trial := from; trial < to; trial++ {
		next <- trial
	}
	close(next)
	wg.Wait()
}
