package geo

// What tests from outside see of the grid and of a covering.

type Square = square

const (
	MaxLevel  = maxLevel
	LevelStep = levelStep
)

// SquareAt returns the square of a level in which a position lies.
func SquareAt(p LatLng, level int) Square { return gridAt(p.vector()).at(level) }

func (s square) Level() int { return s.level() }

func (s square) Parent() Square { return s.ancestor(max(s.level()-1, 0)) }

// Disc returns the middle of the square and how far its corners are from it at most.
func (s square) Disc() (center LatLng, radius Meters) {
	middle := s.center()
	return position(middle), Meters(s.radius(middle)) * EarthRadius
}

// Posting is one of a covering.
type Posting struct {
	Square Square
	Kind   uint8
	Data   []uint32
}

const (
	Whole   = uint8(whole)
	Asked   = uint8(asked)
	Round   = uint8(round)
	Clipped = uint8(clipped)
	Marked  = uint8(marked)
)

func (c *Covering) Postings() (all []Posting) {
	c.each(func(s square, k kind, data []uint32) { all = append(all, Posting{s, uint8(k), data}) })
	return all
}

// CoverAt covers with other fineness than the usual.
func CoverAt(f *Fence, circle, polygon float64) Covering {
	return fineness{circle, polygon}.cover(f)
}
