package wire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

const fullRequest = `{"user": {"id": "u-81", "home_country": "CN", "languages": ["zh-Hans", "en"], "segments": ["tourist"], "spend_tier": "super",
  "attributes": {"visits": 2, "vip": true, "city": "上海"}, "category_affinities": {"5812": 0.9}},
 "location": {"lat": 25.7907, "lon": -80.1353, "accuracy": 35, "type": "gps", "last_fix": 12.5},
 "currency": "CNY", "radius": 1500, "purchase": {"amount": 12000, "currency": "USD"}, "time": "2026-11-24T17:30:00-05:00", "explain": "full",
 "placements": [{"id": "home", "count": 10, "categories": ["5812"], "exclude_merchants": ["m-9"]}]}`

func TestDecodeRequestTakesEveryMember(t *testing.T) {
	r, err := wire.DecodeRequest([]byte(fullRequest))
	if err != nil {
		t.Fatal(err)
	}
	if r.User.ID != "u-81" || r.User.Attributes["visits"] != 2.0 || r.User.Attributes["vip"] != true || r.User.CategoryAffinities["5812"] != 0.9 {
		t.Errorf("user: %+v", r.User)
	}
	if r.Location.Position.Lat != 25.7907 || r.Location.Accuracy != 35 || r.Location.LastFix.Seconds() != 12.5 {
		t.Errorf("location: %+v", r.Location)
	}
	if r.Time.UTC().Hour() != 22 || r.Explain != engine.ExplainFull || r.Radius != 1500 || r.Purchase.Amount != 12000 {
		t.Errorf("request: %+v", r)
	}
	if p := r.Placements[0]; p.ID != "home" || p.Count != 10 || p.Categories[0] != "5812" || p.ExcludeMerchants[0] != "m-9" {
		t.Errorf("placement: %+v", p)
	}
}

// faultsOf lists the faults of an error as "path code".
func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	var faults engine.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v is not Faults", err)
	}
	return list(faults)
}

func list(faults engine.Faults) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = f.Path + " " + f.Code
	}
	return out
}

func TestRequestFaultsComeAllAtOnce(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", ``, []string{" syntax"}},
		{"cut off", `{"placements": [{"id": "home", "count`, []string{" syntax"}},
		{"something behind", `{"placements": [{"id": "a", "count": 1}]} {}`, []string{" syntax"}},
		{"not an object", `[]`, []string{" wrong_type"}},
		{"empty", `{}`, []string{"placements required"}},
		{"null is absent", `{"placements": null, "location": null}`, []string{"placements required"}},
		{"no placement", `{"placements": []}`, []string{"placements required"}},
		{"misspelt", `{"placments": [], "locaton": {}}`, []string{"placments unknown_field", "locaton unknown_field", "placements required"}},
		{"twice", `{"radius": 1, "radius": 2, "placements": [{"id": "a", "count": 1}]}`, []string{"radius duplicate"}},
		{
			"everything", `{"user": {"home_country": "USA", "languages": ["zh-Hans", "not a tag"], "category_affinities": {"5812": 2}, "attributes": {"x": []}},
			 "location": {"lat": 91, "accuracy": -1, "type": "wifi"}, "currency": "RMB", "radius": "far", "time": "noon",
			 "purchase": {"amount": -5, "currency": "USD"}, "placements": [{"id": "a", "count": 0}, {"id": "a", "count": 1.5}]}`,
			[]string{
				"user.attributes.x wrong_type", "location.lat out_of_range", "location.accuracy out_of_range", "location.type invalid",
				"location.lon required", "radius wrong_type", "placements[0].count out_of_range", "placements[1].count wrong_type",
				"user.home_country invalid", "user.languages[1] invalid", "user.category_affinities.5812 out_of_range",
				"currency invalid", "purchase.amount out_of_range", "time invalid", "placements[1].id duplicate",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wire.DecodeRequest([]byte(test.body))
			if got := faultsOf(t, err); !slices.Equal(got, test.want) {
				t.Errorf("faults\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestUnknownFieldNamesTheNearest(t *testing.T) {
	_, err := wire.DecodeRequest([]byte(`{"placements": [{"id": "a", "cuont": 1}]}`))
	if err == nil || !strings.Contains(err.Error(), "did you mean count?") {
		t.Errorf("error %v does not name count", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(fullRequest)
	f.Add(fullCampaign)
	f.Add(fullVenue)
	f.Add(`{"live_at": "2026-12-01T00:00:00Z", "campaign": ` + fullCampaign + `}`)
	f.Add(`{"name": "default", "weights": {"distance": 1}}`)
	f.Add(`{"events": [{"type": "click", "decision_id": "d", "offer_id": "m/c@v"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		data := []byte(body)
		_, _ = wire.DecodeEvents(data, noon)
		_, _ = wire.DecodeProfile(data)
		_, _ = wire.DecodeKey(data)
		_, _ = wire.DecodeMerchant(data)
		_, _ = wire.DecodeActivation(data)
		_, _ = wire.DecodeWord(data)
		if c, faults := wire.DecodeChange(data); len(faults) == 0 && c.Campaign != nil && len(wire.CampaignDifference(c.Campaign, c.Campaign)) > 0 {
			t.Errorf("a campaign is another than itself")
		}
		if r, err := wire.DecodeRequest(data); err == nil {
			again, err := wire.DecodeRequest(encode(t, wire.RequestOf(r)))
			if err != nil || len(again.Placements) != len(r.Placements) {
				t.Errorf("request does not read back: %v", err)
			}
		}
		if c, faults := wire.DecodeCampaign(data); len(faults) == 0 {
			if _, faults := wire.DecodeCampaign(encode(t, wire.CampaignOf(&c, noon))); len(faults) > 0 {
				t.Errorf("campaign does not read back: %v", faults)
			}
		}
		if v, faults := wire.DecodeVenue(data); len(faults) == 0 {
			if _, faults := wire.DecodeVenue(encode(t, wire.VenueOf(&v))); len(faults) > 0 {
				t.Errorf("venue does not read back: %v", faults)
			}
		}
	})
}
