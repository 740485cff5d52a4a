package geo

import "math"

// box is a box in the plane of longitudes and latitudes.
type box struct {
	x, y           float64 // centre
	halfX, halfY   float64
	everyLongitude bool
}

// box returns the box round the disc. A disc of angular radius ρ at latitude φ spans asin(sin ρ / cos φ) of longitude to
// each side (Bronshtein, Handbook of Mathematics, 3.4.1.3), and every longitude when it holds a pole.
func (d disc) box() box {
	rho := float64(d.radius / EarthRadius)
	b := box{x: d.center.Lng, y: d.center.Lat, halfY: rho * 180 / math.Pi}
	sine := math.Sin(min(rho, math.Pi/2)) / math.Cos(radians(d.center.Lat))
	if math.Abs(b.y)+b.halfY >= 90 || sine >= 1 {
		b.everyLongitude = true
		return b
	}
	b.halfX = math.Asin(sine)*180/math.Pi + 1e-9
	return b
}

// meets reports whether an edge of r, in any of its repetitions, meets the box.
func (r *ring) meets(b box) bool {
	if r.minY > b.y+b.halfY || r.maxY < b.y-b.halfY {
		return false
	}
	if b.everyLongitude {
		return r.meetsBox(r.x[0], math.Inf(1), b)
	}
	first := math.Ceil((r.minX - b.halfX - b.x) / 360)
	for x := b.x + 360*first; x-b.halfX <= r.maxX; x += 360 {
		if r.meetsBox(x, b.halfX, b) {
			return true
		}
	}
	return false
}

// meetsBox is meets in the plane, with the box at longitude x and halfX of it to each side.
func (r *ring) meetsBox(x, halfX float64, b box) (met bool) {
	r.walk(func(run bounds, _, _ int) bool {
		return met || run.minX > x+halfX || run.maxX < x-halfX || run.minY > b.y+b.halfY || run.maxY < b.y-b.halfY
	}, func(i int) {
		x0, y0, x1, y1 := r.edge(i)
		if b.everyLongitude {
			met = met || min(y0, y1) <= b.y+b.halfY && max(y0, y1) >= b.y-b.halfY
			return
		}
		met = met || segmentMeets(x0-x, y0-b.y, x1-x, y1-b.y, halfX, b.halfY)
	})
	return met
}

// segmentMeets tests a segment against a box round the origin by separating axes (Ericson, Real-Time Collision Detection, 5.3.3).
func segmentMeets(x0, y0, x1, y1, halfX, halfY float64) bool {
	if min(x0, x1) > halfX || max(x0, x1) < -halfX || min(y0, y1) > halfY || max(y0, y1) < -halfY {
		return false
	}
	dx, dy := x1-x0, y1-y0
	return math.Abs(x0*dy-y0*dx) <= halfX*math.Abs(dy)+halfY*math.Abs(dx)
}
