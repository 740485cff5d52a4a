package geo

import (
	"cmp"
	"math"
	"slices"
)

// drawRings brings a polygon into the strip of longitudes from -180 to 180.
func drawRings(outer *ring, holes []ring) []drawn {
	whole := drawn{outer.outline()}
	fits := outer.fits()
	lines := outer.copies()
	for i := range holes {
		whole = append(whole, holes[i].outline())
		fits = fits && holes[i].fits()
		lines = append(lines, holes[i].copies()...)
	}
	if fits {
		return []drawn{whole}
	}
	return assemble(lines)
}

func (r *ring) fits() bool { return r.pole == 0 && r.minX >= -180 && r.maxX <= 180 }

func (r *ring) outline() outline {
	line := make(outline, len(r.x))
	for i := range line {
		line[i] = vertex{r.x[i], r.y[i]}
	}
	return line
}

// copies returns those repetitions of r that reach into the strip. For a ring round a pole that is one line which goes on over both borders and is closed at the pole.
func (r *ring) copies() (lines []outline) {
	if r.pole != 0 {
		given := r.outline()[:len(r.x)-3]
		turn := r.x[len(given)] - r.x[0]
		var line outline
		for k := -2.0; k <= 2; k++ {
			line = append(line, given.shifted(k*turn)...)
		}
		return []outline{append(line, vertex{line[len(line)-1].x, r.pole}, vertex{line[0].x, r.pole})}
	}
	for k := math.Floor((-180 - r.maxX) / 360); k <= math.Ceil((180-r.minX)/360); k++ {
		if r.maxX+360*k > -180 && r.minX+360*k < 180 {
			lines = append(lines, r.outline().shifted(360*k))
		}
	}
	return lines
}

// shifted returns the line moved to the east, to 1e-12 degrees: what was once moved away and comes back is as it was.
func (o outline) shifted(dx float64) outline {
	if dx == 0 {
		return o
	}
	line := make(outline, len(o))
	for i, v := range o {
		line[i] = vertex{math.Round((v.x+dx)*1e12) / 1e12, v.y}
	}
	return line
}

// assemble cuts lines, which bound what an odd number of them go round, at both borders of the strip, and says which of the pieces are holes in which.
func assemble(lines []outline) []drawn {
	lines = mirrored(below(mirrored(below(lines, 180)), 180))
	lines = slices.DeleteFunc(lines, func(o outline) bool { return len(o) < 3 || o.area() == 0 })
	around := make([][]int, len(lines)) // the lines that go round a line
	for j := range lines {
		r := planeRing(lines[j])
		for i := range lines {
			if i != j && lines[i].isIn(&r) {
				around[i] = append(around[i], j)
			}
		}
	}
	var parts []drawn
	number := make(map[int]int)
	for i, line := range lines {
		if len(around[i])%2 == 0 {
			number[i] = len(parts)
			parts = append(parts, drawn{line})
		}
	}
	for i, line := range lines {
		for _, j := range around[i] {
			if len(around[i])%2 == 1 && len(around[j]) == len(around[i])-1 {
				parts[number[j]] = append(parts[number[j]], line)
				break
			}
		}
	}
	return parts
}

func planeRing(o outline) ring {
	r := ring{x: make([]float64, len(o)), y: make([]float64, len(o))}
	for i, v := range o {
		r.x[i], r.y[i] = v.x, v.y
	}
	r.bound()
	return r
}

// isIn reports whether r goes round o, where the two do not cross: by the first vertex, or else the first middle of an edge, that is not on r.
func (o outline) isIn(r *ring) bool {
	for _, v := range o {
		if s := r.locatePlane(v.x, v.y); s != onEdge {
			return s == within
		}
	}
	for i, v := range o {
		next := o[(i+1)%len(o)]
		if s := r.locatePlane((v.x+next.x)/2, (v.y+next.y)/2); s != onEdge {
			return s == within
		}
	}
	return false
}

func mirrored(lines []outline) []outline {
	for i, line := range lines {
		turned := make(outline, len(line))
		for k, v := range line {
			turned[k] = vertex{-v.x, v.y}
		}
		lines[i] = turned
	}
	return lines
}

// tip is where a thread meets the border.
type tip struct {
	y      float64
	thread int
	last   bool // the thread's end, not its beginning
}

// below returns the part of a figure to the west of a border. What remains of lines that cross it are threads from border to border; the figure
// meets the border between the first and the second of their tips by latitude, the third and the fourth, and so on, and there they are joined.
func below(lines []outline, border float64) (kept []outline) {
	var threads []outline
	for _, line := range lines {
		first := slices.IndexFunc(line, func(v vertex) bool { return v.x >= border })
		switch {
		case first < 0:
			kept = append(kept, line)
		default:
			threads = append(threads, line.threads(first, border)...)
		}
	}
	mates := mate(threads)
	used := make([]bool, len(threads))
	for i := range threads {
		var line outline
		for at := (tip{thread: i}); !used[at.thread]; {
			used[at.thread] = true
			thread := threads[at.thread]
			if at.last {
				slices.Reverse(thread)
			}
			line = append(line, thread...)
			at.last = !at.last
			at = mates[tip{thread: at.thread, last: at.last}]
		}
		if line = slices.Compact(line); len(line) > 0 {
			kept = append(kept, line)
		}
	}
	return kept
}

// threads returns the parts of a line to the west of a border, each with its two points on the border. The vertex at first is not to the west.
func (o outline) threads(first int, border float64) (threads []outline) {
	var thread outline
	for k := range o {
		a, b := o[(first+k)%len(o)], o[(first+k+1)%len(o)]
		switch {
		case a.x >= border && b.x < border:
			thread = outline{crossing(b, a, border), b}
		case a.x < border && b.x >= border:
			threads = append(threads, append(thread, crossing(a, b, border)))
		case b.x < border:
			thread = append(thread, b)
		}
	}
	return threads
}

// crossing is where an edge from the west meets the border.
func crossing(west, east vertex, border float64) vertex {
	if east.x == border {
		return east
	}
	return vertex{border, west.y + (border-west.x)/(east.x-west.x)*(east.y-west.y)}
}

// mate says of each tip, its latitude left out, to which one it is joined along the border.
func mate(threads []outline) map[tip]tip {
	var tips []tip
	for i, thread := range threads {
		tips = append(tips, tip{thread[0].y, i, false}, tip{thread[len(thread)-1].y, i, true})
	}
	slices.SortStableFunc(tips, func(a, b tip) int {
		return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.thread, b.thread))
	})
	mates := make(map[tip]tip, len(tips))
	for i := 0; i+1 < len(tips); i += 2 {
		a, b := tips[i], tips[i+1]
		a.y, b.y = 0, 0
		mates[a], mates[b] = b, a
	}
	return mates
}
