package geo

import "math"

// ball is a ball on the unit sphere, with the handle of what it holds.
type ball struct {
	at     [3]float32 // centre, a unit vector
	radius float32    // of arc, radians, rounded up
	handle uint32
}

// slack, in radians, is above what the rounding of a ball's centre can move it: three times 2^-25. It is 0.6 m on the ground.
const slack = 1e-7

// newBall rounds a disc to single precision, outwards. The same disc gives the same ball.
func newBall(handle uint32, d disc) ball {
	b := ball{radius: math.Nextafter32(float32(d.radius/EarthRadius), 2*math.Pi), handle: handle}
	for i, c := range d.center.vector() {
		b.at[i] = float32(c)
	}
	return b
}

// key is the ball's place along an axis of the tree, of which its radius is the fourth: so a few great balls do not widen the boxes of the small.
func (b *ball) key(axis int) float32 {
	if axis == radiusAxis {
		return b.radius
	}
	return b.at[axis]
}

const radiusAxis = 3

// boxed is a box round the centres of some balls, and the greatest of their radii.
type boxed struct {
	low, high [3]float32
	radius    float32
}

// boxOf goes round some balls, at least one, and returns the axis along which they are spread most.
func boxOf(balls []ball) (b boxed, axis int) {
	first := &balls[0]
	b = boxed{low: first.at, high: first.at, radius: first.radius}
	least := first.radius
	for i := range balls {
		b.take(&boxed{balls[i].at, balls[i].at, balls[i].radius})
		least = min(least, balls[i].radius)
	}
	axis, widest := radiusAxis, b.radius-least
	for k := range b.low {
		if w := b.high[k] - b.low[k]; w > widest {
			axis, widest = k, w
		}
	}
	return b, axis
}

// take widens a box by another.
func (b *boxed) take(other *boxed) {
	for k := range b.low {
		b.low[k], b.high[k] = min(b.low[k], other.low[k]), max(b.high[k], other.high[k])
	}
	b.radius = max(b.radius, other.radius)
}

// growth is by how much a ball would widen a box.
func (b *boxed) growth(of *ball) (sum float32) {
	for k, c := range of.at {
		sum += max(0, b.low[k]-c, c-b.high[k])
	}
	return sum + max(0, of.radius-b.radius)
}

// holds reports whether a ball may be one of those in the box.
func (b *boxed) holds(of *ball) bool { return b.growth(of) == 0 }

// key is a box's place along an axis.
func (b *boxed) key(axis int) float32 {
	if axis == radiusAxis {
		return b.radius
	}
	return b.low[axis] + b.high[axis]
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
