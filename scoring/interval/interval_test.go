package interval_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/sihai-network/sihai/scoring/interval"
)

// The value and the standard error are those of the jackknife, nearly, and of the textbook's formula exactly.
func TestEstimateEqualsTheTextbook(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const users = 400
	r, difference := interval.NewRatios(users, 1, 0), interval.NewRatios(users, 1, 0)
	var a, b, c, d [users]float64
	for u := range users {
		for range 1 + random.IntN(5) {
			x, y := random.ExpFloat64(), random.Float64()
			r.Add(u, 0, x, 1)
			difference.Add(u, 0, y*x, y)
			a[u], b[u], c[u], d[u] = a[u]+x, b[u]+1, c[u]+y*x, d[u]+y
		}
	}
	total := func(x [users]float64) (sum float64) {
		for _, v := range x {
			sum += v
		}
		return sum
	}
	theta, phi := total(a)/total(b), total(c)/total(d)
	var squares, both float64
	for u := range users {
		i, j := (a[u]-theta*b[u])/total(b), (c[u]-phi*d[u])/total(d)
		squares += i * i
		both += (i - j) * (i - j)
	}
	got, err := r.Estimate(interval.Options{})
	if err != nil || math.Abs(got.Value-theta) > 1e-12 || math.Abs(got.Error-math.Sqrt(squares*users/(users-1))) > 1e-12 || !got.Interval.Holds(theta) {
		t.Errorf("%+v, %v; want %v", got, err, theta)
	}
	got, err = interval.Difference(r, difference).Estimate(interval.Options{})
	if err != nil || math.Abs(got.Value-theta+phi) > 1e-12 || math.Abs(got.Error-math.Sqrt(both*users/(users-1))) > 1e-12 {
		t.Errorf("%+v, %v; want %v", got, err, theta-phi)
	}
	again, _ := interval.Difference(r, difference).Estimate(interval.Options{})
	if again != got {
		t.Errorf("%+v and then %+v", got, again)
	}
}

// Intervals of skewed sums of few users hold the truth as often as they say, on the scale of the logarithm and, where parts are below 0, on the plain one.
func TestIntervalsHoldSkewedMeans(t *testing.T) {
	trials, low, high := 100, 0.87, 1.0
	if os.Getenv("SIHAI_LONG") == "1" {
		trials, low, high = 1000, 0.93, 0.97
	}
	for name, draw := range map[string]func(random *rand.Rand) float64{
		"all above 0":     func(random *rand.Rand) float64 { return random.ExpFloat64() * random.ExpFloat64() },
		"some below 0":    func(random *rand.Rand) float64 { return 1 + random.ExpFloat64()*random.NormFloat64() },
		"skewed, below 0": func(random *rand.Rand) float64 { return 2*random.ExpFloat64()*random.ExpFloat64() - 1 },
	} {
		for _, users := range []int{100, 400} {
			held := 0
			for trial := range trials {
				random := rand.New(rand.NewPCG(uint64(users), uint64(trial)))
				r := interval.NewRatios(users, 1, 0)
				for u := range users {
					n := 1 + random.IntN(4)
					r.Add(u, 0, float64(n)*draw(random), float64(n))
				}
				e, err := r.Estimate(interval.Options{Seed: uint64(trial), Resamples: 399})
				if err != nil {
					t.Fatal(err)
				}
				if e.Interval.Holds(1) {
					held++
				}
			}
			share := float64(held) / float64(trials)
			t.Logf("%s, %d users: held in %.3f of the intervals", name, users, share)
			if share < low || share > high {
				t.Errorf("%s, %d users: held in %.3f of the intervals, not %.2f to %.2f", name, users, share, low, high)
			}
		}
	}
}

// More users than are kept by themselves change nothing but the detail.
func TestManyUsersArePutTogether(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	const users = 50_000
	r := interval.NewRatios(users, 1, 0)
	var sum, squares float64
	for u := range users {
		x := random.ExpFloat64()
		sum += x
		squares += x * x
		r.Add(u, 0, x, 1)
	}
	mean := sum / users
	want := math.Sqrt((squares/users - mean*mean) / users)
	got, err := r.Estimate(interval.Options{})
	if err != nil || math.Abs(got.Value-mean) > 1e-12 || math.Abs(got.Error/want-1) > 0.1 {
		t.Errorf("%+v, %v; want %v ± %v", got, err, mean, want)
	}
}

func TestNoIntervalWithoutUsers(t *testing.T) {
	for name, c := range map[string]struct {
		users int
		value func(u int) float64
		want  error
	}{
		"none":           {0, nil, interval.ErrFew},
		"few":            {9, func(u int) float64 { return float64(u) }, interval.ErrFew},
		"all the same":   {50, func(int) float64 { return 0.3 }, interval.ErrFlat},
		"only one of 50": {50, func(u int) float64 { return float64(u / 49) }, interval.ErrFlat},
	} {
		r := interval.NewRatios(c.users, 1, 0)
		for u := range c.users {
			r.Add(u, 0, c.value(u), 1)
		}
		e, err := r.Estimate(interval.Options{})
		if !errors.Is(err, c.want) || !math.IsNaN(e.Error) || !math.IsNaN(e.Interval.Low) {
			t.Errorf("%s: %+v, %v; want %v", name, e, err, c.want)
		}
	}
}
