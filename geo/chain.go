package geo

import "math"

// chainRun is the number of edges under a bound of the lowest level, and of bounds under one of the next.
const chainRun = 1 << chainShift

const chainShift = 3

// unchained is the number of edges up to which a ring has no chain: looking at each of them costs no more.
const unchained = 16

// bounds is a box in the plane of longitudes and latitudes that holds some consecutive edges of a ring.
type bounds struct{ minX, maxX, minY, maxY float64 }

// chain is the bounds of a ring's runs of consecutive edges, rounded outwards: at level 0 of chainRun edges each, at each higher level of chainRun runs of the level
// below, as long as there are more than that; the levels one after another. Since a run is one unbroken line from its first vertex to its last, a question about a run that lies off the
// point asked about is often settled by these two ends alone; so few edges are looked at in a ring of many.
type chain []chained

// chained is bounds in single precision.
type chained struct{ minX, maxX, minY, maxY float32 }

// newChain takes the vertices of a closed line, the last joined to the first.
func newChain(x, y []float64) chain {
	levels := chainLevels(len(x))
	if levels == 0 {
		return nil
	}
	total := 0
	for n, level := len(x), 0; level < levels; level++ {
		n = runs(n)
		total += n
	}
	c := make(chain, 0, total)
	for n := range runs(len(x)) {
		b := bounds{x[n<<chainShift], x[n<<chainShift], y[n<<chainShift], y[n<<chainShift]}
		for i := n<<chainShift + 1; i <= min(len(x), (n+1)<<chainShift); i++ {
			j := i % len(x)
			b = bounds{min(b.minX, x[j]), max(b.maxX, x[j]), min(b.minY, y[j]), max(b.maxY, y[j])}
		}
		c = append(c, chained{below32(b.minX), -below32(-b.maxX), below32(b.minY), -below32(-b.maxY)})
	}
	for level := c; len(level) > chainRun; {
		before := len(c)
		for n := range runs(len(level)) {
			next := level[n<<chainShift]
			for _, b := range level[n<<chainShift+1 : min(len(level), (n+1)<<chainShift)] {
				next = chained{min(next.minX, b.minX), max(next.maxX, b.maxX), min(next.minY, b.minY), max(next.maxY, b.maxY)}
			}
			c = append(c, next)
		}
		level = c[before:]
	}
	return c
}

// below32 rounds downwards.
func below32(v float64) float32 {
	r := float32(v)
	if float64(r) > v {
		return math.Nextafter32(r, float32(math.Inf(-1)))
	}
	return r
}

// chainLevels is the number of levels of a ring of n edges.
func chainLevels(n int) (levels int) {
	if n <= unchained {
		return 0
	}
	for levels = 1; runs(n) > chainRun; levels++ {
		n = runs(n)
	}
	return levels
}

// level returns the bounds of a level.
func (r *ring) level(level int) []chained {
	from, n := 0, runs(len(r.x))
	for range level {
		from += n
		n = runs(n)
	}
	return r.chain[from : from+n]
}

func (b *chained) bounds() bounds {
	return bounds{float64(b.minX), float64(b.maxX), float64(b.minY), float64(b.maxY)}
}

func (r *ring) bounds() bounds { return bounds{r.minX, r.maxX, r.minY, r.maxY} }

// runs is the number of runs into which n things fall.
func runs(n int) int { return (n + chainRun - 1) >> chainShift }

// walk asks settle about the run of all edges, which are those from vertex lo up to vertex hi; where the answer is false, about the runs
// in it, in order, and in the end calls edge for each edge of a run of the lowest level.
func (r *ring) walk(settle func(b bounds, lo, hi int) bool, edge func(i int)) {
	if settle(r.bounds(), 0, len(r.x)) {
		return
	}
	if len(r.chain) == 0 {
		for i := range r.x {
			edge(i)
		}
		return
	}
	top := chainLevels(len(r.x)) - 1
	for n := range r.level(top) {
		r.walkRun(top, n, settle, edge)
	}
}

func (r *ring) walkRun(level, n int, settle func(b bounds, lo, hi int) bool, edge func(i int)) {
	shift := chainShift * (level + 1)
	lo, hi := n<<shift, min((n+1)<<shift, len(r.x))
	if settle(r.level(level)[n].bounds(), lo, hi) {
		return
	}
	if level == 0 {
		for i := lo; i < hi; i++ {
			edge(i)
		}
		return
	}
	for child := n << chainShift; child < min((n+1)<<chainShift, len(r.level(level-1))); child++ {
		r.walkRun(level-1, child, settle, edge)
	}
}

// end returns vertex i, where i may be the number of edges: the first vertex again.
func (r *ring) end(i int) (x, y float64) {
	if i == len(r.x) {
		i = 0
	}
	return r.x[i], r.y[i]
}

// gap is at most the distance from p to any point of the box: the greater of the way between the parallels and the way to the nearer
// meridian, sin d = cos φ sin Δλ (Napier's rules; Bronshtein, Handbook of Mathematics, 3.4.3.1).
func (b bounds) gap(p LatLng) Meters {
	north := max(0, b.minY-p.Lat, p.Lat-b.maxY)
	east := math.Abs(math.Remainder(p.Lng-(b.minX+b.maxX)/2, 360)) - (b.maxX-b.minX)/2
	angle := radians(north)
	if east > 0 {
		angle = max(angle, math.Asin(math.Cos(radians(p.Lat))*math.Sin(radians(min(east, 90)))))
	}
	return EarthRadius * Meters(angle*(1-1e-9))
}

// nearestRun returns an edge of a run that is likely near p.
func (r *ring) nearestRun(p LatLng) int {
	n := 0
	for level := chainLevels(len(r.x)) - 1; level >= 0; level-- {
		all := r.level(level)
		best, least := n<<chainShift, Meters(math.Inf(1))
		for child := best; child < min((n+1)<<chainShift, len(all)); child++ {
			if g := all[child].bounds().gap(p); g < least {
				best, least = child, g
			}
		}
		n = best
	}
	if len(r.chain) == 0 {
		return 0
	}
	return n << chainShift
}
