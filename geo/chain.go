package geo

import "math"

// chainRun is the number of edges under a bound of the lowest level, and of bounds under one of the next.
const chainRun = 1 << chainShift

const chainShift = 3

// bounds is a box in the plane of longitudes and latitudes that holds some consecutive edges of a ring.
type bounds struct{ minX, maxX, minY, maxY float64 }

// chain is the bounds of a ring's runs of consecutive edges: at level 0 of chainRun edges each, at each higher level of chainRun runs of the level
// below, at the last of all. Since a run is one unbroken line from its first vertex to its last, a question about a run that lies off the
// point asked about is often settled by these two ends alone; so few edges are looked at in a ring of many.
type chain [][]bounds

// newChain takes the vertices of a closed line, the last joined to the first.
func newChain(x, y []float64) chain {
	level := make([]bounds, runs(len(x)))
	for n := range level {
		b := bounds{x[n<<chainShift], x[n<<chainShift], y[n<<chainShift], y[n<<chainShift]}
		for i := n<<chainShift + 1; i <= min(len(x), (n+1)<<chainShift); i++ {
			j := i % len(x)
			b = b.join(bounds{x[j], x[j], y[j], y[j]})
		}
		level[n] = b
	}
	c := chain{level}
	for len(level) > 1 {
		next := make([]bounds, runs(len(level)))
		for n := range next {
			next[n] = level[n<<chainShift]
			for _, b := range level[n<<chainShift+1 : min(len(level), (n+1)<<chainShift)] {
				next[n] = next[n].join(b)
			}
		}
		level = next
		c = append(c, level)
	}
	return c
}

// runs is the number of runs into which n things fall.
func runs(n int) int { return (n + chainRun - 1) >> chainShift }

func (b bounds) join(c bounds) bounds {
	return bounds{min(b.minX, c.minX), max(b.maxX, c.maxX), min(b.minY, c.minY), max(b.maxY, c.maxY)}
}

// walk asks settle about the run of all edges, which are those from vertex lo up to vertex hi; where the answer is false, about the runs
// in it, in order, and in the end calls edge for each edge of a run of the lowest level.
func (r *ring) walk(settle func(b *bounds, lo, hi int) bool, edge func(i int)) {
	r.walkRun(len(r.chain)-1, 0, settle, edge)
}

func (r *ring) walkRun(level, n int, settle func(b *bounds, lo, hi int) bool, edge func(i int)) {
	shift := chainShift * (level + 1)
	lo, hi := n<<shift, min((n+1)<<shift, len(r.x))
	if settle(&r.chain[level][n], lo, hi) {
		return
	}
	if level == 0 {
		for i := lo; i < hi; i++ {
			edge(i)
		}
		return
	}
	for child := n << chainShift; child < min((n+1)<<chainShift, len(r.chain[level-1])); child++ {
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
func (b *bounds) gap(p LatLng) Meters {
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
	for level := len(r.chain) - 2; level >= 0; level-- {
		best, least := n<<chainShift, Meters(math.Inf(1))
		for child := best; child < min((n+1)<<chainShift, len(r.chain[level])); child++ {
			if g := r.chain[level][child].gap(p); g < least {
				best, least = child, g
			}
		}
		n = best
	}
	return n << chainShift
}
