package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

type redemptionJSON struct {
	ID, Offer_ID, Status, User_ID, Code string
	Discount, Purchase                  struct {
		Amount   int64
		Currency string
	}
	Rolled_Back *struct{ Amount int64 }
	Expires_At  time.Time
}

type validationJSON struct {
	Valid    bool
	Discount *struct{ Amount int64 }
	Reasons  []struct{ Name string }
	Change   *struct {
		Walk *struct {
			Metres, Bearing, Lat, Lon float64
		}
		At    string
		Hours float64
		Spend *struct{ Amount int64 }
	}
}

// sell makes a campaign of merchant m-1 at v-1 with some members besides the usual ones.
func (w *world) sell(t testing.TB, id, members string) {
	t.Helper()
	body := `{"id":"` + id + `","title":{"en":"Offer"},"venues":{"ids":["v-1"]},"status":"enabled",` + members + `}`
	w.send(t, "m-1", http.MethodPut, "/v1/campaigns/"+id, body).want(t, 201)
}

const tenPercent = `"discount":{"type":"percent","percent":10}`

func orderJSON(campaign, user string, amount int, more string) string {
	return fmt.Sprintf(`{"offer_id":"%s@v-1","user":{"id":%q},"purchase":{"amount":%d,"currency":"USD"}%s}`, campaign, user, amount, more)
}

// reasons fails the test unless the answer is a refusal of the ledger, and lists the names of its reasons.
func (r reply) reasons(t testing.TB) string {
	t.Helper()
	r.refused(t, 409, "refused")
	var p struct{ Reasons []struct{ Name string } }
	r.decode(t, &p)
	var names []string
	for _, reason := range p.Reasons {
		names = append(names, reason.Name)
	}
	return strings.Join(names, " ")
}

func (w *world) order(t testing.TB, path, body string) reply {
	t.Helper()
	return w.send(t, "app", http.MethodPost, path, body)
}

// A till reserves, confirms and undoes, and each step is there after a new start.
func TestReservationOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.sell(t, "a", tenPercent+`,"budgets":[{"metric":"redemptions","limit":1,"period":"total","per":"campaign"}]`)
	var r redemptionJSON
	made := w.order(t, "/v1/reservations", orderJSON("a", "u", 5000, `,"ttl_seconds":60`)).want(t, 201).decode(t, &r)
	if r.Status != "reserved" || r.Discount.Amount != 500 || !r.Expires_At.Equal(noon.Add(time.Minute)) || made.header.Get("Location") != "/v1/reservations/"+url.PathEscape(r.ID) {
		t.Errorf("%s %v", made.body, made.header)
	}
	if got := w.order(t, "/v1/redemptions", orderJSON("a", "w", 100, "")).reasons(t); got != "budget_exhausted" {
		t.Error(got)
	}
	w.restart(t)
	path := "/v1/reservations/" + r.ID
	w.get(t, "app", path).want(t, 200).decode(t, &r)
	w.order(t, path+"/confirm", "").want(t, 200).decode(t, &r)
	if got := w.order(t, path+"/confirm", "").reasons(t); r.Status != "confirmed" || got != "not_reserved" {
		t.Errorf("%+v, %s", r, got)
	}
	w.order(t, "/v1/redemptions/"+r.ID+"/rollbacks", `{"amount":{"amount":100,"currency":"USD"}}`).want(t, 200).decode(t, &r)
	if r.Rolled_Back.Amount != 100 || r.Status != "confirmed" {
		t.Errorf("%+v", r)
	}
	w.order(t, "/v1/redemptions/"+r.ID+"/rollbacks", `{"amount":{"amount":100,"currency":"EUR"}}`).faults(t, "amount.currency invalid")
	w.order(t, "/v1/redemptions/"+r.ID+"/rollbacks", "").want(t, 200).decode(t, &r)
	if r.Rolled_Back.Amount != 500 || r.Status != "rolled_back" {
		t.Errorf("%+v", r)
	}
	w.order(t, "/v1/redemptions", orderJSON("a", "w", 100, "")).want(t, 201)
	w.audit(t, 5)
	for _, id := range []string{"none", "00000000-0000-7000-8000-000000000000@m-1@a", "00000000-0000-7000-8000-000000000000@m-9@a", r.ID + "x"} {
		w.get(t, "app", "/v1/redemptions/"+id).refused(t, 404, "not_found")
	}
}

// audit fails the test unless the ledger agrees with itself and has so many movements.
func (w *world) audit(t testing.TB, movements int) {
	t.Helper()
	var a struct {
		Movements int
		Faults    []string
	}
	w.get(t, "operator", "/v1/ledger/audit").want(t, 200).decode(t, &a)
	if len(a.Faults) > 0 || a.Movements != movements {
		t.Errorf("%d movements, want %d: %v", a.Movements, movements, a.Faults)
	}
}

func TestFaultsOfOrders(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	d := w.decide(t, "u-1")
	for _, c := range []struct {
		body string
		want []string
	}{
		{`{}`, []string{"offer_id required", "purchase required"}},
		{`{"offer_id":"c-1@v-1","purchase":{"amount":-1,"currency":"XXY"},"ttl_seconds":0}`, []string{"purchase.amount out_of_range", "purchase.currency invalid", "ttl_seconds out_of_range"}},
		{orderJSON("c-9", "u", 1, ""), []string{"offer_id unknown_offer"}},
		{orderJSON("c-1", "u", 1, `,"decision_id":"none"`), []string{"decision_id unknown_decision"}},
		{orderJSON("c-1", "other", 1, `,"decision_id":"`+d.Decision_ID+`"`), []string{"user.id invalid"}},
	} {
		a := ask{key: "app", method: http.MethodPost, path: "/v1/redemptions", body: c.body, wrong: true}
		w.ask(t, a).faults(t, c.want...)
	}
}

// What is used up is not offered any more, at once, and says why.
func TestExhaustionReachesDecisions(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.sell(t, "a", tenPercent+`,"budgets":[{"metric":"spend","limit":500,"currency":"USD","period":"day","per":"campaign"}]`)
	w.sell(t, "b", tenPercent+`,"budgets":[{"metric":"redemptions","limit":1,"period":"total","per":"user"}]`)
	has := func(user, offer, reason string) {
		t.Helper()
		d := w.decide(t, user)
		found := "offered"
		for _, r := range d.Placements[0].Rejected {
			if r.Offer_ID == offer {
				found = r.Reasons[0].Name
			}
		}
		if found != reason {
			t.Errorf("%s for %s: %s, want %s", offer, user, found, reason)
		}
	}
	has("u", "a@v-1", "offered")
	w.order(t, "/v1/redemptions", orderJSON("a", "u", 5000, "")).want(t, 201)
	w.order(t, "/v1/redemptions", orderJSON("b", "u", 5000, "")).want(t, 201)
	for range 2 {
		has("u", "a@v-1", "budget_exhausted")
		has("u", "b@v-1", "user_limit_reached")
		has("w", "b@v-1", "offered")
		w.restart(t)
	}
	w.pass(12 * time.Hour)
	has("u", "a@v-1", "offered")
}

// A validation names every reason and the change that heals them, which then holds.
func TestValidationOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.sell(t, "a", `"discount":{"type":"percent","percent":10,"min_spend":{"amount":2000,"currency":"USD"}},"flight":{"windows":[{"from":"17:00","to":"23:00"}]},`+
		`"geofences":[{"geojson":{"type":"Polygon","coordinates":[[[-80.136,25.790],[-80.134,25.790],[-80.134,25.792],[-80.136,25.792],[-80.136,25.790]]]}}]`)
	var v validationJSON
	w.order(t, "/v1/validations", orderJSON("a", "u", 1500, `,"location":{"lat":25.7910,"lon":-80.1300,"accuracy":10}`)).want(t, 200).decode(t, &v)
	var names []string
	for _, r := range v.Reasons {
		names = append(names, r.Name)
	}
	if v.Valid || v.Change == nil || strings.Join(names, " ") != "outside_geofence not_in_flight below_min_spend" || v.Discount.Amount != 150 {
		t.Fatalf("%+v, %v", v, names)
	}
	c := v.Change // 0.004° of longitude at 25.79° north are 400.6 m
	if c.Hours != 5 || c.At != "2026-11-24T17:00:00-05:00" || c.Spend.Amount != 500 || c.Walk.Metres < 400 || c.Walk.Metres > 425 || c.Walk.Bearing < 265 || c.Walk.Bearing > 275 {
		t.Errorf("%+v, walk %+v", c, c.Walk)
	}
	w.pass(5 * time.Hour)
	there := fmt.Sprintf(`,"location":{"lat":%v,"lon":%v,"accuracy":10}`, c.Walk.Lat, c.Walk.Lon)
	w.order(t, "/v1/validations", orderJSON("a", "u", 2000, there)).want(t, 200).decode(t, &v)
	if !v.Valid {
		t.Errorf("%+v", v)
	}
	w.order(t, "/v1/redemptions", orderJSON("a", "u", 2000, there)).want(t, 201)
}

// No offer takes more than the purchase, and the rest of a budget counts.
func TestTotalIsNeverNegativeOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.sell(t, "a", `"discount":{"type":"amount","amount":{"amount":5000,"currency":"USD"}},"budgets":[{"metric":"spend","limit":1500,"currency":"USD","period":"total","per":"campaign"}]`)
	var r redemptionJSON
	w.order(t, "/v1/redemptions", orderJSON("a", "u", 1200, "")).want(t, 201).decode(t, &r)
	if r.Discount.Amount != 1200 {
		t.Errorf("%+v", r)
	}
	w.order(t, "/v1/redemptions", orderJSON("a", "u", 300, "")).want(t, 201)
	if got := w.order(t, "/v1/redemptions", orderJSON("a", "u", 1, "")).reasons(t); got != "budget_exhausted" {
		t.Error(got)
	}
}

// Offers of one purchase take no more than it together, and offers that shut each other out do not meet.
func TestStackingOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	stackable := `,"stacking":{"group":"x","mode":"stackable"}`
	w.sell(t, "amount", `"discount":{"type":"amount","amount":{"amount":800,"currency":"USD"}}`+stackable)
	w.sell(t, "half", `"discount":{"type":"percent","percent":50}`+stackable)
	w.sell(t, "third", `"discount":{"type":"percent","percent":33}`+stackable)
	w.sell(t, "alone", tenPercent+`,"stacking":{"group":"x","mode":"exclusive"}`)
	in := `,"purchase_id":"till-4/17"`
	c := w.till(t, false)
	var total atomic.Int64
	atOnce(t, 3, func(i int) error {
		r, err := c.redeem(context.Background(), nil, inPurchase("together", orderFor([]string{"amount", "half", "third"}[i], "u", 1000)))
		total.Add(r.Discount.Amount)
		return err
	})
	if total.Load() != 1000 { // 800 + 200, or 500 + 500, or 330 + 670, or 500 + 330 + 170
		t.Errorf("discounts of %d", total.Load())
	}
	var r redemptionJSON
	w.order(t, "/v1/redemptions", orderJSON("amount", "u", 1000, in)).want(t, 201)
	w.order(t, "/v1/redemptions", orderJSON("half", "u", 1000, in)).want(t, 201).decode(t, &r)
	if r.Discount.Amount != 200 {
		t.Errorf("%+v", r)
	}
	if got := w.order(t, "/v1/redemptions", orderJSON("alone", "u", 1000, in)).reasons(t); got != "not_stackable not_stackable nothing_left" {
		t.Error(got)
	}
}

func TestCodesOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.sell(t, "a", tenPercent)
	var batch struct {
		ID    string
		Added int
		Codes []string
	}
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/a/codes", `{"generate":2,"prefix":"mia-","length":12}`).want(t, 201).decode(t, &batch)
	if batch.Added != 2 || len(batch.Codes) != 2 || !strings.HasPrefix(batch.Codes[0], "MIA-") || len(batch.Codes[0]) != 16 {
		t.Fatalf("%+v", batch)
	}
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/a/codes", `{}`).faults(t, "codes required")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/a/codes", `{"codes":["a b",""]}`).faults(t, "codes[0] invalid", "codes[1] invalid")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/none/codes", `{"codes":["A"]}`).refused(t, 404, "not_found")
	w.order(t, "/v1/redemptions", orderJSON("a", "u", 1000, `,"code":"`+strings.ToLower(batch.Codes[1])+`"`)).want(t, 201)
	var list struct {
		Data []struct {
			Code       string
			Uses, Used int64
		}
		Next_Cursor string
	}
	w.get(t, "m-1", "/v1/campaigns/a/codes?limit=1").want(t, 200).decode(t, &list)
	used, next := list.Data[0].Used, list.Next_Cursor
	list.Next_Cursor = ""
	w.get(t, "m-1", "/v1/campaigns/a/codes?cursor="+next).want(t, 200).decode(t, &list)
	if len(list.Data) != 1 || used+list.Data[0].Used != 1 || list.Next_Cursor != "" {
		t.Errorf("%+v and %d", list, used)
	}
}
