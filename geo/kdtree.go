package geo

import "math"

// ball is a ball on the unit sphere, with the handle of what it holds and the stamp of when it came.
type ball struct {
	at     [3]float32 // centre, a unit vector
	radius float32    // of arc, radians, rounded up
	handle uint32
	stamp  uint64
}

// slack, in radians, is above what the rounding of a ball's centre can move it: three times 2^-25. It is 0.6 m on the ground.
const slack = 1e-7

// newBall rounds a disc to single precision, outwards.
func newBall(handle uint32, stamp uint64, d disc) ball {
	b := ball{radius: math.Nextafter32(float32(d.radius/EarthRadius), 2*math.Pi), handle: handle, stamp: stamp}
	for i, c := range d.center.vector() {
		b.at[i] = float32(c)
	}
	return b
}

// key is the ball's place along an axis of the tree, of which its radius is the fourth: so a few great balls do not widen the nodes of the small.
func (b *ball) key(axis int) float32 {
	if axis == radiusAxis {
		return b.radius
	}
	return b.at[axis]
}

const radiusAxis = 3

// kdNode is a run of balls: a box round their centres and the greatest of their radii.
type kdNode struct {
	low, high [3]float32
	radius    float32
	from, to  uint32
	right     uint32 // the second half, the first being the next node; 0: a leaf
}

// leafBalls is the greatest number of balls of a leaf.
const leafBalls = 8

// kdTree is balls in a static tree of halves (Bentley, Multidimensional Binary Search Trees, CACM 18(9), 1975), packed in two arrays. It is immutable.
type kdTree struct {
	nodes []kdNode // in preorder
	balls []ball
}

// newKdTree takes the balls, and puts them in its own order. Cost: n log n.
func newKdTree(balls []ball) *kdTree {
	t := &kdTree{balls: balls, nodes: make([]kdNode, 0, 4*len(balls)/leafBalls+1)}
	t.build(0, len(balls))
	return t
}

func (t *kdTree) build(from, to int) {
	n, axis := boundBalls(t.balls[from:to])
	n.from, n.to = uint32(from), uint32(to)
	at := len(t.nodes)
	t.nodes = append(t.nodes, n)
	if to-from <= leafBalls {
		return
	}
	middle := (to - from) / 2
	selectNth(t.balls[from:to], middle, axis)
	t.build(from, from+middle)
	t.nodes[at].right = uint32(len(t.nodes))
	t.build(from+middle, to)
}

// boundBalls returns the bounds of some balls and the axis along which they are spread most.
func boundBalls(balls []ball) (n kdNode, axis int) {
	first := &balls[0]
	n = kdNode{low: first.at, high: first.at, radius: first.radius}
	least := first.radius
	for i := range balls {
		for k, c := range balls[i].at {
			n.low[k], n.high[k] = min(n.low[k], c), max(n.high[k], c)
		}
		n.radius, least = max(n.radius, balls[i].radius), min(least, balls[i].radius)
	}
	axis, widest := radiusAxis, n.radius-least
	for k := range n.low {
		if w := n.high[k] - n.low[k]; w > widest {
			axis, widest = k, w
		}
	}
	return n, axis
}

// selectNth puts the balls in an order in which none before the nth has a greater key, and none after it a smaller one (Hoare, Algorithm 65: Find, CACM 4(7), 1961).
func selectNth(balls []ball, nth, axis int) {
	for lo, hi := 0, len(balls)-1; lo < hi; {
		pivot := balls[(lo+hi)/2].key(axis)
		i, j := lo, hi
		for i <= j {
			for balls[i].key(axis) < pivot {
				i++
			}
			for balls[j].key(axis) > pivot {
				j--
			}
			if i <= j {
				balls[i], balls[j] = balls[j], balls[i]
				i++
				j--
			}
		}
		switch {
		case nth <= j:
			hi = j
		case nth >= i:
			lo = i
		default:
			return
		}
	}
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

// run looks through a tree, at what is near first.
func (s *search) run(t *kdTree) { s.visit(t, 0, s.gap2(&t.nodes[0])) }

func (s *search) visit(t *kdTree, at uint32, gap2 float64) {
	n := &t.nodes[at]
	if !s.near(gap2, n.radius) {
		return
	}
	if n.right != 0 {
		first, second := at+1, n.right
		gap1, gap2 := s.gap2(&t.nodes[first]), s.gap2(&t.nodes[second])
		if gap2 < gap1 {
			first, second, gap1, gap2 = second, first, gap2, gap1
		}
		s.visit(t, first, gap1)
		s.visit(t, second, gap2)
		return
	}
	for i := n.from; i < n.to; i++ {
		b := &t.balls[i]
		x, y, z := float64(b.at[0])-s.at[0], float64(b.at[1])-s.at[1], float64(b.at[2])-s.at[2]
		if s.near(x*x+y*y+z*z, b.radius) {
			s.found(b)
		}
	}
}

// gap2 is the square of the straight distance to a node's box.
func (s *search) gap2(n *kdNode) (sum float64) {
	for k, c := range s.at {
		d := max(0, float64(n.low[k])-c, c-float64(n.high[k]))
		sum += d * d
	}
	return sum
}
