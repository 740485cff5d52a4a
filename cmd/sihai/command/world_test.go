package command_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"unicode"

	"github.com/sihai-network/sihai/testdata/worlds"
)

type worldPlace struct {
	ID, Merchant_ID string
	Name            map[string]string
	Lat, Lon        float64
	Chain           string
}

type worldOffer struct {
	ID, Merchant_ID           string
	Title, Description, Terms map[string]string
	Discount                  struct {
		Type                     string
		Amount, Price, Min_Spend struct{ Currency string }
	}
	Venues struct {
		IDs   []string
		Chain string
		All   bool
	}
	Geofences []struct {
		Circle, Cells json.RawMessage
		GeoJSON       struct {
			Type        string
			Coordinates []json.RawMessage
		}
	}
	Flight   struct{ Windows []json.RawMessage }
	Audience map[string]json.RawMessage
	Budgets  []struct{ Metric, Period, Per string }
	Pacing   string
	Status   string
}

func TestWorldPlaces(t *testing.T) {
	places := readWorld[worldPlace](t, "venues.ndjson")
	if len(places) < 80 {
		t.Errorf("%d places, want at least 80", len(places))
	}
	chains := make(map[string]int)
	for _, p := range places {
		if p.Lat < 25.4 || p.Lat > 26.2 || p.Lon < -80.6 || p.Lon > -80.1 {
			t.Errorf("%s at %v, %v is not in Greater Miami", p.ID, p.Lat, p.Lon)
		}
		bilingual(t, p.ID, p.Name)
		chains[p.Chain]++
	}
	for _, chain := range []string{"apple", "cvs", "macys", "sephora", "starbucks", "walgreens"} {
		if chains[chain] < 3 {
			t.Errorf("chain %s has %d places", chain, chains[chain])
		}
	}
}

func TestWorldOffersOfEveryKind(t *testing.T) {
	offers := readWorld[worldOffer](t, "campaigns.ndjson")
	if len(offers) < 200 {
		t.Errorf("%d campaigns, want at least 200", len(offers))
	}
	seen := make(map[string]bool)
	for _, o := range offers {
		bilingual(t, o.ID, o.Title)
		bilingual(t, o.ID, o.Description)
		if !strings.Contains(o.Terms["en"], "invented") {
			t.Errorf("%s does not say in its terms that it is invented", o.ID)
		}
		kinds(o, seen)
	}
	for _, kind := range strings.Fields(`percent amount fixed_price buy_x_get_y gift cashback
		circle cells Polygon MultiPolygon hole own-circle chain all windows
		audience.home_countries audience.languages audience.segments audience.spend_tiers audience.expression
		metric.spend metric.redemptions metric.impressions period.total period.day period.week period.month per.campaign per.venue per.user
		pacing.evenly pacing.frontloaded status.draft status.enabled status.disabled status.archived
		USD CNY EUR JPY KWD ARS BRL`) {
		if !seen[kind] {
			t.Errorf("no campaign has %s", kind)
		}
	}
}

// kinds marks what a campaign shows.
func kinds(o worldOffer, seen map[string]bool) {
	seen[o.Discount.Type], seen["status."+o.Status], seen["pacing."+o.Pacing] = true, true, true
	seen[o.Discount.Amount.Currency], seen[o.Discount.Price.Currency], seen[o.Discount.Min_Spend.Currency] = true, true, true
	for name := range o.Audience {
		seen["audience."+name] = true
	}
	for _, b := range o.Budgets {
		seen["metric."+b.Metric], seen["period."+b.Period], seen["per."+b.Per] = true, true, true
	}
	for _, f := range o.Geofences {
		seen["circle"] = seen["circle"] || f.Circle != nil
		seen["cells"] = seen["cells"] || f.Cells != nil
		seen[f.GeoJSON.Type] = true
		seen["hole"] = seen["hole"] || (f.GeoJSON.Type == "Polygon" && len(f.GeoJSON.Coordinates) > 1)
	}
	seen["own-circle"] = seen["own-circle"] || len(o.Geofences) == 0
	seen["chain"] = seen["chain"] || o.Venues.Chain != ""
	seen["all"] = seen["all"] || o.Venues.All
	seen["windows"] = seen["windows"] || len(o.Flight.Windows) > 0
}

func bilingual(t *testing.T, id string, text map[string]string) {
	t.Helper()
	if text["en"] == "" || !strings.ContainsFunc(text["zh-Hans"], func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("%s is not told in English and Chinese: %v", id, text)
	}
}

func readWorld[T any](t *testing.T, name string) []T {
	t.Helper()
	miami, err := worlds.Miami()
	if err != nil {
		t.Fatal(err)
	}
	data, err := fs.ReadFile(miami, name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		rows = append(rows, row)
	}
	return rows
}
