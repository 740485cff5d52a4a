package geo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

func TestParseGeometry(t *testing.T) {
	for _, c := range []struct {
		name, data string
		in, out    geo.LatLng
	}{
		{"polygon", `{"type":"Polygon","coordinates":[[[10,20],[11,20],[11,21],[10,20]]]}`, at(20.1, 10.5), at(20.9, 10.1)},
		{"with altitude, box and blanks", ` { "bbox" : [10,20,11,21], "coordinates" : [[[10,20,5],[11,20,5],[11,21,5],[10,20,5]]], "type" : "Polygon" } `, at(20.1, 10.5), at(20.9, 10.1)},
		{"clockwise", `{"type":"Polygon","coordinates":[[[10,20],[11,21],[11,20],[10,20]]]}`, at(20.1, 10.5), at(20.9, 10.1)},
		{"hole", `{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[3,3],[6,3],[6,6],[3,6],[3,3]]]}`, at(1, 1), at(4, 4)},
		{"multipolygon", `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[10,20],[11,20],[11,21],[10,20]]]]}`, at(20.1, 10.5), at(20.9, 10.1)},
		{"escaped", `{"\u0074ype":"Poly\u0067on","coordinates":[[[1e1,2e1],[11,20],[11,21],[10,20.0]]]}`, at(20.1, 10.5), at(20.9, 10.1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := geo.ParseGeometry([]byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if !f.Contains(c.in) || f.Contains(c.out) {
				t.Errorf("holds %v: %v; holds %v: %v", c.in, f.Contains(c.in), c.out, f.Contains(c.out))
			}
		})
	}
}

// Every fault is told, with the path of what is wrong.
func TestParseGeometryFaults(t *testing.T) {
	polygon := func(coordinates string) string { return `{"type":"Polygon","coordinates":` + coordinates + `}` }
	many := strings.Repeat("[1,2],", geo.MaxVertices+1)
	for _, c := range []struct {
		name, data string
		want       string // path code, in order
	}{
		{"nothing", ``, " wrong_type"},
		{"null", `null`, " wrong_type"},
		{"array", `[]`, " wrong_type"},
		{"empty object", `{}`, "type required|coordinates required"},
		{"cut off", `{"type":"Polygon"`, " syntax|coordinates required"},
		{"cut off in a value", `{"type":"Poly`, " syntax"},
		{"no comma", `{"type":"Polygon" "coordinates":[]}`, " syntax"},
		{"something after it", polygon(`[[[10,20],[11,20],[11,21],[10,20]]]`) + `{}`, " syntax"},
		{"type of a wrong type", `{"type":1,"coordinates":[]}`, "type wrong_type"},
		{"point", `{"type":"Point","coordinates":[1,2]}`, "type invalid"},
		{"unknown members", `{"type":"Polygon","coordinates":[[[10,20],[11,20],[11,21],[10,20]]],"radius":3,"crs":null}`, "radius unknown_field|crs unknown_field"},
		{"twice", `{"type":"Polygon","type":"Polygon","coordinates":[]}`, "type duplicate"},
		{"coordinates null", polygon(`null`), "coordinates wrong_type"},
		{"coordinates a number", polygon(`3`), "coordinates wrong_type"},
		{"no ring", polygon(`[]`), "coordinates required"},
		{"ring no array", polygon(`[{}]`), "coordinates[0] wrong_type"},
		{"ring empty", polygon(`[[]]`), "coordinates[0] invalid"},
		{"position a number", polygon(`[[1,2,3,1]]`), "coordinates[0][0] wrong_type|coordinates[0][1] wrong_type|coordinates[0][2] wrong_type|coordinates[0][3] wrong_type"},
		{"positions short, long, of text and null", polygon(`[[[1],[1,2,3,4],["1",2],[null,2]]]`), "coordinates[0][0] wrong_type|coordinates[0][1] wrong_type|coordinates[0][2] wrong_type|coordinates[0][3][0] wrong_type"},
		{"longitude and latitude out of range", polygon(`[[[181,20],[11,-90.5],[11,21],[181,20]]]`), "coordinates[0][0][0] out_of_range|coordinates[0][1][1] out_of_range|coordinates[0][3][0] out_of_range"},
		{"too great for a number", polygon(`[[[1e999,20],[11,20],[11,21],[1e999,20]]]`), "coordinates[0][0] wrong_type|coordinates[0][3] wrong_type"},
		{"not closed", polygon(`[[[10,20],[11,20],[11,21],[10,21]]]`), "coordinates[0] invalid"},
		{"three positions", polygon(`[[[10,20],[11,20],[10,20]]]`), "coordinates[0] invalid"},
		{"to a point and back", polygon(`[[[10,20],[11,20],[10,20],[10,20]]]`), "coordinates[0] invalid"},
		{"on one line", polygon(`[[[10,20],[11,20],[12,20],[10,20]]]`), "coordinates[0] invalid"},
		{"twice round the globe", polygon(`[[[0,50],[120,50],[-120,50],[0,60],[120,60],[-120,60],[0,50]]]`), "coordinates[0] invalid"},
		{"second ring", polygon(`[[[10,20],[11,20],[11,21],[10,20]],[[1,1],[2,2],[1,1]]]`), "coordinates[1] invalid"},
		{"faults in several rings", polygon(`[[[10,20],[11,20],[11,21],[99,99]],[1]]`), "coordinates[0][3][1] out_of_range|coordinates[1][0] wrong_type"},
		{"too many vertices", polygon(`[[` + many + `[1,2]]]`), "coordinates[0] invalid|coordinates too_many"},
		{"no polygon", `{"type":"MultiPolygon","coordinates":[]}`, "coordinates required"},
		{"polygon in it no array", `{"type":"MultiPolygon","coordinates":[7]}`, "coordinates[0] wrong_type"},
		{"polygon in it empty", `{"type":"MultiPolygon","coordinates":[[[[10,20],[11,20],[11,21],[10,20]]],[]]}`, "coordinates[1] required"},
		{"ring of the second polygon", `{"type":"MultiPolygon","coordinates":[[[[10,20],[11,20],[11,21],[10,20]]],[[[10,20],[11,20],[11,20],[10,20]]]]}`, "coordinates[1][0] invalid"},
		{"position of the second polygon", `{"type":"MultiPolygon","coordinates":[[[[10,20],[11,20],[11,21],[10,20]]],[[[10,20],[11,20],[11,"a"],[10,20]]]]}`, "coordinates[1][0][2] wrong_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := geo.ParseGeometry([]byte(c.data))
			var faults geo.Faults
			if !errors.As(err, &faults) || f != nil {
				t.Fatalf("fence %v, error %v", f, err)
			}
			var got []string
			for _, fault := range faults {
				got = append(got, fault.Path+" "+fault.Code)
				if fault.Message == "" || !strings.Contains(err.Error(), fault.Message) {
					t.Errorf("%s: message %q, error %q", fault.Path, fault.Message, err)
				}
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), c.want)
			}
		})
	}
}

// A shape of nothing but faults tells the first thousand, and that there are more.
func TestParseGeometryBoundsFaults(t *testing.T) {
	_, err := geo.ParseGeometry([]byte(`{"type":"Polygon","coordinates":[[` + strings.Repeat("[91,181],", 5_000) + `0]]}`))
	var faults geo.Faults
	if !errors.As(err, &faults) || len(faults) != geo.MaxFaults+1 || faults[geo.MaxFaults].Code != "too_many" {
		t.Errorf("%d faults", len(faults))
	}
}

// drawnParts reads what was drawn and holds what RFC 7946 asks of it.
func drawnParts(t testing.TB, name string, data []byte) [][][]geo.LatLng {
	t.Helper()
	var g geometry
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatalf("%s: %v in %s", name, err, data)
	}
	parts := g.rings(t)
	for _, rings := range parts {
		for k, ring := range rings {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				t.Fatalf("%s: a ring that is not closed: %v", name, ring)
			}
			var area float64
			for i, a := range ring[:len(ring)-1] {
				b := ring[i+1]
				area += (a.Lng-ring[0].Lng)*(b.Lat-ring[0].Lat) - (b.Lng-ring[0].Lng)*(a.Lat-ring[0].Lat)
				if err := a.Validate(); err != nil || math.Abs(a.Lng-b.Lng) > 180 {
					t.Fatalf("%s: %v to %v crosses the antimeridian: %v", name, a, b, err)
				}
			}
			if (area > 0) != (k == 0) {
				t.Fatalf("%s: ring %d turns the wrong way", name, k)
			}
		}
	}
	return parts
}

// What is drawn and read again holds the same points, but near the lines of circles, which are drawn with corners, and of cells, whose sides are great circles.
func TestAppendGeoJSONKeepsTheShape(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 15))
	figures := append(adversarial(t), randomFigures(t, random, 300)...)
	for _, f := range figures {
		drawn := f.fence(t).AppendGeoJSON([]byte("kept"))
		if string(drawn[:4]) != "kept" {
			t.Fatalf("%s: what was there is gone", f.name)
		}
		parts := drawnParts(t, f.name, drawn[4:])
		if f.radius > 0 && (f.radius > 200_000 || math.Abs(f.center.Lat) > 80) || len(f.cells) > 0 {
			continue
		}
		again, err := geo.ParseGeometry(drawn[4:])
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		o := newOracle([]figure{f})
		for range 60 {
			p := probe(t, random, f)
			want := o.at(p)[0]
			if f.radius > 0 && math.Abs(arc(p, f.center)-f.radius) < 0.02*f.radius {
				continue
			}
			if want != isClose && (want == isIn) != again.Contains(p) {
				t.Errorf("%s: %v is inside: %v; as drawn in %d parts: %v\n%s", f.name, p, want == isIn, len(parts), again.Contains(p), drawn)
				break
			}
		}
	}
}

// A polygon within the strip is drawn with the very numbers that were read, and what has parts in one piece stays in one piece.
func TestAppendGeoJSON(t *testing.T) {
	circle := func(lat, lng, radius float64) *geo.Fence {
		return figure{center: at(lat, lng), radius: radius}.fence(t)
	}
	for _, c := range []struct {
		name  string
		fence *geo.Fence
		want  string
	}{
		{"as it was", parsed(t, `{"type":"Polygon","coordinates":[[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.7]]]}`),
			`{"type":"Polygon","coordinates":[[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.7]]]}`},
		{"turned", parsed(t, `{"type":"Polygon","coordinates":[[[0,0],[0,9],[9,9],[9,0],[0,0]],[[3,3],[6,3],[6,6],[3,3]]]}`),
			`{"type":"Polygon","coordinates":[[[9,0],[9,9],[0,9],[0,0],[9,0]],[[6,6],[6,3],[3,3],[6,6]]]}`},
		{"cut", parsed(t, `{"type":"Polygon","coordinates":[[[170,10],[-170,10],[-170,20],[170,20],[170,10]]]}`),
			`{"type":"MultiPolygon","coordinates":[[[[180,20],[170,20],[170,10],[180,10],[180,20]]],[[[-180,10],[-170,10],[-170,20],[-180,20],[-180,10]]]]}`},
	} {
		if got := string(c.fence.AppendGeoJSON(nil)); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name         string
		fence        *geo.Fence
		parts, rings int
		in, out      geo.LatLng
	}{
		{"circle", circle(25.79, -80.13, 800), 1, 1, at(25.79, -80.13), at(25.8, -80.13)},
		{"circle on the pole", circle(90, 12, 300_000), 1, 1, at(89, 170), at(87, 170)},
		{"circle by the south pole", circle(-89.9, 70, 50_000), 1, 1, at(-90, 0), at(-89, 0)},
		{"hemisphere", circle(10, 20, 10_007_543), 1, 1, at(89, -170), at(-70, 170)},
		{"globe but a little", circle(10, 20, 20_000_000), 1, 2, at(89, 0), at(-10, -160)},
		{"a little across the antimeridian is left out", circle(10, 0, 20_000_000), 1, 1, at(-80, 0), at(-10, 180)},
		{"ring round the pole with a hole on its seam", figure{parts: [][][]geo.LatLng{{{at(80, 0), at(75, 90), at(82, 180), at(70, -90)}, box(84, -5, 86, 5)}}}.fence(t), 1, 2, at(89, 3), at(85, 0)},
		{"hole over the antimeridian", figure{parts: [][][]geo.LatLng{{box(-18, 170, -10, -170), box(-16, 175, -12, -175)}}}.fence(t), 2, 2, at(-17, 180), at(-14, 180)},
		{"hole beside the antimeridian", figure{parts: [][][]geo.LatLng{{box(-18, 170, -10, -170), box(-16, 172, -12, 175)}}}.fence(t), 2, 3, at(-14, 180), at(-14, 173)},
		{"comb over the antimeridian", figure{parts: [][][]geo.LatLng{{{at(0, 178), at(0, -178), at(1, -178), at(1, 179), at(2, 179), at(2, -178), at(3, -178), at(3, 178)}}}}.fence(t), 3, 3, at(2.5, -179), at(1.5, -179)},
		{"cell at the pole", figure{cells: []string{"8403263ffffffff"}}.fence(t), 1, 1, at(90, 0), at(89, 0)},
	} {
		data := c.fence.AppendGeoJSON(nil)
		parts := drawnParts(t, c.name, data)
		rings := 0
		for _, part := range parts {
			rings += len(part)
		}
		if len(parts) != c.parts || rings != c.rings {
			t.Errorf("%s: %d parts of %d rings, want %d of %d: %s", c.name, len(parts), rings, c.parts, c.rings, data)
		}
		f, err := geo.ParseGeometry(data)
		if err != nil {
			t.Errorf("%s: %v in %s", c.name, err, data)
			continue
		}
		if !f.Contains(c.in) || f.Contains(c.out) {
			t.Errorf("%s: holds %v: %v, holds %v: %v: %s", c.name, c.in, f.Contains(c.in), c.out, f.Contains(c.out), data)
		}
	}
}

func parsed(t testing.TB, data string) *geo.Fence {
	t.Helper()
	f, err := geo.ParseGeometry([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// No input makes the reader panic; what it refuses has a fault, and what it takes can be asked, drawn and read again.
func FuzzParseGeometry(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"type":"Polygon","coordinates":[[[10,20],[11,20],[11,21],[10,20]]]}`,
		`{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[3,3],[6,3],[6,6],[3,6],[3,3]]],"bbox":[0,0,9,9]}`,
		`{"type":"MultiPolygon","coordinates":[[[[170,10],[-170,10],[-170,20],[170,20],[170,10]]],[[[0,70],[120,70],[-120,70],[0,70]]]]}`,
		`{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,-80],[-180,-80],[-180,-90]]]}`,
		`{"type":"Polygon","coordinates":[[[1e999,null],[1,2,3,4],"x"]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fence, err := geo.ParseGeometry(data)
		if err != nil {
			var faults geo.Faults
			if !errors.As(err, &faults) || len(faults) == 0 || faults[0].Code == "" || fence != nil {
				t.Fatalf("fence %v, error %#v", fence, err)
			}
			return
		}
		for _, p := range []geo.LatLng{{}, at(90, 0), at(-90, 180), at(20.1, 10.5)} {
			if chance := fence.InsideProbability(p, 50); !(chance >= 0 && chance <= 1) {
				t.Errorf("a chance of %v", chance)
			}
			if d := fence.Distance(p); !(d >= 0) || fence.Contains(p) != (d == 0) && d > 1e-6 {
				t.Errorf("%v metres, and inside: %v", d, fence.Contains(p))
			}
		}
		drawn := fence.AppendGeoJSON(nil)
		if _, err := geo.ParseGeometry(drawn); err != nil && !json.Valid(drawn) {
			t.Errorf("drawn as %s: %v", drawn, err)
		}
	})
}

func ExampleParseGeometry() {
	fence, err := geo.ParseGeometry([]byte(`{"type": "Polygon", "coordinates": [[[-80.14, 25.78], [-80.12, 25.78], [-80.12, 25.8], [-80.14, 25.78]]]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fence.Contains(geo.LatLng{Lat: 25.785, Lng: -80.125}))

	_, err = geo.ParseGeometry([]byte(`{"type": "Polygon", "coordinates": [[[-80.14, 125.78], [-80.12, 25.78], [-80.12, 25.8], ["x", 0]]]}`))
	var faults geo.Faults
	if errors.As(err, &faults) {
		for _, fault := range faults {
			fmt.Println(fault.Path, fault.Code)
		}
	}
	// Output:
	// true
	// coordinates[0][0][1] out_of_range
	// coordinates[0][3] wrong_type
}
