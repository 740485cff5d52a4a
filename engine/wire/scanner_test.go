package wire

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// scanned compares what the scanner binds of a text, if anything, with what jsontext does.
func scanned(t *testing.T, text string, p *plan, kind reflect.Type) (quickly bool) {
	t.Helper()
	quick, slow := reflect.New(kind), reflect.New(kind)
	if !bindQuickly(text, p, quick.Elem()) {
		return false
	}
	b := binder{dec: jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))}
	if err := b.value(p, slow.Elem()); err != nil || len(b.faults) > 0 {
		t.Errorf("%q is bound quickly, but: %v %v", text, err, b.faults)
	} else if token, err := b.dec.ReadToken(); err == nil {
		t.Errorf("%q is bound quickly, but %v follows", text, token)
	} else if !reflect.DeepEqual(quick.Interface(), slow.Interface()) {
		t.Errorf("%q is quickly\n%+v, and otherwise\n%+v", text, quick, slow)
	}
	return true
}

// plans are what texts are bound to.
func plans() map[*plan]reflect.Type {
	return map[*plan]reflect.Type{
		requestPlan: reflect.TypeFor[Request](), campaignPlan: reflect.TypeFor[Campaign](), venuePlan: reflect.TypeFor[Venue](),
	}
}

var scannedTexts = []string{
	`{"user": {"id": "u", "languages": ["zh-Hans", "en"], "segments": [], "attributes": {"a": 1.5e3, "b": true, "c": "é", "d": null}, "category_affinities": {"5812": 0.9}},
	 "location": {"lat": -25.79, "lon": 0, "accuracy": 35, "type": "gps", "last_fix": 12.5}, "currency": "CNY", "purchase": {"amount": -0, "currency": "USD"},
	 "placements": [{"id": "home", "count": 10}, {"id": "b", "count": 1, "categories": ["5812"]}]}`,
	`{"id": "c", "title": {"en": "Offer", "zh-Hans": "优惠"}, "discount": {"type": "percent", "percent": 12.5}, "venues": {"ids": ["v"]}, "status": "enabled",
	 "flight": {"start": "2026-11-01", "windows": [{"days": ["mon"], "from": "17:00", "to": "02:00"}]}}`,
	`{"id":"v","name":{"en":"Venue"},"lat":25.8,"lon":-80.1,"time_zone":"America/New_York","opening_hours":{"mon":["10:00-14:00"]}}`,
}

// What the scanner takes it takes as jsontext does: of many texts, most of them almost right.
func TestScannerReadsAsJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	parts := []string{"", ",", ":", "{", "}", "[", "]", "\"", "\\", "null", "true", "fals", "-", "0", "1.", ".5", "1e5", "1E+", " ", "\n", "\x00", "\xff", "é", `"a"`, `"a":1`, "01", "-0", "//"}
	quick, trials := 0, 0
	for plan, kind := range plans() {
		for _, text := range scannedTexts {
			for range 20_000 {
				at := random.IntN(len(text) + 1)
				end := min(len(text), at+random.IntN(3)*random.IntN(8))
				if scanned(t, text[:at]+parts[random.IntN(len(parts))]+text[end:], plan, kind) {
					quick++
				}
				trials++
			}
		}
	}
	if quick < trials/40 {
		t.Errorf("%d of %d are bound quickly: the trial says little", quick, trials)
	}
}

// The texts that clients send are bound quickly.
func TestScannerTakesWhatIsCommon(t *testing.T) {
	if !scanned(t, scannedTexts[0], requestPlan, reflect.TypeFor[Request]()) {
		t.Error("a request is uncommon")
	}
	for _, text := range []string{"", "{}", "{} ", "{},", "{}{}", "[{}]", `{"placements":[]}`, `{"placements":[,]}`, `{"placements":[{"id":"a","count":1},]}`,
		`{"placements":[{"id":"a","count":1}]`, `{"placements"[{"id":"a","count":1}]}`, `{"placements":[{"id":"a","count":1}],}`, `{"placements":[{"id":"a","count":1}]}}`,
		`{"user":{"segments":["a",,"b"]},"placements":[{"id":"a","count":1}]}`, `{"user":{"segments":["a" "b"]},"placements":[{"id":"a","count":1}]}`,
		fmt.Sprintf(`{"user":{"attributes":{"a":%s1%s}},"placements":[{"id":"a","count":1}]}`, strings.Repeat("[", 20), strings.Repeat("]", 20)),
		`{"placements":[{"id":"a","count":1,"count":2}]}`, `{"placements":[{"id":"a","count":101}]}`, `{"user":{"id":null},"placements":[{"id":"a","count":1}]}`,
	} {
		scanned(t, text, requestPlan, reflect.TypeFor[Request]())
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range scannedTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for plan, kind := range plans() {
			scanned(t, text, plan, kind)
		}
	})
}
