package geo

import (
	"math"
	"math/bits"
)

// square is a cell of the index's own grid: the globe seen as a cube, each of its six faces divided into 2^level times 2^level squares. It holds face, level and
// the bits of row and column by turns, so that squares near one another have numbers near one another. Unlike H3's, its hierarchy is exact: the four
// children of a square are the square. Zero is the whole of the first face. No square is an H3 cell's number: those have the level bits of level 8, and more below than it has.
//
//	bits 61–63 face · 56–60 level · 0–47 bits of column and row, the column's the higher of each pair
type square uint64

// The levels of the grid. The squares of level 24 have half a metre to a side.
const (
	maxLevel   = 24
	levelStep  = 2 // fences are kept at every second level: each one costs every lookup a probe
	facesCount = 6
)

// Edges of a square lie between these, in earth radii at level 0, halved with every level (S2 cell statistics, kMinEdge and kMaxDiag of
// the quadratic projection; golang/geo, s2/metric.go).
const (
	meanEdge    = 1.459213746386106
	maxDiagonal = 2.438654594434021
)

// levels is the number of those at which fences are kept.
const levels = maxLevel/levelStep + 1

// grid is a position on the grid: the square of each level follows from it by a shift.
type grid struct {
	face uint64
	path uint64 // bits of column and row at maxLevel, by turns
}

// gridAt returns where a unit vector lies.
func gridAt(v [3]float64) grid {
	x, y, z := math.Abs(v[0]), math.Abs(v[1]), math.Abs(v[2])
	var g grid
	var a, b float64
	switch {
	case x >= y && x >= z:
		a, b = v[1]/x, v[2]/x
		g.face = sign(v[0])
	case y >= z:
		a, b = v[0]/y, v[2]/y
		g.face = 2 + sign(v[1])
	default:
		a, b = v[0]/z, v[1]/z
		g.face = 4 + sign(v[2])
	}
	g.path = woven(step(a), step(b))
	return g
}

func sign(x float64) uint64 {
	if math.Signbit(x) {
		return 1
	}
	return 0
}

// step takes a tangent in [-1, 1] to a column by the quadratic transform of S2, which makes squares nearly even in size (golang/geo, s2/stuv.go).
func step(u float64) uint32 {
	var s float64
	if u >= 0 {
		s = 0.5 * math.Sqrt(1+3*u)
	} else {
		s = 1 - 0.5*math.Sqrt(1-3*u)
	}
	const most = 1<<maxLevel - 1
	n := int64(s * (1 << maxLevel))
	return uint32(min(max(n, 0), most))
}

// tangent undoes the transform for a share of a face's side, from 0 to 1.
func tangent(s float64) float64 {
	if s >= 0.5 {
		return (4*s*s - 1) / 3
	}
	return (1 - 4*(1-s)*(1-s)) / 3
}

// at returns the square of a level.
func (g grid) at(level int) square {
	return square(g.face<<61 | uint64(level)<<56 | g.path>>(2*(maxLevel-level)))
}

func squareOf(face uint64, level int, column, row uint32) square {
	return square(face<<61 | uint64(level)<<56 | woven(column, row))
}

// woven puts the bits of two numbers by turns (Morton, A Computer Oriented Geodetic Data Base, IBM 1966).
func woven(column, row uint32) uint64 { return spread(column)<<1 | spread(row) }

// spread puts a zero before each of 24 bits.
func spread(n uint32) uint64 {
	x := uint64(n)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// gathered undoes spread, with anything between.
func gathered(x uint64) uint32 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

const pathMask = 1<<48 - 1

// level is how often its face was divided: 0 to 24.
func (s square) level() int { return int(s >> 56 & 31) }

func (s square) parts() (face uint64, level int, column, row uint32) {
	return uint64(s >> 61), s.level(), gathered(uint64(s&pathMask) >> 1), gathered(uint64(s & pathMask))
}

// isValid reports whether s is a square of the grid.
func (s square) isValid() bool {
	path := uint64(s << 8 >> 8)
	return s>>61 < facesCount && s.level() <= maxLevel && bits.Len64(path) <= 2*s.level()
}

// ancestor returns the square of a level, its own or one above, that holds s.
func (s square) ancestor(level int) square {
	own := s.level()
	return s>>61<<61 | square(level)<<56 | s&pathMask>>(2*(own-level))
}

// child returns one of the four squares that s is.
func (s square) child(n uint64) square {
	return s>>61<<61 | square(s.level()+1)<<56 | s&pathMask<<2 | square(n)
}

// point returns the unit vector at shares of the square's sides.
func (s square) point(a, b float64) [3]float64 {
	face, level, column, row := s.parts()
	side := 1 / float64(uint64(1)<<level)
	return onFace(face, tangent((float64(column)+a)*side), tangent((float64(row)+b)*side))
}

// corners returns the unit vectors of the square's corners.
func (s square) corners() [4][3]float64 {
	face, level, column, row := s.parts()
	side := 1 / float64(uint64(1)<<level)
	west, east := tangent(float64(column)*side), tangent(float64(column+1)*side)
	south, north := tangent(float64(row)*side), tangent(float64(row+1)*side)
	return [4][3]float64{onFace(face, west, south), onFace(face, west, north), onFace(face, east, south), onFace(face, east, north)}
}

// onFace returns the unit vector at a face's tangents.
func onFace(face uint64, u, w float64) [3]float64 {
	share := 1 / math.Sqrt(1+u*u+w*w)
	major := share
	if face&1 == 1 {
		major = -share
	}
	switch face >> 1 {
	case 0:
		return [3]float64{major, u * share, w * share}
	case 1:
		return [3]float64{u * share, major, w * share}
	}
	return [3]float64{u * share, w * share, major}
}

// center returns the unit vector of the square's middle.
func (s square) center() [3]float64 { return s.point(0.5, 0.5) }

// radius returns the greatest angle from the middle to a point of the square.
func (s square) radius(center [3]float64) float64 { return angleOf(s.radius2(center)) }

// radius2 returns the square of the longest chord from the middle to a point of the square, which is at a corner: its sides are arcs of great circles.
func (s square) radius2(center [3]float64) float64 { return farthest2(center, s.corners()) }

func farthest2(center [3]float64, corners [4][3]float64) float64 {
	return max(chord2(center, corners[0]), chord2(center, corners[1]), chord2(center, corners[2]), chord2(center, corners[3]))
}

// chord2 is the square of the chord between two unit vectors.
func chord2(a, b [3]float64) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// chordOf returns the chord of an angle, up to that of a half turn.
func chordOf(angle float64) float64 { return 2 * math.Sin(min(angle, math.Pi)/2) }

// angleOf returns the angle of a chord whose square is given.
func angleOf(chord2 float64) float64 { return 2 * math.Asin(min(1, math.Sqrt(chord2)/2)) }
