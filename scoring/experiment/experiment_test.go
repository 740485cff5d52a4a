package experiment_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/scoring/experiment"
)

func arms(weights ...float64) []experiment.Arm {
	var out []experiment.Arm
	for i, w := range weights {
		out = append(out, experiment.Arm{Name: fmt.Sprintf("arm-%d", i), Weight: w})
	}
	return out
}

func split(t *testing.T, name, salt string, weights ...float64) *experiment.Split {
	t.Helper()
	s, err := experiment.NewSplit(name, salt, arms(weights...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Users are split by weight, always to the same arm, and otherwise in every other experiment.
func TestSplitIsStickyAndFair(t *testing.T) {
	const users = 100_000
	a, again, b, salted := split(t, "a", "", 1, 2, 1), split(t, "a", "", 1, 2, 1), split(t, "b", "", 1, 2, 1), split(t, "a", "s", 1, 2, 1)
	var counts [3]int
	var both, bothSalted [3][3]int
	for u := range users {
		id := fmt.Sprintf("u-%d", u)
		arm := a.Arm(id)
		if again.Arm(id) != arm {
			t.Fatalf("%s is in two arms", id)
		}
		counts[arm]++
		both[arm][b.Arm(id)]++
		bothSalted[arm][salted.Arm(id)]++
	}
	for i, share := range a.Shares() {
		if got := float64(counts[i]) / users; math.Abs(got-share) > 0.006 {
			t.Errorf("arm %d has a share of %v, want %v", i, got, share)
		}
		for j, other := range a.Shares() {
			for name, n := range map[string]int{"experiment": both[i][j], "salt": bothSalted[i][j]} {
				if got := float64(n) / users; math.Abs(got-share*other) > 0.006 {
					t.Errorf("%s: %v of users are in arms %d and %d, want %v", name, got, i, j, share*other)
				}
			}
		}
	}
	// of arms whose weights change, users leave only the one that becomes smaller
	grown := split(t, "a", "", 1, 3)
	for u := range 10_000 {
		id := fmt.Sprintf("u-%d", u)
		if split := split(t, "a", "", 1, 1); split.Arm(id) == 1 && grown.Arm(id) != 1 {
			t.Fatalf("%s left an arm that has grown", id)
		}
	}
	if a.Name(1) != "arm-1" {
		t.Errorf("arm 1 is called %s", a.Name(1))
	}
}

func TestArmsOfUsersNeverChange(t *testing.T) {
	s := split(t, "home-2026-11", "pepper", 1, 1)
	got := ""
	for u := range 24 {
		got += fmt.Sprint(s.Arm(fmt.Sprintf("u-%d", u)))
	}
	if want := "111111000010010100100110"; got != want { // a running experiment must survive an update of the program
		t.Errorf("arms %s, want %s", got, want)
	}
}

// Parts of the traffic are as large as they say, have no user in common where they do not overlap, and say nothing about arms.
func TestTraffic(t *testing.T) {
	const users = 40_000
	parts := []experiment.Traffic{{From: 0, Until: 0.25}, {From: 0.25, Until: 0.3}, {From: 0.3, Until: 1}}
	s := split(t, "a", "", 1, 1)
	var counts, new [3]int
	for u := range users {
		id, in := fmt.Sprintf("u-%d", u), 0
		for i, part := range parts {
			if part.Holds(id) {
				in++
				counts[i]++
				new[i] += s.Arm(id)
			}
		}
		if in != 1 || !experiment.Whole().Holds(id) {
			t.Fatalf("%s is in %d parts", id, in)
		}
	}
	for i, part := range parts {
		if got := float64(counts[i]) / users; math.Abs(got-(part.Until-part.From)) > 0.01 {
			t.Errorf("part %d has %v of the users", i, got)
		}
		if got := float64(new[i]) / float64(counts[i]); math.Abs(got-0.5) > 0.04 {
			t.Errorf("of part %d a share of %v is in the new arm", i, got)
		}
		for j, other := range parts {
			if part.Overlaps(other) != (i == j) {
				t.Errorf("parts %d and %d overlap: %v", i, j, part.Overlaps(other))
			}
		}
	}
}

// Users are assigned on the way of every request.
func TestAssignmentMakesNoGarbage(t *testing.T) {
	s, part := split(t, "home-2026-11", "pepper", 1, 1), experiment.Traffic{From: 0.1, Until: 0.9}
	if n := testing.AllocsPerRun(100, func() { _ = part.Holds("u-8123456789") && s.Arm("u-8123456789") > 0 }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The interval of a rate holds the truth about as often as it says, with users who differ.
func TestRate(t *testing.T) {
	const users, rounds = 400, 400
	random, held := rand.New(rand.NewPCG(3, 4)), 0
	for range rounds {
		c := experiment.NewComparison(users)
		for u := range users {
			rate, n, clicks := 0.2*random.Float64(), 1+random.IntN(6), 0.0
			for range n {
				if random.Float64() < rate {
					clicks++
				}
			}
			if err := c.Add(u, u%2, clicks, float64(n)); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Rate(1, 0.9); got.Interval.Holds(0.1) {
			held++
		}
	}
	if share := float64(held) / rounds; share < 0.84 || share > 0.95 {
		t.Errorf("an interval of 0.9 holds the truth %v of the time", share)
	}
	if none := experiment.NewComparison(3).Rate(0, 0.9); !math.IsNaN(none.Value) || !math.IsNaN(none.Error) {
		t.Errorf("of nobody %+v", none)
	}
}

func TestSplitRefusesWhatIsNoSplit(t *testing.T) {
	for name, a := range map[string][]experiment.Arm{
		"one": arms(1), "nothing": arms(1, 0), "not a number": arms(1, math.NaN()), "endless": arms(1, math.Inf(1)),
		"twice": {{Name: "a", Weight: 1}, {Name: "a", Weight: 1}}, "nameless": {{Name: "a", Weight: 1}, {Weight: 1}},
	} {
		if _, err := experiment.NewSplit("x", "", a); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := experiment.NewSplit("", "", arms(1, 1)); err == nil {
		t.Error("an experiment without a name was taken")
	}
}

// trial is an experiment of four weeks. Users come all the time, come back, and are unlike one another; the new arm changes their chance to click.
func trial(t *testing.T, random *rand.Rand, effect float64, each func(day int, look experiment.Look) bool) {
	const users, days = 3000, 28
	c := experiment.NewComparison(users)
	var rate, activity [users]float64
	var first [users]int
	for u := range users {
		rate[u] = 0.02 + 0.16*random.Float64()*random.Float64()
		activity[u] = 0.05 + 0.5*random.Float64()
		first[u] = random.IntN(days) * random.IntN(2) // half are there from the first day
	}
	for day := range days {
		for u := range users {
			if day < first[u] || random.Float64() > activity[u] {
				continue
			}
			showings, clicks := 1+random.IntN(5), 0
			for range showings {
				if random.Float64() < rate[u]+effect*float64(u%2) {
					clicks++
				}
			}
			if err := c.Add(u, u%2, float64(clicks), float64(showings)); err != nil {
				t.Error(err)
			}
		}
		look, err := experiment.Watch{Effect: 0.01}.Look(c)
		if errors.Is(err, experiment.ErrEarly) {
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		if !each(day, look) {
			return
		}
	}
}

// several runs trials on all cores and counts those that return true.
func several(trials int, run func(random *rand.Rand) bool) int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	next, count := make(chan int), 0
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range next {
				if run(rand.New(rand.NewPCG(11, uint64(n)))) {
					mu.Lock()
					count++
					mu.Unlock()
				}
			}
		})
	}
	for n := range trials {
		next <- n
	}
	close(next)
	wg.Wait()
	return count
}

// effects are those that are to be found.
func effects() []float64 {
	if os.Getenv("SIHAI_LONG") == "1" {
		return []float64{0.005, 0.01, 0.02}
	}
	return []float64{0.02}
}

func trials() int {
	if os.Getenv("SIHAI_LONG") == "1" {
		return 1000
	}
	return 20
}

// Where both arms are the same, looking every day alarms in no more experiments than promised; where one is better, it is found.
func TestDailyLooksAlarmAsSeldomAsPromised(t *testing.T) {
	n := trials()
	alarms := several(n, func(random *rand.Rand) (alarm bool) {
		trial(t, random, 0, func(_ int, look experiment.Look) bool {
			alarm = look.Verdict() != experiment.Open
			if alarm != (look.Evidence >= 20) {
				t.Errorf("evidence %v and interval %+v do not agree", look.Evidence, look.Difference.Interval)
			}
			return !alarm
		})
		return alarm
	})
	t.Logf("A/A: %d of %d alarmed", alarms, n)
	if float64(alarms) > 0.05*float64(n) {
		t.Errorf("%d of %d experiments without a difference alarmed", alarms, n)
	}
	for _, effect := range effects() {
		missed := several(n, func(random *rand.Rand) (missed bool) {
			trial(t, random, effect, func(_ int, look experiment.Look) bool {
				missed = missed || !look.Difference.Interval.Holds(effect)
				return !missed
			})
			return missed
		})
		days := 0
		var mu sync.Mutex
		found := several(n, func(random *rand.Rand) (found bool) {
			trial(t, random, effect, func(day int, look experiment.Look) bool {
				if found = look.Verdict() == experiment.Better; found {
					mu.Lock()
					days += day + 1
					mu.Unlock()
				}
				return !found
			})
			return found
		})
		t.Logf("effect %v: found in %d of %d, after %.1f days; the truth was missed at some look in %d", effect, found, n, float64(days)/math.Max(1, float64(found)), missed)
		if float64(missed) > 0.05*float64(n) {
			t.Errorf("effect %v: the truth was missed at some look in %d of %d", effect, missed, n)
		}
		if effect == 0.02 && float64(found) < 0.9*float64(n) {
			t.Errorf("effect %v: found in %d of %d only", effect, found, n)
		}
	}
}

func TestGuards(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	c := experiment.NewComparison(20_000)
	for u := range 20_000 {
		if err := c.Add(u, u%2, 1-0.1*float64(u%2)+random.NormFloat64()/10, 1); err != nil {
			t.Fatal(err)
		}
	}
	look, err := experiment.Watch{Effect: 0.05, Metrics: 3}.Look(c)
	if err != nil {
		t.Fatal(err)
	}
	if look.Verdict() != experiment.Worse || look.Guard(0.05) != experiment.Broken || look.Guard(0.2) != experiment.Kept || look.Guard(0.1) != experiment.Undecided {
		t.Errorf("%+v: %v, %v, %v, %v", look, look.Verdict(), look.Guard(0.05), look.Guard(0.2), look.Guard(0.1))
	}
	one, err := experiment.Watch{Effect: 0.05}.Look(c)
	if err != nil || one.Difference.Interval.High-one.Difference.Interval.Low >= look.Difference.Interval.High-look.Difference.Interval.Low {
		t.Errorf("three metrics are told as surely as one: %+v, %+v, %v", look, one, err)
	}
	if err := c.Add(3, 0, 1, 1); err == nil {
		t.Error("a user is in both arms")
	}
	if _, err := (experiment.Watch{}).Look(c); err == nil {
		t.Error("no effect was taken")
	}
}

// Looking after every user, a split as meant is doubted in one of a thousand experiments at most, and one that leaks is found.
func TestMismatchFindsALeak(t *testing.T) {
	shares := []float64{0.5, 0.5}
	doubted := several(50, func(random *rand.Rand) bool {
		users := []int{0, 0}
		for range 5000 {
			users[random.IntN(2)]++
			if experiment.Mismatch(users, shares) > 1000 {
				return true
			}
		}
		return false
	})
	if doubted > 0 {
		t.Errorf("a fair split was doubted in %d of 50", doubted)
	}
	if m := experiment.Mismatch([]int{50_000, 48_500}, shares); m < 1000 {
		t.Errorf("a leak was not found: %v", m)
	}
	if m := experiment.Mismatch([]int{0, 0}, shares); m != 1 {
		t.Errorf("nobody is a mismatch of %v", m)
	}
}
