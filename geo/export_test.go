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

// Settle says what the clip of a posting says of a position in its square.
func (p Posting) Settle(at LatLng) (inside, sure bool) {
	b, _ := p.Square.span()
	odd, sure := clip(p.Data).crossed(b.at(at))
	return odd == 1, sure
}

// Place returns a position in the square, at shares of its sides.
func (s square) Place(a, b float64) LatLng { return position(s.point(a, b)) }

// Guides reports whether a lookup at the middle of a square asks for it.
func (x *Index) Guides(s Square) bool {
	return x.guide.at(gridAt(s.center()))>>(s.level()/levelStep)&1 == 1
}

// Reach is how far the corners of a cell are taken to be from its middle.
func Reach(resolution int) Meters { return reachOf(resolution) }

// CoverAt covers with other fineness than the usual.
func CoverAt(f *Fence, circle, polygon float64) Covering {
	return fineness{circle, polygon}.cover(f)
}

// Drawn returns the corners of a fence's drawing, longitude and latitude.
func Drawn(f *Fence) (at [][2]float64) {
	for _, part := range f.shape.draw() {
		for _, line := range part {
			for _, v := range line {
				at = append(at, [2]float64{v.x, v.y})
			}
		}
	}
	return at
}

// ParseSlowly reads a geometry without the short way.
func ParseSlowly(data []byte) (*Fence, error) { return parseGeometry(data) }

// ParseQuickly reads a geometry by the short way alone.
func ParseQuickly(data []byte) (*Fence, bool) { return parseQuickly(data) }
