package fit_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// city is a log that was invented: what travellers want is known.
type city struct {
	*tuning.Dataset
	wants []float64 // by row: the log-odds of a click, had the traveller looked
}

// plan says how to invent a city.
type plan struct {
	seed         uint64
	groups, each int
	features     []string
	want         func(row []float64) float64
	// look is the chance that position k, from 1, is looked at; nil: all are.
	look func(k int) float64
	// choose makes one click a group, by a softmax of the wishes of what is looked at; or else each row is clicked on its own.
	choose bool
	// logged orders the rows, by which they get their positions; nil: by chance.
	logged func(row []float64) float64
}

func (p plan) build() city {
	r := rand.New(rand.NewPCG(p.seed, 1))
	w := len(p.features)
	rows := p.groups * p.each
	c := city{Dataset: &tuning.Dataset{
		Features: p.features, Values: make([]float64, rows*w), Offsets: make([]int, 1, p.groups+1), Labels: make([]float64, rows),
		Positions: make([]int32, rows), Times: make([]int64, p.groups), Users: make([]int32, p.groups),
	}, wants: make([]float64, rows)}
	for u := range 500 {
		c.UserNames = append(c.UserNames, fmt.Sprint("u", u))
	}
	for g := range p.groups {
		from := g * p.each
		c.Offsets = append(c.Offsets, from+p.each)
		c.Times[g], c.Users[g] = int64(g), int32(r.IntN(500))
		for i := from; i < from+p.each; i++ {
			row := c.Row(i)
			for j := range row {
				row[j] = r.Float64()
			}
			c.wants[i] = p.want(row)
		}
		p.place(r, c, from)
		p.click(r, c, from)
	}
	return c
}

// place gives the rows of a group their positions.
func (p plan) place(r *rand.Rand, c city, from int) {
	keys := make([]float64, p.each)
	for i := range keys {
		keys[i] = r.NormFloat64() / 4
		if p.logged != nil {
			keys[i] += p.logged(c.Row(from + i))
		}
	}
	for i := range keys {
		rank := int32(1)
		for j := range keys {
			if keys[j] > keys[i] {
				rank++
			}
		}
		c.Positions[from+i] = rank
	}
}

func (p plan) click(r *rand.Rand, c city, from int) {
	if p.choose {
		total, at := 0.0, r.Float64()
		for i := from; i < from+p.each; i++ {
			total += p.looked(c.Positions[i]) * math.Exp(c.wants[i])
		}
		for i := from; i < from+p.each; i++ {
			if at -= p.looked(c.Positions[i]) * math.Exp(c.wants[i]) / total; at < 0 {
				c.Labels[i] = 1
				return
			}
		}
		return
	}
	for i := from; i < from+p.each; i++ {
		if r.Float64() < p.looked(c.Positions[i])/(1+math.Exp(-c.wants[i])) {
			c.Labels[i] = 1
		}
	}
}

// looked is the chance that a position, from 1, is looked at.
func (p plan) looked(position int32) float64 {
	if p.look == nil {
		return 1
	}
	return p.look(int(position))
}

// linear returns weights × features.
func linear(bias float64, weights ...float64) func([]float64) float64 {
	return func(row []float64) float64 {
		sum := bias
		for j, w := range weights {
			sum += w * row[j]
		}
		return sum
	}
}

// cosine is that of the angle between two lists of weights.
func cosine(a, b []float64) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

// featureNames are those of the product.
func featureNames() (names []string) {
	for _, f := range scoring.Features() {
		names = append(names, f.Name)
	}
	return names
}
