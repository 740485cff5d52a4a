package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

type campaignState struct {
	Status, State string
	Code_Required bool
	Version       int
}

// TestOrdersKeepTheRulesOfUse orders what is shown ahead, in a blackout, without a code, and where the wallet is not accepted; and asks when that will change.
func TestOrdersKeepTheRulesOfUse(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.sell(t, "ahead", tenPercent+`,"flight":{"start":"2026-11-26"},"display":{"start":"2026-11-20"}`)
	w.sell(t, "away", tenPercent+`,"flight":{"blackouts":[{"start":"2026-11-24"},{"start":"2026-11-25","end":"2026-11-25T09:30:00-05:00"}]}`)
	w.sell(t, "club", tenPercent+`,"code_required":true`)
	for _, path := range []string{"/v1/reservations", "/v1/redemptions"} {
		for campaign, reason := range map[string]string{"ahead": "not_in_flight", "away": "blacked_out", "club": "code_required"} {
			if got := w.order(t, path, orderJSON(campaign, "u", 5000, "")).reasons(t); got != reason {
				t.Errorf("%s of %s: refused for %s, want %s", path, campaign, got, reason)
			}
		}
		if got := w.order(t, path, orderJSON("club", "u", 5000, `,"code":"NONE"`)).reasons(t); got != "code_unknown" {
			t.Errorf("%s with a code that is none: %s", path, got)
		}
	}
	for campaign, at := range map[string]string{"ahead": "2026-11-26T00:00:00-05:00", "away": "2026-11-25T09:30:00-05:00"} {
		var v validationJSON
		w.order(t, "/v1/validations", orderJSON(campaign, "u", 5000, "")).want(t, 200).decode(t, &v)
		if v.Valid || v.Change == nil || !sameInstant(v.Change.At, at) {
			t.Errorf("%s: %+v, want it to hold at %s", campaign, v, at)
		}
	}
	w.sell(t, "pool", tenPercent)
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/pool/codes", `{"codes":["MAY"]}`).want(t, 201)
	var pool campaignState
	w.get(t, "m-1", "/v1/campaigns/pool").want(t, 200).decode(t, &pool)
	if !pool.Code_Required || pool.Version != 2 {
		t.Errorf("with codes it is %+v", pool)
	}
	w.order(t, "/v1/redemptions", orderJSON("pool", "u", 5000, `,"code":"may"`)).want(t, 201)
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/pool/codes", `{"codes":["JUNE"]}`).want(t, 201)
	w.get(t, "m-1", "/v1/campaigns/pool").want(t, 200).decode(t, &pool)
	if pool.Version != 2 {
		t.Errorf("more codes made version %d", pool.Version)
	}
	w.pass(2 * 24 * time.Hour)
	w.order(t, "/v1/redemptions", orderJSON("ahead", "u", 5000, "")).want(t, 201)
	w.order(t, "/v1/redemptions", orderJSON("away", "u", 5000, "")).want(t, 201)
}

func sameInstant(a, b string) bool {
	x, err1 := time.Parse(time.RFC3339, a)
	y, err2 := time.Parse(time.RFC3339, b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

// TestPartnersOfTheWallet asks and orders with acquirers of the request, of the key, of the decision and of nobody.
func TestPartnersOfTheWallet(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "m-1", http.MethodPut, "/v1/merchants/m-1/venues/v-1", partnerVenue("v-1", `"stripe"`)).want(t, 200)
	w.send(t, "m-2", http.MethodPut, "/v1/merchants/m-2/venues/v-2", partnerVenue("v-2", `"adyen","worldline"`)).want(t, 200)
	w.keys["stripe"] = w.newKey(t, `{"role":"app","partners":["stripe"]}`).Secret
	w.send(t, "operator", http.MethodPost, "/v1/keys", `{"role":"analyst","partners":["stripe"]}`).faults(t, "partners invalid")
	w.send(t, "operator", http.MethodPost, "/v1/keys", `{"role":"app","partners":["stripe",""," x"]}`).faults(t, "partners[1] required", "partners[2] invalid")

	offers := func(key, partners string) (string, string) {
		t.Helper()
		var d struct {
			Decision_ID string
			Placements  []struct{ Offers []struct{ Offer_ID string } }
		}
		body := `{` + partners + `"location":{"lat":25.7907,"lon":-80.1353},"placements":[{"id":"p","count":5}]}`
		w.send(t, key, http.MethodPost, "/v1/decisions", body).want(t, 200).decode(t, &d)
		out := ""
		for _, o := range d.Placements[0].Offers {
			out += o.Offer_ID + " "
		}
		return out, d.Decision_ID
	}
	for _, c := range []struct{ key, partners, want string }{
		{"app", "", "c-1@v-1 c-2@v-2 "},
		{"app", `"partners":["stripe","x"],`, "c-1@v-1 "},
		{"app", `"partners":["x"],`, ""},
		{"stripe", "", "c-1@v-1 "},
		{"stripe", `"partners":["worldline"],`, "c-2@v-2 "},
	} {
		if got, _ := offers(c.key, c.partners); got != c.want {
			t.Errorf("%s with %s is offered %q, want %q", c.key, c.partners, got, c.want)
		}
	}

	order := func(key, more string) reply {
		return w.send(t, key, http.MethodPost, "/v1/redemptions", orderJSON("c-1", "u", 5000, more))
	}
	order("app", "").want(t, 201)
	order("stripe", "").want(t, 201)
	if got := order("app", `,"partners":["adyen"]`).reasons(t); got != "partner_not_accepted" {
		t.Errorf("refused for %s", got)
	}
	_, shown := offers("app", `"partners":["stripe"],`)
	order("app", fmt.Sprintf(`,"decision_id":%q`, shown)).want(t, 201)
	if got := order("app", fmt.Sprintf(`,"decision_id":%q,"partners":["adyen"]`, shown)).reasons(t); got != "partner_not_accepted" {
		t.Errorf("refused for %s", got)
	}
	var v validationJSON
	w.order(t, "/v1/validations", orderJSON("c-1", "u", 5000, `,"partners":["adyen"]`)).want(t, 200).decode(t, &v)
	if v.Valid || len(v.Reasons) != 1 || v.Reasons[0].Name != "partner_not_accepted" || v.Change != nil {
		t.Errorf("%+v", v)
	}
}

func partnerVenue(id, partners string) string {
	return fmt.Sprintf(`{"id":%q,"name":{"en":"Venue"},"lat":25.7907,"lon":-80.1353,"time_zone":"America/New_York","currency":"USD","partners":[%s]}`, id, partners)
}

// TestCampaignsTellTheirState follows a campaign from a draft to its end.
func TestCampaignsTellTheirState(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	body := func(status string) string {
		return `{"id":"life","title":{"en":"Life"},` + tenPercent + `,"venues":{"ids":["v-1"]},"flight":{"start":"2026-11-25","end":"2026-11-27"},` +
			`"budgets":[{"metric":"redemptions","limit":1}],"status":"` + status + `"}`
	}
	expect := func(status, state string) {
		t.Helper()
		var c campaignState
		w.get(t, "m-1", "/v1/campaigns/life").want(t, 200).decode(t, &c)
		if c.Status != status || c.State != state {
			t.Errorf("status %s in state %s, want %s in %s", c.Status, c.State, status, state)
		}
	}
	w.send(t, "m-1", http.MethodPut, "/v1/campaigns/life", body("draft")).want(t, 201)
	expect("draft", "draft")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/life/enable", "").want(t, 200)
	expect("enabled", "scheduled")
	w.pass(11 * time.Hour) // 23:00 in New York
	expect("enabled", "scheduled")
	w.pass(time.Hour)
	expect("enabled", "running")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/life/disable", "").want(t, 200)
	expect("disabled", "disabled")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/life/enable", "").want(t, 200)
	var r redemptionJSON
	w.order(t, "/v1/redemptions", orderJSON("life", "u", 5000, "")).want(t, 201).decode(t, &r)
	expect("enabled", "exhausted")
	w.order(t, "/v1/redemptions/"+r.ID+"/rollbacks", "").want(t, 200)
	expect("enabled", "running")
	w.pass(48 * time.Hour)
	expect("enabled", "expired")
	w.send(t, "m-1", http.MethodPost, "/v1/campaigns/life/archive", "").want(t, 200)
	expect("archived", "archived")
}
