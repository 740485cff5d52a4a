package command

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

// placeKind says how many fences a place lies in.
type placeKind int

const (
	placeHot     placeKind = iota // at the first mall of one of the largest cities
	placeTypical                  // drawn as the shops are
	placeSparse                   // anywhere on the globe
	placeKinds
)

func (k placeKind) String() string { return [placeKinds]string{"hot", "typical", "sparse"}[k] }

// placeKindOf returns the kind of a name.
func placeKindOf(name string) (placeKind, error) {
	for kind := range placeKinds {
		if kind.String() == name {
			return kind, nil
		}
	}
	return 0, usagef("--places %q is none of hot, typical and sparse", name)
}

// kindsOf returns the kinds of some names, all of them for none.
func kindsOf(names []string) (kinds []placeKind) {
	for kind := range placeKinds {
		if len(names) == 0 || slices.Contains(names, kind.String()) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// placesOfKind is how many different requests of each kind there are.
const placesOfKind = 512

// offersAsked is how many offers each request asks for.
const offersAsked = 20

// place is a request at a place, as it is sent and as it is decided.
type place struct {
	at      geo.LatLng
	body    []byte
	request *engine.Request // of worldTime
}

// places are the requests of a world by kind.
type places [placeKinds][]place

// newPlaces invents the requests that are put to a world.
func newPlaces(w *world) (*places, error) {
	out := new(places)
	for kind := range placeKinds {
		out[kind] = make([]place, placesOfKind)
		for i := range out[kind] {
			d := w.dice(dicePlace, int(kind)*placesOfKind+i)
			p, err := newPlace(d, w.placeOf(d, kind))
			if err != nil {
				return nil, fmt.Errorf("invent a %v place: %w", kind, err)
			}
			out[kind][i] = p
		}
	}
	return out, nil
}

// placeOf draws a place of a kind.
func (w *world) placeOf(d *rand.Rand, kind placeKind) geo.LatLng {
	switch kind {
	case placeHot:
		return w.hotSpot(d).at
	case placeTypical:
		return w.spot(d).at
	}
	lat := math.Asin(2*d.Float64()-1) * 180 / math.Pi // as much in each belt as it has area
	return geo.LatLng{Lat: sixDecimals(lat), Lng: sixDecimals(360*d.Float64() - 180)}
}

// newPlace invents who asks at a place, and what.
func newPlace(d *rand.Rand, at geo.LatLng) (place, error) {
	pick := func(from ...string) string { return from[d.IntN(len(from))] }
	country, languages := "CN", []string{"zh-Hans", "en"}
	if d.IntN(3) == 0 {
		country, languages = pick("US", "JP", "KR", "TH", "DE"), []string{"en"}
	}
	asked := wire.Request{
		User: &wire.User{
			ID: "u-" + strconv.Itoa(d.IntN(1_000_000)), HomeCountry: country, Languages: languages, Segments: []string{"tourist"}, SpendTier: pick("super", "standard"),
			Attributes:         map[string]any{"visits": float64(d.IntN(4))},
			CategoryAffinities: map[string]float64{"5812": sixDecimals(d.Float64()), "5977": sixDecimals(d.Float64())},
		},
		Location:   &wire.Location{Lat: at.Lat, Lon: at.Lng, Accuracy: []float64{5, 10, 20, 35, 65}[d.IntN(5)]},
		Currency:   "CNY",
		Placements: []wire.PlacementRequest{{ID: "home", Count: offersAsked}},
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return place{}, err
	}
	r, err := wire.DecodeRequest(body)
	if err != nil {
		return place{}, err
	}
	r.Time = worldTime()
	return place{at, body, r}, nil
}
