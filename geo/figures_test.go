package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

func at(lat, lng float64) geo.LatLng { return geo.LatLng{Lat: lat, Lng: lng} }

func box(south, west, north, east float64) []geo.LatLng {
	return []geo.LatLng{at(south, west), at(south, east), at(north, east), at(north, west)}
}

// adversarial are fences at the places where grids and planes break.
func adversarial(t testing.TB) []figure {
	t.Helper()
	circle := func(name string, lat, lng, radius float64) figure {
		return figure{name: name, center: at(lat, lng), radius: radius}
	}
	polygon := func(name string, rings ...[]geo.LatLng) figure {
		return figure{name: name, parts: [][][]geo.LatLng{rings}}
	}
	backwards := func(ring []geo.LatLng) []geo.LatLng {
		slices.Reverse(ring)
		return ring
	}
	figures := []figure{
		circle("circle", 25.79, -80.13, 800),
		circle("tiny circle", 25.79, -80.13, 0.5),
		circle("circle over the antimeridian", -16.8, 179.99, 20_000),
		circle("circle on the north pole", 90, 12, 300_000),
		circle("circle by the south pole", -89.9, 70, 50_000),
		circle("hemisphere", 10, 20, 10_007_543),
		circle("globe but a little", 10, 20, 20_000_000),
		polygon("square", box(25.7, -80.2, 25.8, -80.1)),
		polygon("square backwards", backwards(box(25.7, -80.2, 25.8, -80.1))),
		polygon("square with a hole", box(25.7, -80.2, 25.8, -80.1), box(25.74, -80.16, 25.76, -80.14)),
		polygon("square with a hole backwards", box(25.7, -80.2, 25.8, -80.1), backwards(box(25.74, -80.16, 25.76, -80.14))),
		polygon("over the antimeridian", box(-18, 177, -16, -179)),
		polygon("over the antimeridian with a hole", box(-18, 177, -16, -179), box(-17.5, 179, -16.5, -179.5)),
		polygon("up to the antimeridian", box(-18, 177, -16, 180)),
		polygon("from the antimeridian", backwards(box(-18, -180, -16, -179))),
		polygon("sliver", []geo.LatLng{at(25.7, -80.2), at(25.9, -80.0), at(25.9000001, -80.0)}),
		polygon("smaller than a cell", box(25.7, -80.2, 25.7001, -80.1999)),
		polygon("smaller than the finest cell", box(25.75, -80.15, 25.750001, -80.149999)),
		polygon("round the north pole", []geo.LatLng{at(80, 0), at(75, 90), at(82, 180), at(70, -90)}),
		polygon("round the north pole with a hole over it", []geo.LatLng{at(80, 0), at(75, 90), at(82, 180), at(70, -90)}, []geo.LatLng{at(88, 20), at(88, 140), at(88, -100)}),
		polygon("round the north pole with a hole on the seam", []geo.LatLng{at(80, 0), at(75, 90), at(82, 180), at(70, -90)}, box(84, -5, 86, 5)),
		polygon("round the south pole backwards", []geo.LatLng{at(-80, 0), at(-70, -90), at(-85, 180), at(-75, 90)}),
		polygon("up to the pole", box(80, 10, 90, 60)),
		polygon("continent", box(-35, -20, 37, 52)),
		polygon("crossing itself", []geo.LatLng{at(25.7, -80.2), at(25.8, -80.1), at(25.8, -80.2), at(25.72, -80.15)}),
		{name: "two parts", parts: [][][]geo.LatLng{{box(25.7, -80.2, 25.8, -80.1)}, {box(-1, 100, 1, 101)}}},
		{name: "parts over one another", parts: [][][]geo.LatLng{{box(25.7, -80.2, 25.8, -80.1), box(25.72, -80.18, 25.78, -80.12)}, {box(25.74, -80.16, 25.76, -80.09)}}},
		{name: "cells of several resolutions", cells: []string{"85283473fffffff", "872834709ffffff"}},
		{name: "a cell at the north pole", cells: []string{"8403263ffffffff"}},
	}
	return append(figures, pentagons(t)...)
}

// pentagons are fences round the pentagons of the grid, at which cells have five sides.
func pentagons(t testing.TB) (figures []figure) {
	t.Helper()
	for resolution := range 4 {
		cells, err := h3.Pentagons(resolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells {
			center, _ := cell.LatLng()
			figures = append(figures,
				figure{name: "circle at pentagon " + cell.String(), center: at(center.Lat, center.Lng), radius: 40_000},
				figure{name: "pentagon " + cell.String(), cells: []string{cell.String()}})
		}
	}
	return figures
}

// randomFigures are circles, polygons with holes and sets of cells of every size, over the globe and at its poles and antimeridian.
func randomFigures(t testing.TB, random *rand.Rand, n int) (figures []figure) {
	t.Helper()
	for i := range n {
		center := onGlobe(random)
		switch random.IntN(6) {
		case 0:
			center.Lat = math.Copysign(90-math.Pow(10, -6+7*random.Float64()), center.Lat)
		case 1:
			center.Lng = math.Remainder(180+math.Pow(10, -6+7*random.Float64()), 360)
		}
		f := figure{name: fmt.Sprintf("random %d", i)}
		switch size := math.Pow(10, -6+7*random.Float64()); random.IntN(20) { // degrees
		case 0, 1, 2, 3:
			f.center, f.radius = center, size*111_195
		case 4, 5, 6:
			f.cells = randomCells(t, random, center)
		case 7:
			f.parts = [][][]geo.LatLng{{polarRing(random, center.Lat)}}
		default:
			f.parts = [][][]geo.LatLng{star(random, center, size)}
			if random.IntN(3) == 0 {
				f.parts = append(f.parts, star(random, onGlobe(random), size))
			}
		}
		figures = append(figures, f)
	}
	return figures
}

func onGlobe(random *rand.Rand) geo.LatLng {
	return at(math.Asin(2*random.Float64()-1)*180/math.Pi, 360*random.Float64()-180)
}

func randomCells(t testing.TB, random *rand.Rand, center geo.LatLng) (indexes []string) {
	t.Helper()
	for range 1 + random.IntN(3) {
		cell, err := h3.LatLngToCell(h3.LatLng{Lat: center.Lat, Lng: center.Lng}, random.IntN(16))
		if err != nil {
			t.Fatal(err)
		}
		disk, err := h3.GridDisk(cell, random.IntN(3))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range disk {
			if c != 0 {
				indexes = append(indexes, c.String())
			}
		}
	}
	return indexes
}

// star is a polygon of up to 60 corners round a place, of either orientation, one in two with a hole.
func star(random *rand.Rand, center geo.LatLng, size float64) [][]geo.LatLng {
	corners := 3 + random.IntN(58)
	outer, hole := make([]geo.LatLng, corners), make([]geo.LatLng, corners)
	stretch := math.Pow(10, 1-2*random.Float64()) // slivers too
	for i := range outer {
		angle := 2 * math.Pi * (float64(i) + 0.8*random.Float64()) / float64(corners)
		reach := size * (0.3 + 0.7*random.Float64())
		lat, lng := reach*math.Sin(angle)/stretch, min(80, max(-80, reach*math.Cos(angle)*stretch))
		outer[i] = at(max(-90, min(90, center.Lat+lat)), math.Remainder(center.Lng+lng, 360))
		hole[i] = at(max(-90, min(90, center.Lat+lat/2)), math.Remainder(center.Lng+lng/2, 360))
	}
	if random.IntN(2) == 0 {
		slices.Reverse(outer)
	}
	if random.IntN(2) == 0 || math.Abs(center.Lat)+size/stretch > 90 {
		return [][]geo.LatLng{outer}
	}
	return [][]geo.LatLng{outer, hole}
}

// polarRing winds round the pole that is on the side of lat.
func polarRing(random *rand.Rand, lat float64) []geo.LatLng {
	corners := 3 + random.IntN(40)
	start := 360 * random.Float64()
	ring := make([]geo.LatLng, corners)
	for i := range ring {
		ring[i] = at(math.Copysign(5+84.999*random.Float64(), lat), math.Remainder(start+360*(float64(i)+0.4*random.Float64())/float64(corners), 360))
	}
	if random.IntN(2) == 0 {
		slices.Reverse(ring)
	}
	return ring
}

// probe returns a point by the line of a figure: up to 10 km off it, mostly much nearer.
func probe(t testing.TB, random *rand.Rand, f figure) geo.LatLng {
	var p geo.LatLng
	switch {
	case f.radius > 0:
		p = beside(f.center, f.radius, 2*math.Pi*random.Float64())
	case len(f.cells) > 0:
		boundary, err := h3.CellFromString(f.cells[random.IntN(len(f.cells))]).Boundary()
		if err != nil {
			t.Fatal(err)
		}
		k := random.IntN(len(boundary))
		a, b := boundary[k], boundary[(k+1)%len(boundary)]
		p = between(at(a.Lat, a.Lng), at(b.Lat, b.Lng), random.Float64())
	default:
		rings := f.parts[random.IntN(len(f.parts))]
		ring := rings[random.IntN(len(rings))]
		k := random.IntN(len(ring))
		share := random.Float64()
		if random.IntN(10) == 0 {
			share = 0
		}
		p = between(ring[k], ring[(k+1)%len(ring)], share)
	}
	return beside(p, math.Pow(10, -4+8*random.Float64()), 2*math.Pi*random.Float64())
}

// between is a point of the straight line in longitude and latitude.
func between(a, b geo.LatLng, share float64) geo.LatLng {
	return at(a.Lat+share*(b.Lat-a.Lat), math.Remainder(a.Lng+share*eastward(b.Lng-a.Lng), 360))
}

// beside is a point some metres from p in a direction from the north.
func beside(p geo.LatLng, meters, direction float64) geo.LatLng {
	lat, lng, angle := p.Lat*math.Pi/180, p.Lng*math.Pi/180, meters/6_371_007.180918475
	up := unit(p)
	north := [3]float64{-math.Sin(lat) * math.Cos(lng), -math.Sin(lat) * math.Sin(lng), math.Cos(lat)}
	east := [3]float64{-math.Sin(lng), math.Cos(lng), 0}
	var v [3]float64
	for k := range v {
		v[k] = math.Cos(angle)*up[k] + math.Sin(angle)*(math.Cos(direction)*north[k]+math.Sin(direction)*east[k])
	}
	return at(math.Atan2(v[2], math.Hypot(v[0], v[1]))*180/math.Pi, math.Atan2(v[1], v[0])*180/math.Pi)
}

// points are n points, half of them by the figures' lines, the others in their boxes and over the globe, and where the plane of longitudes and latitudes ends.
func points(t testing.TB, random *rand.Rand, figures []figure, n int) []geo.LatLng {
	t.Helper()
	all := []geo.LatLng{at(90, 0), at(-90, 0), at(90, 180), at(-90, -180), at(0, 180), at(0, -180), at(-17, 180), at(-17, -180), at(0, 0)}
	for len(all) < n {
		f := figures[random.IntN(len(figures))]
		switch len(all) % 8 {
		case 0:
			all = append(all, onGlobe(random))
		case 1, 2, 3:
			all = append(all, between(probe(t, random, f), probe(t, random, f), random.Float64()))
		default:
			all = append(all, probe(t, random, f))
		}
	}
	return all
}

// compare holds an index of the figures, and the fences themselves, against the oracle. It returns how many points lay in a figure, and how many so close to a
// line that either answer is right.
func compare(t *testing.T, random *rand.Rand, figures []figure, at []geo.LatLng) (inside, close int) {
	t.Helper()
	items := make([]geo.Item, len(figures))
	for i, f := range figures {
		items[i] = geo.Item{Handle: uint32(i), Fence: f.fence(t)}
	}
	index := new(geo.Index).Apply(nil, items)
	o := newOracle(figures)
	var hits []uint32
	for _, p := range at {
		hits = index.Lookup(hits[:0], p)
		found := make(map[int]bool, len(hits))
		for _, handle := range hits {
			if found[int(handle)] {
				t.Fatalf("%s at %v: found twice", figures[handle].name, p)
			}
			found[int(handle)] = true
			if !items[handle].Fence.Contains(p) {
				t.Fatalf("%s at %v: the index finds it, the fence does not hold it", figures[handle].name, p)
			}
		}
		other := random.IntN(len(figures)) // one that the index may not have met
		found[other] = found[other] || items[other].Fence.Contains(p)
		for i, want := range o.at(p) {
			switch {
			case want == isClose:
				close++
			case want == isIn != found[i]:
				t.Fatalf("%s at %v: found %v, the oracle says %v", figures[i].name, p, found[i], want == isIn)
			case want == isIn:
				inside++
			}
		}
	}
	return inside, close
}
