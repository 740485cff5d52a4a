package geo

import "math"

// roundCap is a disc on the unit sphere.
type roundCap struct {
	axis  [3]float64
	angle float64
}

func capOf(d disc) roundCap { return roundCap{d.center.vector(), float64(d.radius / EarthRadius)} }

// smallCap is the angle up to which a disc is covered by a window of squares: 127 km.
const smallCap = 0.02

// touch adds the squares of a level that a small disc meets; it reports whether they are all of one face, and adds none where they are not. The squares near the middle are
// brought onto the plane that touches the sphere at the disc's middle, from the sphere's: great circles become straight lines, and the disc one of radius tan ρ.
//
// How far the disc reaches from the middle on its face: a tangent u changes by at most √(1+u²)·√(1+u²+w²) for an angle, and this by less than eight times the angle.
func (d roundCap) touch(t *tiles, level int) bool {
	g := gridAt(d.axis)
	major, a, b := axes(g.face)
	length := math.Abs(d.axis[major])
	u, w := d.axis[a]/length, d.axis[b]/length
	reach := (d.angle + float64(coverMargin/EarthRadius)) * (1 + 8*d.angle) * math.Sqrt(1+u*u+w*w)
	du, dw := reach*math.Sqrt(1+u*u), reach*math.Sqrt(1+w*w)
	if d.angle > smallCap || math.Abs(u)+du >= 1 || math.Abs(w)+dw >= 1 {
		return false
	}
	shift := maxLevel - level
	west, south := step(u-du)>>shift, step(w-dw)>>shift
	columns, rows := int(step(u+du)>>shift-west)+1, int(step(w+dw)>>shift-south)+1
	const most = 8 // rows of the window
	if columns > most || rows > most {
		return false
	}
	side := 1 / float64(uint64(1)<<level)
	east, north := tangentAxes(d.axis)
	sign := math.Copysign(1, d.axis[major])
	outer, inner := d.tangents()
	outer2, inner2 := outer*outer, math.Copysign(inner*inner, inner)
	own := g.at(level)
	var tangents [most + 1]float64
	for j := range rows + 1 {
		tangents[j] = tangent(float64(int(south)+j) * side)
	}
	var corners [2][most + 1]onPlane // of the west and of the east of a column
	for i := range columns + 1 {
		corners[0] = corners[1]
		u := tangent(float64(int(west)+i) * side)
		ahead := sign*d.axis[major] + u*d.axis[a]
		x, y := sign*east[major]+u*east[a], sign*north[major]+u*north[a]
		for j, w := range tangents[:rows+1] {
			scale := 1 / (ahead + w*d.axis[b])
			c := onPlane{x: (x + w*east[b]) * scale, y: (y + w*north[b]) * scale}
			c.away2 = c.x*c.x + c.y*c.y
			corners[1][j] = c
		}
		if i == 0 {
			continue
		}
		for j := range rows {
			p, q, r, s := &corners[0][j], &corners[1][j], &corners[1][j+1], &corners[0][j+1]
			switch at := squareOf(g.face, level, west+uint32(i-1), south+uint32(j)); {
			case max(p.away2, q.away2, r.away2, s.away2) <= inner2:
				t.whole = append(t.whole, at)
			case min(p.away2, q.away2, r.away2, s.away2) <= outer2 || at == own ||
				passes(p, q, outer2) || passes(q, r, outer2) || passes(r, s, outer2) || passes(s, p, outer2):
				t.crossed = append(t.crossed, at)
			}
		}
	}
	return true
}

// onPlane is a corner of a square on the plane, and the square of how far it is from the middle.
type onPlane struct{ x, y, away2 float64 }

// tangents returns the radii on the plane of a disc a little larger, and of one a little smaller, which may be below zero.
func (d roundCap) tangents() (outer, inner float64) {
	const margin = float64(coverMargin / EarthRadius)
	return math.Tan(d.angle + margin), math.Tan(d.angle - margin)
}

// passes reports whether the segment between two corners, neither of which does, comes within a distance of the middle, of which the square is given.
func passes(p, q *onPlane, distance2 float64) bool {
	dx, dy := q.x-p.x, q.y-p.y
	length2 := dx*dx + dy*dy
	along := -(p.x*dx + p.y*dy)
	if along <= 0 || along >= length2 {
		return false
	}
	cross := p.x*dy - p.y*dx
	return cross*cross <= distance2*length2
}

// axes returns which coordinate is the greatest on a face, and which are its columns' and rows'.
func axes(face uint64) (major, a, b int) {
	switch face >> 1 {
	case 0:
		return 0, 1, 2
	case 1:
		return 1, 0, 2
	}
	return 2, 0, 1
}

// tangentAxes returns two unit vectors at right angles to a third, and to one another.
func tangentAxes(v [3]float64) (east, north [3]float64) {
	east = [3]float64{-v[1], v[0], 0}
	if math.Abs(v[2]) > 0.75 {
		east = [3]float64{-v[2], 0, v[0]}
	}
	length := math.Sqrt(east[0]*east[0] + east[1]*east[1] + east[2]*east[2])
	for k := range east {
		east[k] /= length
	}
	return east, [3]float64{v[1]*east[2] - v[2]*east[1], v[2]*east[0] - v[0]*east[2], v[0]*east[1] - v[1]*east[0]}
}
