package wire

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"golang.org/x/text/language"

	"github.com/bojanz/currency"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// Request asks for ranked offers.
type Request struct {
	User       *User              `json:"user,omitempty" doc:"what the wallet knows of the traveller; every member may be left out"`
	Location   *Location          `json:"location,omitempty" doc:"where the phone is; without it no offer bound to a place is given"`
	Currency   string             `json:"currency,omitempty" doc:"ISO 4217, of estimated savings; each offer's own when left out" example:"CNY"`
	Radius     float64            `json:"radius,omitempty" minimum:"0" maximum:"50000" doc:"metres; asks besides for offers whose venue is that near"`
	Purchase   *Money             `json:"purchase,omitempty" doc:"what the traveller is about to pay, for estimates"`
	Time       string             `json:"time,omitempty" format:"date-time" doc:"the moment to decide for; for analysts and operators only, now when left out"`
	Explain    string             `json:"explain,omitempty" enum:"none,full" doc:"full adds explanations and rejections"`
	Partners   []string           `json:"partners,omitempty" maxItems:"20" maxLength:"64" doc:"acquirers that the wallet works with: only venues that accept it through one of them are offered; those of the key when left out, and any venue where that names none" example:"stripe"`
	Placements []PlacementRequest `json:"placements" minItems:"1" maxItems:"16"`
}

// User is what the wallet knows of a traveller.
type User struct {
	ID                 string             `json:"id,omitempty" maxLength:"256"`
	HomeCountry        string             `json:"home_country,omitempty" doc:"ISO 3166-1 alpha-2" example:"CN"`
	Languages          []string           `json:"languages,omitempty" maxItems:"16" doc:"BCP 47, most preferred first"`
	Segments           []string           `json:"segments,omitempty" maxItems:"100" maxLength:"100"`
	SpendTier          string             `json:"spend_tier,omitempty" maxLength:"100"`
	Attributes         map[string]any     `json:"attributes,omitempty" maxItems:"100" doc:"strings, numbers and bools for audience expressions"`
	CategoryAffinities map[string]float64 `json:"category_affinities,omitempty" maxItems:"1000" doc:"merchant category code → 0 to 1"`
}

// Location is where a phone says it is, as OpenRTB's Geo.
type Location struct {
	Lat      float64 `json:"lat" minimum:"-90" maximum:"90" doc:"degrees, WGS84"`
	Lon      float64 `json:"lon" minimum:"-180" maximum:"180" doc:"degrees, WGS84"`
	Accuracy float64 `json:"accuracy,omitempty" minimum:"0" maximum:"20000000" doc:"metres, radius of 68 % confidence"`
	Type     string  `json:"type,omitempty" enum:"gps,ip,user" doc:"gps when left out"`
	LastFix  float64 `json:"last_fix,omitempty" minimum:"0" maximum:"31536000" doc:"seconds since the fix"`
}

// PlacementRequest is a slot on the app's screen.
type PlacementRequest struct {
	ID               string   `json:"id" minLength:"1" maxLength:"64" example:"home"`
	Count            int      `json:"count" minimum:"1" maximum:"100" doc:"offers asked for"`
	Categories       []string `json:"categories,omitempty" maxItems:"100" maxLength:"4" doc:"only these merchant category codes; any when left out"`
	ExcludeMerchants []string `json:"exclude_merchants,omitempty" maxItems:"1000" maxLength:"64"`
}

var requestPlan = planOf(reflect.TypeFor[Request]())

// DecodeRequest reads and validates a request: the one check that it gets. Its error is engine.Faults with every fault. Time is zero
// when it is left out.
func DecodeRequest(data []byte) (*engine.Request, error) {
	var r Request
	faults := bind(data, requestPlan, &r)
	out := r.engine(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

func (r *Request) engine(faults *engine.Faults) *engine.Request {
	out := &engine.Request{Currency: r.Currency, Radius: geo.Meters(r.Radius), Purchase: r.Purchase.engine(), Explain: engine.Explain(r.Explain), Partners: r.Partners}
	if out.Explain == "" {
		out.Explain = engine.ExplainNone
	}
	if r.User != nil {
		out.User = r.User.engine(faults)
	}
	if r.Location != nil {
		out.Location = r.Location.engine()
	}
	checkCurrency("currency", r.Currency, faults)
	if r.Purchase != nil {
		if r.Purchase.Amount < 0 {
			faults.Add("purchase.amount", "out_of_range", "%d is below 0", r.Purchase.Amount)
		}
		checkCurrency("purchase.currency", r.Purchase.Currency, faults)
	}
	if r.Time != "" {
		t, ok := parseTime(r.Time)
		if !ok {
			faults.Add("time", "invalid", "%q is not a time such as 2026-11-24T09:00:00-05:00", clip(r.Time))
		}
		out.Time = t
	}
	out.Placements = make([]engine.PlacementRequest, 0, len(r.Placements))
	for i, p := range r.Placements {
		earlier := r.Placements[:i] // few
		if slices.ContainsFunc(earlier, func(e PlacementRequest) bool { return e.ID == p.ID }) {
			faults.Add(item("placements", i)+".id", "duplicate", "%q is the ID of an earlier placement", clip(p.ID))
		}
		out.Placements = append(out.Placements, engine.PlacementRequest{ID: p.ID, Count: p.Count, Categories: p.Categories, ExcludeMerchants: p.ExcludeMerchants})
	}
	return out
}

// checkCurrency tells of a code that ISO 4217 does not know; an empty one is not given.
func checkCurrency(path, code string, faults *engine.Faults) {
	if code != "" && !currency.IsValid(code) {
		faults.Add(path, "invalid", "%q is not an ISO 4217 currency code", clip(code))
	}
}

func (u *User) engine(faults *engine.Faults) engine.User {
	checkUserID("user.id", u.ID, faults)
	if u.HomeCountry != "" && !isCountry(u.HomeCountry) {
		faults.Add("user.home_country", "invalid", "%q is not an ISO 3166-1 alpha-2 country code", clip(u.HomeCountry))
	}
	for i, tag := range u.Languages {
		if !isLanguage(tag) {
			faults.Add(item("user.languages", i), "invalid", "%q is not a BCP 47 language tag", clip(tag))
		}
	}
	u.checkAffinities(faults)
	return engine.User{
		ID: u.ID, HomeCountry: u.HomeCountry, Languages: u.Languages, Segments: u.Segments, SpendTier: u.SpendTier,
		Attributes: u.Attributes, CategoryAffinities: u.CategoryAffinities,
	}
}

// checkAffinities tells of those out of range, in the order of their codes.
func (u *User) checkAffinities(faults *engine.Faults) {
	var wrong []string
	for code, x := range u.CategoryAffinities {
		if x < 0 || x > 1 {
			wrong = append(wrong, code)
		}
	}
	slices.Sort(wrong)
	for _, code := range wrong {
		faults.Add("user.category_affinities."+clip(code), "out_of_range", "%v is not between 0 and 1", u.CategoryAffinities[code])
	}
}

// isLanguage reports whether a tag is one of BCP 47. Those that most travellers read are known beforehand.
func isLanguage(tag string) bool {
	switch tag {
	case "en", "en-GB", "en-US", "zh", "zh-CN", "zh-Hans", "zh-Hans-CN", "zh-Hant", "zh-Hant-HK", "zh-Hant-TW", "zh-HK", "zh-TW", "ja", "ja-JP", "ko", "ko-KR",
		"de", "de-DE", "es", "es-ES", "fr", "fr-FR", "id", "it", "ms", "pt", "pt-BR", "ru", "th", "vi":
		return true
	}
	_, err := language.Parse(tag)
	return err == nil
}

// countries are the pairs of capital letters that name a country, by (first - 'A') × 26 + second - 'A'.
var countries = sync.OnceValue(func() *[26 * 26]bool {
	known := new([26 * 26]bool)
	for i := range known {
		code := string([]byte{byte('A' + i/26), byte('A' + i%26)})
		region, err := language.ParseRegion(code)
		known[i] = err == nil && region.IsCountry() && region.String() == code
	}
	return known
})

// isCountry reports whether a code is two capital letters that name a country.
func isCountry(code string) bool {
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return false
	}
	return countries()[int(code[0]-'A')*26+int(code[1]-'A')]
}

func (l *Location) engine() *engine.Location {
	kind := engine.LocationType(l.Type)
	if kind == "" {
		kind = engine.LocationGPS
	}
	return &engine.Location{
		Position: geo.LatLng{Lat: l.Lat, Lng: l.Lon}, Accuracy: geo.Meters(l.Accuracy), Type: kind,
		LastFix: time.Duration(l.LastFix * float64(time.Second)),
	}
}

// RequestOf returns r as it was asked, with its time.
func RequestOf(r *engine.Request) Request {
	out := Request{
		Currency: r.Currency, Radius: float64(r.Radius), Purchase: moneyOf(r.Purchase), Time: timeText(r.Time), Explain: string(r.Explain), Partners: r.Partners,
		Placements: make([]PlacementRequest, len(r.Placements)),
	}
	u := r.User
	out.User = &User{
		ID: u.ID, HomeCountry: u.HomeCountry, Languages: u.Languages, Segments: u.Segments, SpendTier: u.SpendTier,
		Attributes: u.Attributes, CategoryAffinities: u.CategoryAffinities,
	}
	if l := r.Location; l != nil {
		out.Location = &Location{Lat: l.Position.Lat, Lon: l.Position.Lng, Accuracy: float64(l.Accuracy), Type: string(l.Type), LastFix: l.LastFix.Seconds()}
	}
	for i, p := range r.Placements {
		out.Placements[i] = PlacementRequest{ID: p.ID, Count: p.Count, Categories: p.Categories, ExcludeMerchants: p.ExcludeMerchants}
	}
	return out
}
