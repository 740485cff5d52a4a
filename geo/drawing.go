package geo

import (
	"math"
	"slices"
	"strconv"
)

// vertex is a point of the plane of longitudes and latitudes.
type vertex struct{ x, y float64 }

// outline is a closed line, its last vertex joined to the first.
type outline []vertex

// drawn is a polygon within [-180, 180] of longitude: the outer outline and its holes.
type drawn []outline

// circleCorners is the number of corners with which a circle is drawn.
const circleCorners = 64

// AppendGeoJSON appends f as a GeoJSON Polygon, or MultiPolygon where it has several parts, for display. A circle becomes a polygon of 64 corners on
// its line, a set of cells the outlines of its cells, polygons stay as they are; what crosses the antimeridian or winds round a pole is cut there
// (RFC 7946, section 3.1.9), and all outer rings run counterclockwise, holes clockwise. Holes that leave their polygon are drawn as filled outside of it.
// What has no area in the plane is left out. Cost: linear in the vertices, and for what is cut the square of the number of pieces.
func (f *Fence) AppendGeoJSON(dst []byte) []byte {
	parts := f.shape.draw()
	if len(parts) == 1 {
		dst = append(dst, `{"type":"Polygon","coordinates":`...)
		return append(parts[0].appendCoordinates(dst), '}')
	}
	dst = append(dst, `{"type":"MultiPolygon","coordinates":[`...)
	for i, part := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = part.appendCoordinates(dst)
	}
	return append(dst, "]}"...)
}

func (d drawn) appendCoordinates(dst []byte) []byte {
	dst = append(dst, '[')
	for i, line := range d {
		if i > 0 {
			dst = append(dst, ',')
		}
		line = line.stepped()
		if (line.area() > 0) != (i == 0) {
			slices.Reverse(line)
		}
		dst = append(dst, '[')
		for _, v := range line {
			dst = append(v.appendPosition(dst), ',')
		}
		dst = append(line[0].appendPosition(dst), ']')
	}
	return append(dst, ']')
}

func (v vertex) appendPosition(dst []byte) []byte {
	dst = strconv.AppendFloat(append(dst, '['), v.x, 'f', -1, 64)
	dst = strconv.AppendFloat(append(dst, ','), v.y, 'f', -1, 64)
	return append(dst, ']')
}

// stepped returns a copy in which no edge is longer than half the globe, so that none is read as the shorter way round.
func (o outline) stepped() outline {
	line := make(outline, 0, len(o)+1)
	for i, v := range o {
		line = append(line, v)
		next := o[(i+1)%len(o)]
		if dx := next.x - v.x; math.Abs(dx) > 180 {
			for _, t := range []float64{0.25, 0.5, 0.75} {
				line = append(line, vertex{v.x + t*dx, v.y + t*(next.y-v.y)})
			}
		}
	}
	return line
}

// area is twice the signed area, positive for a counterclockwise line.
func (o outline) area() (sum float64) {
	for i, v := range o {
		next := o[(i+1)%len(o)]
		sum += (v.x-o[0].x)*(next.y-o[0].y) - (next.x-o[0].x)*(v.y-o[0].y)
	}
	return sum
}

func (s polygons) draw() (parts []drawn) {
	for i := range s {
		parts = append(parts, drawRings(&s[i].outer, s[i].holes)...)
	}
	return parts
}

func (s cellSet) draw() (parts []drawn) {
	for _, cell := range s.cells {
		if r, ok := outlineOf(cell); ok {
			parts = append(parts, drawRings(&r, nil)...)
		}
	}
	return parts
}

func (c circle) draw() []drawn {
	r, _ := newRing(c.corners())
	fromPole := 90 - math.Abs(c.center.Lat)
	switch radius := float64(c.radius/EarthRadius) * 180 / math.Pi; {
	case r.pole != 0:
		r.pole = math.Copysign(90, c.center.Lat)
	case radius > 180-fromPole: // it holds both poles: the line goes round what it does not hold
		return assemble(append(r.copies(), outline{{-540, -90}, {540, -90}, {540, 90}, {-540, 90}}))
	}
	return drawRings(&r, nil)
}

// corners returns points of the circle's line, counterclockwise from the north.
func (c circle) corners() []LatLng {
	sinLat, cosLat := math.Sincos(radians(c.center.Lat))
	sinLng, cosLng := math.Sincos(radians(c.center.Lng))
	sinArc, cosArc := math.Sincos(float64(c.radius / EarthRadius))
	up := c.center.vector()
	north := [3]float64{-sinLat * cosLng, -sinLat * sinLng, cosLat}
	east := [3]float64{-sinLng, cosLng, 0}
	at := make([]LatLng, circleCorners)
	for i := range at {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / circleCorners)
		var v [3]float64
		for k := range v {
			v[k] = cosArc*up[k] + sinArc*(cos*north[k]-sin*east[k])
		}
		at[i] = position(v)
	}
	return at
}
