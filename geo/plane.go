package geo

import "math"

// plane is a square's tangent plane, onto which places are brought at a right angle, in whole units of 1/8192 of a mean side. What is brought there comes nowhere farther
// apart: a chord in the plane is at most the true one. See discBand for the other side.
type plane struct {
	east, north [3]float64 // axes, in units
	middle      [3]float64
}

// discUnits is the units to a mean side of a square. Sixteen bits hold what is up to four sides away.
const discUnits = 8192

// planes holds the units to an earth radius by level.
var planes = func() (units [maxLevel + 1]float64) {
	for level := range units {
		units[level] = discUnits * float64(uint64(1)<<level) / meanEdge
	}
	return units
}()

// plane returns the tangent plane at the square's middle. Its axes are the same on every machine whose floating point is.
func (s square) plane() plane {
	m := s.center()
	scale := planes[s.level()]
	if s>>62 == 2 { // the faces at the poles
		scale /= math.Sqrt(m[0]*m[0] + m[2]*m[2])
		east := [3]float64{-m[2] * scale, 0, m[0] * scale}
		return plane{east, [3]float64{m[1] * east[2], m[2]*east[0] - m[0]*east[2], -m[1] * east[0]}, m}
	}
	scale /= math.Sqrt(m[0]*m[0] + m[1]*m[1])
	east := [3]float64{-m[1] * scale, m[0] * scale, 0}
	return plane{east, [3]float64{-m[2] * east[1], m[2] * east[0], m[0]*east[1] - m[1]*east[0]}, m}
}

// at brings a unit vector into the plane.
func (p *plane) at(v [3]float64) (x, y float64) {
	return v[0]*p.east[0] + v[1]*p.east[1] + v[2]*p.east[2], v[0]*p.north[0] + v[1]*p.north[1] + v[2]*p.north[2]
}

// A disc is a circle's posting at a square, in two words: the middle in the square's plane, eastward in the low half and northward in the high; and the radius, the
// chord of the circle's angle, in the same units.
//
// It is exact but for what it leaves open. The place on the plane of a point and of a middle are each rounded by at most 0.71 units and the radius by 0.5, so that the distance on the
// plane is known to 1.92 of them: less than discBand. The plane brings nothing farther apart, so that what is farther there than the radius is outside. Nor does it bring much
// nearer what is near the square: over a place at ρ from the middle the sphere falls with a slope of ρ/√(1-ρ²), so that a chord is at most √(1+ρ²/(1-ρ²)) times
// as long as on the plane, with ρ the farther of the two ends, at most 4√2 mean sides. The inner bound is taken that much smaller: see steepness.
const discBand = 3

// steepness is the least length on a square's plane of a chord of 65536, by level. On the squares of levels 0 and 2 nothing is sure to be inside.
var steepness = func() (share [maxLevel + 1]int64) {
	for level := range share {
		rho := 4 * math.Sqrt2 * meanEdge / float64(uint64(1)<<level)
		if rho < 0.6 {
			share[level] = int64(65536 * math.Sqrt(1-rho*rho))
		}
	}
	return share
}()

// radiusIn returns a disc's radius in units, rounded.
func radiusIn(angle float64, level int) float64 {
	return math.Floor(chordOf(angle)*planes[level] + 0.5)
}

// discAt returns where a circle's middle is on a square's plane; ok is false where sixteen bits cannot hold it, nor its radius.
func discAt(s square, around roundCap, radius float64) (center uint32, ok bool) {
	p := s.plane()
	x, y := p.at(around.axis)
	x, y = math.Floor(x+0.5), math.Floor(y+0.5)
	facing := p.middle[0]*around.axis[0] + p.middle[1]*around.axis[1] + p.middle[2]*around.axis[2]
	if facing < 0.1 || max(math.Abs(x), math.Abs(y)) > math.MaxInt16 || radius > math.MaxUint16 || radius < 4*discBand {
		return 0, false
	}
	return uint32(uint16(int16(x))) | uint32(int32(y))<<16, true
}
