package geo_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// effort multiplies the size of trials: 1, or more for the long ones.
func effort() int {
	if os.Getenv("SIHAI_LONG") == "1" {
		return 12
	}
	return 1
}

// data returns the folder of real data beside the checkout; without it the test is skipped.
func data(t testing.TB) string {
	t.Helper()
	folder := filepath.Join("..", "..", "shared", "data")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no real data: %v", err)
	}
	return folder
}

// Lookups equal the oracle on every real boundary there is: 9,000 points a file, 108,000 in a long trial.
func TestLookupEqualsOracleOnRealBoundaries(t *testing.T) {
	folder := data(t)
	var files []string
	for _, pattern := range []string{"boundaries/*json*", "boundaries/*.csv", "service_areas/*json*"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no file %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	const perFile = 9_000
	total := 0
	for i, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(i), 13))
			var figures []figure
			if strings.HasSuffix(file, ".csv") {
				figures = readCells(t, file)
			} else {
				figures = readFeatures(t, file)
			}
			n := perFile * effort()
			total += n
			inside, close := compare(t, random, figures, points(t, random, figures, n))
			t.Logf("%d fences, %d points, %d times inside, %d times within %v m of a line", len(figures), n, inside, close, band)
			if inside < n/20 {
				t.Errorf("only %d times inside", inside)
			}
		})
	}
	if total < 100_000 && !t.Failed() {
		t.Errorf("%d points in all, want 100,000", total)
	}
}

func open(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// geometry is a GeoJSON geometry as the oracle reads it.
type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

// rings returns the rings of a Polygon or a MultiPolygon, part by part.
func (g geometry) rings(t testing.TB) (parts [][][]geo.LatLng) {
	t.Helper()
	var polygons [][][][2]float64 // without altitudes
	data := string(g.Coordinates)
	if g.Type == "Polygon" {
		data = "[" + data + "]"
	}
	if err := json.Unmarshal([]byte(data), &polygons); err != nil {
		t.Fatal(err)
	}
	for _, polygon := range polygons {
		var rings [][]geo.LatLng
		for _, positions := range polygon {
			var ring []geo.LatLng
			for _, p := range positions {
				ring = append(ring, at(p[1], p[0]))
			}
			rings = append(rings, ring)
		}
		parts = append(parts, rings)
	}
	return parts
}

// readFeatures reads the polygons of a file, as the oracle does, and holds that ParseGeometry reads them too. Of a collection of geometries it takes the polygons,
// and rings that go to a point and back, which simplification has left in some files and ParseGeometry refuses, are left out.
func readFeatures(t testing.TB, file string) (figures []figure) {
	t.Helper()
	var collection struct {
		Features []struct {
			Geometry struct {
				geometry
				Geometries []geometry `json:"geometries"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(open(t, file), &collection); err != nil {
		t.Fatal(err)
	}
	for i, feature := range collection.Features {
		for _, g := range append(feature.Geometry.Geometries, feature.Geometry.geometry) {
			if g.Type != "Polygon" && g.Type != "MultiPolygon" {
				continue
			}
			f := figure{name: fmt.Sprintf("feature %d", i), parts: g.rings(t)}
			flat := 0
			for k := range f.parts {
				all := len(f.parts[k])
				f.parts[k] = slices.DeleteFunc(f.parts[k], isFlat)
				flat += all - len(f.parts[k])
			}
			f.parts = slices.DeleteFunc(f.parts, func(rings [][]geo.LatLng) bool { return len(rings) == 0 })
			raw, err := json.Marshal(g)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := geo.ParseGeometry(raw); (err != nil) != (flat > 0) {
				t.Fatalf("feature %d with %d flat rings: %v", i, flat, err)
			}
			if len(f.parts) > 0 {
				figures = append(figures, f)
			}
		}
	}
	return figures
}

func isFlat(ring []geo.LatLng) bool {
	different := map[geo.LatLng]bool{}
	for _, p := range ring {
		different[p] = true
	}
	return len(different) < 3
}

func readCells(t testing.TB, file string) (figures []figure) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(open(t, file)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		figures = append(figures, figure{name: row[1], cells: []string{row[1]}})
	}
	return figures
}
