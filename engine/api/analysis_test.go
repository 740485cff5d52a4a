package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/wire"
)

// TestReportsAndForecasts asks for offers, taps one, uses one, and reads what came of it; then, a week later, what would.
func TestReportsAndForecasts(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	var d wire.Decision
	w.ask(t, ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u-1"), header: map[string]string{"Idempotency-Key": "d"}}).want(t, 200).decode(t, &d)
	for _, kind := range []string{"impression", "click", "click"} {
		w.send(t, "app", "POST", "/v1/events", `{"events":[{"type":"`+kind+`","decision_id":"`+d.DecisionID+`","offer_id":"c-1@v-1"}]}`).want(t, 200)
	}
	order := `{"offer_id":"c-1@v-1","user":{"id":"u-1"},"purchase":{"amount":1000,"currency":"USD"},"decision_id":"` + d.DecisionID + `"}`
	w.send(t, "app", "POST", "/v1/redemptions", order).want(t, 201)

	var r wire.Report
	w.get(t, "m-1", "/v1/campaigns/c-1/report").want(t, 200).decode(t, &r)
	n := r.Total
	if n.Offered != 1 || n.Shown != 1 || n.Clicks != 1 || n.Redeemed != 1 || len(n.Spend) != 1 || n.ClickRate.Value != 1 {
		t.Errorf("reported %+v", n)
	}
	if len(r.Days) != 1 || r.Days[0].Key != "2026-11-24" || len(r.Cells) != 1 || r.Cells[0].Key == "" || r.Cells[0].Redeemed != 1 || r.Funnel.Offered != 1 || r.Funnel.Met != 1 {
		t.Errorf("reported %+v", r)
	}
	csv := w.get(t, "analyst", "/v1/merchants/m-1/report?format=csv").want(t, 200)
	if !strings.HasPrefix(csv.header.Get("Content-Type"), "text/csv") || !strings.Contains(string(csv.body), "\ntotal,,1,1,1,") {
		t.Errorf("%s: %s", csv.header.Get("Content-Type"), csv.body)
	}
	w.get(t, "operator", "/v1/campaigns/c-1/report").faults(t, "merchant required")
	w.ask(t, ask{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/report?from=x&format=xml", wrong: true}).faults(t, "format invalid", "from invalid")

	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/forecast", "").refused(t, 409, "too_little_logged")
	w.pass(7*24*time.Hour - time.Hour)
	w.ask(t, ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u-2"), header: map[string]string{"Idempotency-Key": "e"}}).want(t, 200)
	var f wire.Forecast
	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/forecast", `{"days":2}`).want(t, 200).decode(t, &f)
	if f.CampaignID != "c-1" || f.Decisions == 0 || f.OneIn != 1 || len(f.Hours) < 48 || f.Showings.Low > f.Showings.High {
		t.Errorf("foretold %+v", f)
	}
	changed := `{"campaign":` + strings.Replace(campaignJSON("new", "v-1"), `{`, `{"audience":{"home_countries":["ZZ"]},`, 1) + `}`
	w.send(t, "m-1", "POST", "/v1/campaigns/new/forecast", changed).faults(t, "campaign.audience.home_countries[0] invalid")
	changed = `{"campaign":` + strings.Replace(campaignJSON("new", "v-1"), `{`, `{"audience":{"home_countries":["NO"]},`, 1) + `}`
	w.send(t, "m-1", "POST", "/v1/campaigns/new/forecast", changed).want(t, 200).decode(t, &f)
	if f.CampaignID != "new" || f.Reach.Decisions != 1 || f.Reach.Eligible != 0 || len(f.Against) != 1 || f.Against[0].Name != "audience_not_matched" {
		t.Errorf("foretold of a draft for others %+v", f)
	}
	w.get(t, "m-1", "/v1/campaigns/new").refused(t, 404, "not_found")
}
