package geo_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// plainGeometries are of the form that is read by the short way, and some that nearly are.
func plainGeometries() (plain, other []string) {
	ring := `[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.7]]`
	plain = []string{
		`{"type":"Polygon","coordinates":[` + ring + `]}`,
		`{"type":"Polygon","coordinates":[` + ring + `,[[-80.15,25.72],[-80.14,25.72],[-80.14,25.73],[-80.15,25.72]]]}`,
		`{"type":"MultiPolygon","coordinates":[[` + ring + `],[[[0,0],[1,0],[1,1],[0,0]]]]}`,
	}
	for _, change := range [][2]string{
		{"25.7]", "25.70e0]"}, {"-80.1,", "-80.1, "}, {"25.8", "025.8"}, {"25.8", "25."}, {"25.8", "-"}, {"25.8", "95.8"}, {"-80.1,", "-80.1,7,"}, {"[-80.2,25.7]]", "[-80.2,25.6]]"},
		{"}", ",\"bbox\":[0,0,1,1]}"}, {"}", "} "}, {"}", ""}, {"[[", "["}, {"Polygon", "Point"}, {"[-80.1,25.7],", "null,"}, {"25.8", "+25.8"}, {"25.8", ".8"},
	} {
		other = append(other, strings.Replace(plain[0], change[0], change[1], 1))
	}
	return plain, append(other, "", "{}", `{"type":"Polygon","coordinates":[]}`, `{"coordinates":[`+ring+`],"type":"Polygon"}`)
}

// TestParseQuickly reads plain geometries by the short way as by the long one, and leaves every other to that.
func TestParseQuickly(t *testing.T) {
	plain, other := plainGeometries()
	for _, data := range plain {
		want, err := geo.ParseSlowly([]byte(data))
		if got, ok := geo.ParseQuickly([]byte(data)); err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", data, ok, err)
		}
	}
	for _, data := range other {
		if _, ok := geo.ParseQuickly([]byte(data)); ok {
			t.Errorf("%s is read by the short way", data)
		}
	}
}

func FuzzParseQuickly(f *testing.F) {
	plain, other := plainGeometries()
	for _, data := range append(plain, other...) {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := geo.ParseQuickly(data)
		if !ok {
			return
		}
		if want, err := geo.ParseSlowly(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("the long way says %v", err)
		}
	})
}

func BenchmarkParseGeometry(b *testing.B) {
	plain, _ := plainGeometries()
	for name, parse := range map[string]func([]byte) (*geo.Fence, error){"quick": geo.ParseGeometry, "slow": geo.ParseSlowly} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse([]byte(plain[0])); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
