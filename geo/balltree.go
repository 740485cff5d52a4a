package geo

// ballTree is balls in a tree of boxes (Guttman, R-Trees, SIGMOD 1984) that is never changed in place: a change copies the nodes on the way to what
// it changes (Driscoll et al., Making Data Structures Persistent, JCSS 38(1), 1989), so that it costs the height of the tree, whatever there is. The zero value is
// empty.
type ballTree struct {
	root   *ballNode // nil: empty
	height int       // 0: the root's kids hold balls
	edit   uint64    // of the last change
}

const (
	nodeKids  = 15 // so that a node takes just below a KiB
	leafBalls = 28
)

// ballNode is a node whose kids are all nodes, or all lists of balls.
type ballNode struct {
	edit uint64 // that made it: what a later one reaches of it is older than that
	n    int
	kids [nodeKids]ballKid
}

// ballKid is a part of a node: 64 bytes.
type ballKid struct {
	boxed
	node  *ballNode // nil: balls
	balls []ball
}

// search asks for the balls of which a point is nearer than reach to a place.
type search struct {
	at    [3]float64    // unit vector
	reach float64       // radians of arc; found may lessen it
	found func(b *ball) // also called for balls a little farther off than reach, never for fewer
}

// near reports whether a straight distance, which is no longer than the arc, is within reach of what has the radius.
func (s *search) near(gap2 float64, radius float32) bool {
	limit := s.reach + float64(radius) + slack
	return !(gap2 > limit*limit)
}

// search looks through the tree, at what is near first.
func (t *ballTree) search(s *search) {
	if t.root != nil {
		s.visit(t.root)
	}
}

func (s *search) visit(n *ballNode) {
	var near [nodeKids]struct {
		gap2 float64
		kid  *ballKid
	}
	count := 0
	for i := range n.kids[:n.n] {
		kid := &n.kids[i]
		gap2 := s.gap2(&kid.boxed)
		if !s.near(gap2, kid.radius) {
			continue
		}
		at := count
		for ; at > 0 && near[at-1].gap2 > gap2; at-- {
			near[at] = near[at-1]
		}
		near[at].gap2, near[at].kid = gap2, kid
		count++
	}
	for i := range near[:count] {
		kid := near[i].kid
		switch {
		case !s.near(near[i].gap2, kid.radius): // reach is less than it was
		case kid.node != nil:
			s.visit(kid.node)
		default:
			s.look(kid.balls)
		}
	}
}

func (s *search) look(balls []ball) {
	for i := range balls {
		b := &balls[i]
		x, y, z := float64(b.at[0])-s.at[0], float64(b.at[1])-s.at[1], float64(b.at[2])-s.at[2]
		if s.near(x*x+y*y+z*z, b.radius) {
			s.found(b)
		}
	}
}

// gap2 is the square of the straight distance to a box.
func (s *search) gap2(b *boxed) (sum float64) {
	for k, c := range s.at {
		d := max(0, float64(b.low[k])-c, c-float64(b.high[k]))
		sum += d * d
	}
	return sum
}
