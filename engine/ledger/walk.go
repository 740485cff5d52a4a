package ledger

import (
	"math"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// fencesOf are those of the campaign, or the circle round the venue.
func fencesOf(l *engine.Listing, site int) []*geo.Fence {
	if len(l.Fences) > 0 {
		return l.Fences
	}
	f, err := geo.NewCircle(l.Sites[site].Position, l.Radius)
	if err != nil {
		return nil
	}
	return []*geo.Fence{f}
}

// The ways that are tried.
const (
	maxWay   = geo.Meters(200_000)
	turns    = 72  // directions at first
	halvings = 40  // of the angle between them
	strides  = 200 // into the fence
)

// wayInto returns the shortest way that was found into one of some fences, so far that a location there holds. It knows fences by their distance
// alone, so it serves every shape: towards the nearest point the distance falls by a metre for each metre gone.
func wayInto(fences []*geo.Fence, from *engine.Location, holds func(*engine.Location) bool) *engine.Walk {
	var nearest *geo.Fence
	far := geo.Meters(math.Inf(1))
	for _, f := range fences {
		if d := f.Distance(from.Position); d < far {
			nearest, far = f, d
		}
	}
	if nearest == nil || far > maxWay {
		return nil
	}
	bearing := bearingTo(nearest, from.Position, far)
	try := func(d geo.Meters) (geo.LatLng, bool) {
		to := from.Position.Travel(bearing, d)
		moved := *from
		moved.Position = to
		return to, holds(&moved)
	}
	outside, inside := far, far
	step := geo.Meters(0.5)
	for n := 0; ; n++ {
		if _, ok := try(inside); ok {
			break
		}
		if n == strides {
			return nil
		}
		outside = inside
		inside += step
		step = min(step*1.25, 50)
	}
	for inside-outside > 0.25 {
		mid := (inside + outside) / 2
		if _, ok := try(mid); ok {
			inside = mid
		} else {
			outside = mid
		}
	}
	inside = geo.Meters(math.Ceil(float64(inside)*2) / 2) // to half a metre
	to, ok := try(inside)
	if !ok {
		return nil
	}
	return &engine.Walk{Distance: inside, Bearing: math.Mod(math.Round(bearing*10)/10+360, 360), To: to}
}

// bearingTo returns the direction of a fence's nearest point, or of its middle for a place inside.
func bearingTo(f *geo.Fence, p geo.LatLng, far geo.Meters) float64 {
	ahead := max(far, 1)
	left := func(bearing float64) float64 { return float64(f.Distance(p.Travel(bearing, ahead))) }
	if far == 0 {
		return deepest(f, p)
	}
	best, least := 0.0, math.Inf(1)
	for i := range turns {
		if b := float64(i) * 360 / turns; left(b) < least {
			best, least = b, left(b)
		}
	}
	low, high := best-360.0/turns, best+360.0/turns
	for range halvings {
		a, b := low+(high-low)/3, high-(high-low)/3
		if left(a) <= left(b) {
			high = b
		} else {
			low = a
		}
	}
	return (low + high) / 2
}

// deepest returns the direction in which a place inside of a fence is furthest from leaving it.
func deepest(f *geo.Fence, p geo.LatLng) float64 {
	best, most := 0.0, geo.Meters(-1)
	for i := range turns {
		b := float64(i) * 360 / turns
		var reach geo.Meters
		for step := geo.Meters(1); step < maxWay && f.Contains(p.Travel(b, step)); step *= 1.5 {
			reach = step
		}
		if reach > most {
			best, most = b, reach
		}
	}
	return best
}
