package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// TestSlopes holds the gradient of each loss against differences of its value.
func TestSlopes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const groups, each, width = 12, 5, 3
	d := &tuning.Dataset{Features: []string{"a", "b", "c"}, Offsets: []int{0}}
	var all []int
	for g := range groups {
		for i := range each {
			d.Values = append(d.Values, r.Float64(), 3+r.NormFloat64(), r.Float64())
			d.Labels = append(d.Labels, float64(r.IntN(3))/2)
			d.Weights = append(d.Weights, 0.5+r.Float64())
			d.Positions = append(d.Positions, int32(i+1))
		}
		d.Offsets = append(d.Offsets, len(d.Labels))
		all = append(all, g)
	}
	o := Options{Features: d.Features, Buckets: map[string]int{"c": 3}, Crosses: [][2]string{{"a", "b"}}}
	x := newDesign(d, &o, all)
	for _, c := range []struct {
		loss Loss
		seek bool
	}{{Logistic, false}, {Logistic, true}, {Pairwise, false}, {Listwise, false}} {
		f := newObjective(x, c.loss, all, examination{1, 0.7, 0.5, 0.4, 0.3}, c.seek)
		f.penalty = 0.1
		at, grad := make([]float64, f.params), make([]float64, f.params)
		for j := range at {
			at[j] = r.NormFloat64() / 3
		}
		f.evaluate(at, grad)
		for j := range at {
			const h = 1e-5
			was := at[j]
			at[j] = was + h
			above := f.evaluate(at, nil)
			at[j] = was - h
			below := f.evaluate(at, nil)
			at[j] = was
			if want := (above - below) / (2 * h); math.Abs(grad[j]-want) > 1e-6 {
				t.Errorf("%s, positions sought %v: slope %d is %v, by differences %v", c.loss, c.seek, j, grad[j], want)
			}
		}
	}
}

// TestNear holds the proximal map against a search.
func TestNear(t *testing.T) {
	for _, sign := range []int{-1, 0, 1} {
		for _, l1 := range []float64{0, 0.3} {
			for _, x := range []float64{-2, -0.2, 0, 0.1, 1} {
				const step = 0.5
				b := bounds{l1: []float64{l1}, signs: []int{sign}}
				got := []float64{x}
				b.near(got, step)
				best, least := 0.0, math.Inf(1)
				for i := -4000; i <= 4000; i++ {
					y := float64(i) / 1000
					if float64(sign)*y < 0 {
						continue
					}
					if v := (y-x)*(y-x)/(2*step) + l1*math.Abs(y); v < least-1e-12 {
						best, least = y, v
					}
				}
				if math.Abs(got[0]-best) > 1e-3 {
					t.Errorf("near %v with sign %d and L1 %v: %v, by search %v", x, sign, l1, got[0], best)
				}
			}
		}
	}
}

// The log-odds of clicks are those of the chance θ σ(s), also where it is next to 0 and 1.
func TestClickOdds(t *testing.T) {
	for _, theta := range []float64{0.02, 0.5, 1} {
		for _, s := range []float64{-700, -30, -2, 0, 1, 30, 700} {
			got, slope := clickOdds(s, theta)
			wish := 1 / (1 + math.Exp(-s))
			want := math.Log(theta*wish) - math.Log1p(-theta*wish)
			if theta == 1 {
				want = s
			}
			const h = 1e-5
			above, _ := clickOdds(s+h, theta)
			below, _ := clickOdds(s-h, theta)
			if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) || math.Abs(slope-(above-below)/(2*h)) > 1e-5 {
				t.Errorf("θ %v, s %v: %v with slope %v; want %v, %v", theta, s, got, slope, want, (above-below)/(2*h))
			}
		}
	}
}
