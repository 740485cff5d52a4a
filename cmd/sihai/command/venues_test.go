package command_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// tableVenue is a venue of the file, read without the program.
type tableVenue struct {
	id       string
	lat, lon float64
}

// miamiTable returns the path of the real restaurants of Miami and what is in it. The test is skipped where it is absent.
func miamiTable(t *testing.T) (string, []tableVenue) {
	t.Helper()
	file := filepath.Join(moduleRoot(t), "..", "shared", "data", "miami_food_venues.csv.gz")
	packed, err := os.Open(file)
	if err != nil {
		t.Skipf("SKIPPED, the real venues are not beside the checkout: %v", err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	id, lat, lon := slices.Index(records[0], "venue_id"), slices.Index(records[0], "lat"), slices.Index(records[0], "lng")
	var venues []tableVenue
	for _, r := range records[1:] {
		v := tableVenue{id: r[id]}
		if v.lat, err = strconv.ParseFloat(r[lat], 64); err != nil {
			t.Fatal(err)
		}
		if v.lon, err = strconv.ParseFloat(r[lon], 64); err != nil {
			t.Fatal(err)
		}
		venues = append(venues, v)
	}
	return file, venues
}

// haversine is the great-circle distance in metres on the sphere of WGS84's area.
func haversine(a, b tableVenue) float64 {
	const earth, degree = 6371007.180918475, math.Pi / 180
	y, x := math.Sin((b.lat-a.lat)*degree/2), math.Sin((b.lon-a.lon)*degree/2)
	return 2 * earth * math.Asin(math.Sqrt(y*y+math.Cos(a.lat*degree)*math.Cos(b.lat*degree)*x*x))
}

// circleRadius is that of the circle round each venue, in metres, and edgeBand how near to it a venue may be either in or out.
const (
	circleRadius = 300
	edgeBand     = 0.001
)

// within returns the offers whose circle holds a place, and those that lie on the line, by looking at every venue.
func within(all []tableVenue, at tableVenue) (in, onLine map[string]bool) {
	in, onLine = map[string]bool{}, map[string]bool{}
	for _, v := range all {
		offer := "food-" + v.id + "@" + v.id
		switch d := haversine(v, at); {
		case math.Abs(d-circleRadius) < edgeBand:
			onLine[offer] = true
		case d < circleRadius:
			in[offer] = true
		}
	}
	return in, onLine
}

const foodTemplate = `{"id": "food-{id}", "title": {"en": "10% off at {name.en}", "zh-Hans": "{name.en} 九折"}, "discount": {"type": "percent", "percent": 10},
  "venues": {"ids": ["{id}"], "radius": 300}, "status": "enabled"}`

// The real venues go in by one command with a campaign each, and what is decided at a sixth of them is what plain distances say, before and after a new start.
func TestRealVenuesEndToEnd(t *testing.T) {
	file, venues := miamiTable(t)
	dir := t.TempDir()
	p := place{args: []string{"--data", dir}}
	p.do(t, step{args: "merchants put food --name en=Food", out: "food"})
	reports := asJSON[[]wire.Import](t, p, "import "+file+" --merchant food --kind venues --map venue_id=id --map name=name.en --map address --map lat --map lng=lon"+
		" --set category=5812 --set currency=USD --campaign "+written(t, "template.json", foodTemplate))
	if len(reports) != 2 {
		t.Fatalf("%d reports", len(reports))
	}
	for _, r := range reports {
		if r.State != "done" || r.Rows != len(venues) || r.Difference.Added != len(venues) {
			t.Fatalf("not all went in: %+v", r)
		}
	}

	s := serving(t, dir)
	// every offer is wanted, however many there are of a merchant and a category
	if _, err := s.client().AddProfile(t.Context(), wire.Profile{Name: "default", Weights: map[string]float64{"distance": 1}, Floor: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client().ActivateProfile(t.Context(), "default", 0); err != nil {
		t.Fatal(err)
	}
	most, total, onTheLine := 0, 0, 0
	var kept []string
	for i := 0; i < len(venues); i += 6 {
		got := decidedAt(t, s.client(), venues[i])
		want, onLine := within(venues, venues[i])
		for offer := range onLine {
			delete(got, offer)
		}
		if missing, wrong := apart(want, got), apart(got, want); len(missing)+len(wrong) > 0 {
			t.Fatalf("at %+v %d offers are missing, such as %.5v, and %d are wrong, such as %.5v", venues[i], len(missing), missing, len(wrong), wrong)
		}
		most, total, onTheLine = max(most, len(want)), total+len(want), onTheLine+len(onLine)
		if i%600 == 0 {
			kept = append(kept, ranked(t, s.client(), venues[i]))
		}
	}
	t.Logf("%d places: %d offers, at most %d at one, %d on a line", (len(venues)+5)/6, total, most, onTheLine)
	if end := s.stop(t); end.code != 0 || end.err != "" {
		t.Fatalf("ended with %d: %s", end.code, end.err)
	}

	again := serving(t, dir).client()
	for i, before := range kept {
		if after := ranked(t, again, venues[i*600]); after != before {
			t.Errorf("at %+v a new start offers\n%s\nand offered\n%s", venues[i*600], after, before)
		}
	}
}

// ask asks for as many offers as a placement has, with what was not offered.
func ask(t *testing.T, c *client.Client, at tableVenue, explain string) wire.Placement {
	t.Helper()
	d, err := c.Decide(t.Context(), wire.Request{
		Location: &wire.Location{Lat: at.lat, Lon: at.lon}, Explain: explain, Time: "2026-11-27T12:00:00-05:00",
		Placements: []wire.PlacementRequest{{ID: "home", Count: 100}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.Placements[0]
}

// decidedAt returns the offers of a place: those that are offered, and those for which the list had no room. All others at hand have to be outside.
func decidedAt(t *testing.T, c *client.Client, at tableVenue) map[string]bool {
	t.Helper()
	p := ask(t, c, at, "full")
	got, told := map[string]bool{}, map[string]bool{}
	for _, o := range p.Offers {
		got[o.OfferID], told[o.OfferID] = true, true
	}
	for _, x := range p.Rejected {
		told[x.OfferID] = true
		switch {
		case len(x.Reasons) == 1 && x.Reasons[0].Name == "outranked" && len(p.Offers) == 100:
			got[x.OfferID] = true
		case len(x.Reasons) != 1 || x.Reasons[0].Name != "outside_geofence":
			t.Fatalf("%s is rejected for %+v", x.OfferID, x.Reasons)
		}
	}
	if n := len(p.Offers) + len(p.Rejected); len(told) != n {
		t.Fatalf("%d offers and rejections tell of %d offers", n, len(told))
	}
	return got
}

// ranked writes the offers of a place in their order.
func ranked(t *testing.T, c *client.Client, at tableVenue) string {
	t.Helper()
	var s strings.Builder
	for _, o := range ask(t, c, at, "").Offers {
		fmt.Fprintf(&s, "%d %s %s %.1f %.4f\n", o.Position, o.OfferID, o.Title, o.Venue.Distance, o.Score)
	}
	return s.String()
}

// apart returns what is in a and not in b.
func apart(a, b map[string]bool) (only []string) {
	for id := range a {
		if !b[id] {
			only = append(only, id)
		}
	}
	slices.Sort(only)
	return only
}
