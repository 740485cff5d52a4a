package command

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

func testWorld(t testing.TB, seed uint64, profile string, campaigns int) *world {
	t.Helper()
	cities, err := builtInCities()
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(seed, profile, campaigns, cities)
}

// uploadsOf is every row of a world, merchant by merchant.
func uploadsOf(t testing.TB, w *world) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for m := range w.merchants {
		if err := w.writeVenues(enc, m); err != nil {
			t.Fatal(err)
		}
		if err := w.writeCampaigns(enc, m); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestWorldFollowsFromItsSeed(t *testing.T) {
	for _, profile := range []string{worldClustered, worldUniform, worldHotspot} {
		t.Run(profile, func(t *testing.T) {
			first := uploadsOf(t, testWorld(t, 7, profile, 201))
			if again := uploadsOf(t, testWorld(t, 7, profile, 201)); !bytes.Equal(first, again) {
				t.Error("the same seed gave other bytes")
			}
			if other := uploadsOf(t, testWorld(t, 8, profile, 201)); bytes.Equal(first, other) {
				t.Error("another seed gave the same bytes")
			}
			if got := bytes.Count(first, []byte("\n")); got != 201+101 {
				t.Errorf("%d rows, want 201 campaigns and 101 venues", got)
			}
		})
	}
}

func TestWorldIsValid(t *testing.T) {
	s := catalog.New(catalog.Options{})
	w := testWorld(t, 3, worldClustered, 1_000)
	kinds := make(map[string]int)
	venues := make(map[string]bool)
	for v := range w.venues {
		data, err := json.Marshal(w.venue(v))
		if err != nil {
			t.Fatal(err)
		}
		venue, faults := wire.DecodeVenue(data)
		if faults = faults.Merge(s.CheckVenue(&venue)); len(faults) > 0 {
			t.Fatalf("venue %d: %v", v, faults)
		}
		venues[venue.MerchantID+"/"+venue.ID] = true
	}
	for i := range w.campaigns {
		c, err := w.revised(i, i%2)
		if err != nil {
			t.Fatalf("campaign %d: %v", i, err)
		}
		if faults := s.CheckCampaign(&c); len(faults) > 0 {
			t.Fatalf("campaign %d: %v", i, faults)
		}
		for _, id := range c.Venues.IDs {
			if !venues[c.MerchantID+"/"+id] {
				t.Fatalf("campaign %d holds at a venue %s that its merchant does not have", i, id)
			}
		}
		kinds[fenceKind(&c)]++
	}
	for kind, share := range map[string]float64{"circle": 0.7, "Polygon": 0.15 + 0.029 + 0.001, "MultiPolygon": 0.05, "cells": 0.07} {
		if got := float64(kinds[kind]) / float64(w.campaigns); math.Abs(got-share) > 0.04 {
			t.Errorf("%s: a share of %.3f, want %.3f", kind, got, share)
		}
	}
}

// fenceKind tells what a campaign's fence is; that of its venue is a circle.
func fenceKind(c *engine.Campaign) string {
	switch {
	case len(c.Geofences) == 0 || c.Geofences[0].Circle != nil:
		return "circle"
	case c.Geofences[0].Cells != nil:
		return "cells"
	}
	var g struct{ Type string }
	_ = json.Unmarshal(c.Geofences[0].GeoJSON, &g) // it has been compiled
	return g.Type
}

func TestRevisionsDiffer(t *testing.T) {
	w := testWorld(t, 1, worldClustered, 10)
	first, err := w.campaign(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.campaign(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if bytes.Equal(a, b) {
		t.Error("a revision is the same")
	}
	if first.ID != second.ID || first.MerchantID != second.MerchantID {
		t.Error("a revision is another campaign")
	}
}

// crowds counts, for some places drawn as the shops are, how many shops of a world lie within 1 km of each, ascending.
func crowds(t *testing.T, profile string) []int {
	t.Helper()
	w := testWorld(t, 5, profile, 20_000)
	points := make([]geo.Point, w.venues)
	for v := range points {
		points[v] = geo.Point{Handle: uint32(v), At: w.shop(v).at}
	}
	shops := new(geo.Points).Apply(nil, points)
	d := w.dice(dicePlace, 0)
	counts := make([]int, 1_000)
	for i := range counts {
		counts[i] = len(shops.Within(nil, w.placeOf(d, placeTypical), 1_000))
	}
	slices.Sort(counts)
	return counts
}

func TestProfilesDiffer(t *testing.T) {
	clustered, uniform, hotspot := crowds(t, worldClustered), crowds(t, worldUniform), crowds(t, worldHotspot)
	t.Logf("shops within a kilometre, median, nine of ten, most: clustered %d %d %d, uniform %d %d %d, hotspot %d %d %d", clustered[500], clustered[900], clustered[999],
		uniform[500], uniform[900], uniform[999], hotspot[500], hotspot[900], hotspot[999])
	if uniform[999] > 3 {
		t.Errorf("uniform: %d shops within a kilometre, which is a cluster", uniform[999])
	}
	if clustered[999] < 8 || clustered[500] > 3 {
		t.Errorf("clustered: at most %d shops within a kilometre, %d in the middle one of all places; want some, and few", clustered[999], clustered[500])
	}
	// a fifth of 10,000 shops at 20 malls makes 100 at each
	if hotspot[900] < 70 || hotspot[500] > 10 {
		t.Errorf("hotspot: %d shops within a kilometre of a crowded place, %d in the middle one of all places; want about a hundred, and few", hotspot[900], hotspot[500])
	}
}

func TestPlacesOfEachKind(t *testing.T) {
	w := testWorld(t, 2, worldClustered, 100)
	all, err := newPlaces(w)
	if err != nil {
		t.Fatal(err)
	}
	again, err := newPlaces(w)
	if err != nil {
		t.Fatal(err)
	}
	south := 0
	for kind := range placeKinds {
		for i := range all[kind] {
			p := &all[kind][i]
			if !bytes.Equal(p.body, again[kind][i].body) {
				t.Fatalf("%v place %d differs from run to run", kind, i)
			}
			if p.request.Location.Position != p.at || !p.request.Time.Equal(worldTime()) || p.request.Placements[0].Count != offersAsked {
				t.Fatalf("%v place %d: asked %+v", kind, i, p.request)
			}
			if kind == placeHot && !nearTown(w, p.at, 2_000) {
				t.Errorf("hot place %d at %v is at no large city's middle", i, p.at)
			}
			if kind == placeSparse && p.at.Lat < -30 {
				south++
			}
		}
	}
	// a quarter of the globe lies south of 30 degrees
	if share := float64(south) / placesOfKind; math.Abs(share-0.25) > 0.05 {
		t.Errorf("a share of %.2f of sparse places lies far in the south, want 0.25", share)
	}
}

func nearTown(w *world, p geo.LatLng, within geo.Meters) bool {
	return slices.ContainsFunc(w.towns[:hotTowns], func(t town) bool { return p.Distance(t.at) < within })
}

func TestMovedGoesAsFarAsItSays(t *testing.T) {
	for name, p := range map[string]geo.LatLng{
		"equator": {}, "Miami": {Lat: 25.79, Lng: -80.13}, "antimeridian": {Lat: -17, Lng: 179.9999}, "north": {Lat: 69, Lng: 33}, "pole": {Lat: 90},
	} {
		t.Run(name, func(t *testing.T) {
			for _, metres := range []float64{150, 5_000, 800_000} {
				for bearing := 0.0; bearing < 6; bearing++ {
					q := moved(p, metres, bearing)
					if err := q.Validate(); err != nil {
						t.Fatal(err)
					}
					if got := float64(p.Distance(q)); math.Abs(got-metres) > 0.2 {
						t.Errorf("%v m on %v: went %v", metres, bearing, got)
					}
				}
			}
		})
	}
	if north := moved(geo.LatLng{}, 1_000, 0); north.Lat <= 0 || north.Lng != 0 {
		t.Errorf("north is %v", north)
	}
	if east := moved(geo.LatLng{}, 1_000, math.Pi/2); east.Lng <= 0 || math.Abs(east.Lat) > 1e-6 {
		t.Errorf("east is %v", east)
	}
}

func TestBuiltInCities(t *testing.T) {
	cities, err := builtInCities()
	if err != nil {
		t.Fatal(err)
	}
	countries := make(map[string]bool)
	for _, c := range cities {
		countries[c.country] = true
		if c.zone == "" {
			t.Errorf("%s has no time zone", c.name)
		}
	}
	if len(cities) < 290 || len(countries) < 80 || cities[0].people < cities[1].people {
		t.Errorf("%d cities of %d countries, the first of %d people", len(cities), len(countries), cities[0].people)
	}
	if !bytes.Contains(largeCities[:300], []byte("GeoNames")) || !bytes.Contains(largeCities[:300], []byte("CC BY 4.0")) {
		t.Error("the list does not say whose it is")
	}
}

func TestReadCities(t *testing.T) {
	const header = "name\tcountry\tpopulation\tlat\tlng\n"
	for name, c := range map[string]struct{ list, fault string }{
		"empty":            {"", "there are none"},
		"header alone":     {header, "there are none"},
		"no such column":   {"name\tcountry\tlat\tlng\n", "line 1: no column population"},
		"short line":       {header + "Rome\tIT\n", "line 2: 2 columns, the header has 5"},
		"no number":        {header + "# told\nRome\tIT\tmany\t41.9\t12.5\n", `line 3: strconv.Atoi: parsing "many"`},
		"position":         {header + "Rome\tIT\t1\t141.9\t12.5\n", "line 2: position out of range"},
		"right":            {header + "Rome\tIT\t1\t41.9\t12.5\nParis\tFR\t2\t48.9\t2.4\n", ""},
		"columns all over": {"lng\tlat\tid\tpopulation\tcountry\tname\ttime_zone\n12.5\t41.9\t3\t1\tIT\tRome\tEurope/Rome\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cities, err := readCities(strings.NewReader(c.list))
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("%v, want %s", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			rome := cities[len(cities)-1]
			if rome.name != "Rome" || rome.country != "IT" || rome.at != (geo.LatLng{Lat: 41.9, Lng: 12.5}) {
				t.Errorf("%+v", cities)
			}
		})
	}
}

func FuzzReadCities(f *testing.F) {
	f.Add([]byte("name\tcountry\tpopulation\tlat\tlng\nRome\tIT\t1\t41.9\t12.5\n"))
	f.Add(largeCities[:2_000])
	f.Fuzz(func(t *testing.T, data []byte) {
		cities, err := readCities(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, c := range cities {
			if err := c.at.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}

// BenchmarkInventCampaign is what a campaign costs to invent, beside what it costs to write down.
func BenchmarkInventCampaign(b *testing.B) {
	w := testWorld(b, 1, worldClustered, 10_000)
	b.Run("invent", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, err := w.campaign(i%w.campaigns, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		c, err := w.campaign(0, 0)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for range b.N {
			if _, err := json.Marshal(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
