package geo_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// naivePoints asks every point.
type naivePoints map[uint32]geo.LatLng

func (s naivePoints) within(p geo.LatLng, radius geo.Meters) []geo.Near {
	var near []geo.Near
	for handle, at := range s {
		if d := p.Distance(at); d <= radius {
			near = append(near, geo.Near{Handle: handle, Distance: d})
		}
	}
	slices.SortFunc(near, func(a, b geo.Near) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Handle, b.Handle))
	})
	return near
}

func (s naivePoints) nearest(p geo.LatLng, k int) []geo.Near {
	near := s.within(p, geo.Meters(math.Inf(1)))
	return near[:max(0, min(k, len(near)))]
}

// somewhere is a position over the globe, at a pole or the antimeridian, in a town, or the very place of others.
func somewhere(random *rand.Rand) geo.LatLng {
	switch random.IntN(6) {
	case 0:
		return onGlobe(random)
	case 1:
		return at(math.Copysign(90-math.Pow(10, -6+7*random.Float64()), random.Float64()-0.5), 360*random.Float64()-180)
	case 2:
		return at(-17, math.Copysign(180, random.Float64()-0.5))
	case 3:
		return at(25.7877, -80.1409)
	}
	return at(25.6+0.3*random.Float64(), -80.4+0.3*random.Float64())
}

// Points changed step by step give what asking every point gives, ties in the order of their handles, and the older sets stay as they were.
func TestPointsEqualAskingAll(t *testing.T) {
	random := rand.New(rand.NewPCG(26, 27))
	live := naivePoints{}
	set := new(geo.Points)
	radii := []geo.Meters{0, 1, 200, 3_000, 400_000, 9_000_000, 20_015_115, geo.Meters(math.Inf(1)), -1}
	for step := range 80 * effort() {
		var removed []uint32
		var added []geo.Point
		for handle := range live {
			if random.IntN(12) == 0 {
				removed = append(removed, handle)
			}
		}
		if step%20 == 19 { // nearly all
			for handle := range live {
				if random.IntN(20) > 0 {
					removed = append(removed, handle)
				}
			}
		}
		for range random.IntN(120) {
			added = append(added, geo.Point{Handle: uint32(random.IntN(2_000)), At: somewhere(random)})
		}
		p := somewhere(random)
		before := fmt.Sprint(set.Within(nil, p, 400_000), set.Nearest(nil, p, 7))
		next := set.Apply(removed, added)
		if after := fmt.Sprint(set.Within(nil, p, 400_000), set.Nearest(nil, p, 7)); after != before {
			t.Fatalf("step %d changed the older set: %s, before %s", step, after, before)
		}
		set = next
		for _, handle := range removed {
			delete(live, handle)
		}
		for _, point := range added {
			live[point.Handle] = point.At
		}
		if set.Len() != len(live) {
			t.Fatalf("step %d: %d points, want %d", step, set.Len(), len(live))
		}
		for i, radius := range radii {
			p := somewhere(random)
			if got, want := set.Within(nil, p, radius), live.within(p, radius); !slices.Equal(got, want) {
				t.Fatalf("step %d, within %v of %v: got %v, want %v", step, radius, p, got, want)
			}
			k := []int{0, 1, 2, 7, 30, 5_000, -1, 3, 100}[i]
			if got, want := set.Nearest(nil, p, k), live.nearest(p, k); !slices.Equal(got, want) {
				t.Fatalf("step %d, %d nearest to %v: got %v, want %v", step, k, p, got, want)
			}
		}
	}
}

// A set made of some points at once answers as one that grew, and grows as it.
func TestNewPoints(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 1))
	for _, n := range []int{0, 1, 31, 700} {
		live := naivePoints{}
		places := make([]geo.LatLng, n)
		for i := range places {
			places[i] = somewhere(random)
			live[uint32(i)] = places[i]
		}
		few := geo.NewPoints(places)
		more := few.Apply([]uint32{0}, []geo.Point{{Handle: 900, At: at(1, 2)}})
		for range 50 {
			p := somewhere(random)
			if got, want := few.Nearest(nil, p, 16), live.nearest(p, 16); !slices.Equal(got, want) || few.Len() != n {
				t.Fatalf("of %d, the nearest to %v: got %v, want %v", n, p, got, want)
			}
			if got, want := few.Within(nil, p, 4e6), live.within(p, 4e6); !slices.Equal(got, want) {
				t.Fatalf("of %d, within 4,000 km of %v: got %v, want %v", n, p, got, want)
			}
		}
		delete(live, 0)
		live[900] = at(1, 2)
		if got, want := more.Nearest(nil, at(1, 2), 5), live.nearest(at(1, 2), 5); !slices.Equal(got, want) {
			t.Errorf("of %d and one more: got %v, want %v", n, got, want)
		}
	}
}

// Empty and nil sets find nothing; what is there stays in front of what is appended; of two points with one handle the last counts.
func TestPointsOfNone(t *testing.T) {
	var none *geo.Points
	emptied := none.Apply(nil, []geo.Point{{Handle: 3, At: at(1, 2)}}).Apply([]uint32{3, 3, 99}, nil)
	for name, set := range map[string]*geo.Points{"nil": none, "zero": {}, "emptied": emptied, "of nothing": none.Apply(nil, nil)} {
		kept := []geo.Near{{Handle: 1}}
		if near := set.Nearest(set.Within(kept, at(1, 2), 1e7), at(1, 2), 5); len(near) != 1 || set.Len() != 0 {
			t.Errorf("%s: %v", name, near)
		}
	}
	twice := none.Apply([]uint32{4}, []geo.Point{{Handle: 4, At: at(1, 2)}, {Handle: 4, At: at(50, 60)}})
	if near := twice.Nearest(nil, at(50, 60), 2); len(near) != 1 || near[0] != (geo.Near{Handle: 4}) {
		t.Errorf("of two points with one handle: %v", near)
	}
	if near := twice.Nearest(nil, at(math.NaN(), 0), 2); len(near) != 0 {
		t.Errorf("near no place: %v", near)
	}
}
