package api_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// TestDecisionExplainsItself asks with explain full: every explanation sums to its score, and every candidate is offered or rejected with reasons.
func TestDecisionExplainsItself(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for i := range 8 {
		id := fmt.Sprintf("x-%d", i)
		body := campaignJSON(id, "v-1")
		switch i {
		case 5:
			body = strings.Replace(body, `"enabled"`, `"disabled"`, 1)
		case 6:
			body = strings.Replace(body, `{"id"`, `{"flight":{"start":"2027-01-01"},"audience":{"home_countries":["JP"]},"id"`, 1)
		}
		w.send(t, "m-1", "POST", "/v1/campaigns", body).want(t, 201)
	}
	d := w.decide(t, "u-1")
	p := d.Placements[0]
	if p.ID != "home" || len(p.Offers) == 0 || len(p.Offers)+len(p.Rejected) != 10 {
		t.Fatalf("%d offers and %d rejections of 10 candidates", len(p.Offers), len(p.Rejected))
	}
	for i, o := range p.Offers {
		if o.Position != i+1 || o.Content_Language != "zh-Hans" || o.Title != "八五折" || o.Merchant_ID == "" || o.Offer_ID != o.Campaign_ID+"@v-"+o.Merchant_ID[2:] {
			t.Errorf("%+v", o)
		}
		if i > 0 && o.Score > p.Offers[i-1].Score {
			t.Errorf("%s has a higher score than the offer before it", o.Offer_ID)
		}
		if o.Explanation == nil || len(o.Explanation.Children) == 0 || o.Explanation.Value != o.Score {
			t.Fatalf("%s: %v is explained by %+v", o.Offer_ID, o.Score, o.Explanation)
		}
		sums(t, o.Explanation)
	}
	why := map[string][]int{}
	for _, r := range p.Rejected {
		for i, reason := range r.Reasons {
			if reason.Name == "" || reason.Name == "unknown" || reason.Message == "" || i > 0 && reason.Code <= r.Reasons[i-1].Code {
				t.Errorf("%s: %+v", r.Offer_ID, r.Reasons)
			}
			why[r.Offer_ID] = append(why[r.Offer_ID], reason.Code)
		}
	}
	if !slices.Equal(why["x-5@v-1"], []int{370}) || !slices.Equal(why["x-6@v-1"], []int{320, 350}) {
		t.Errorf("rejected for %v", why)
	}
}

// sums holds each node of an explanation against the sum of its children.
func sums(t *testing.T, e *explanationJSON) {
	t.Helper()
	if e.Message == "" {
		t.Error("a node without a message")
	}
	total := 0.0
	for _, child := range e.Children {
		sums(t, child)
		total += child.Value
	}
	if len(e.Children) > 0 && math.Abs(total-e.Value) > 1e-9*max(1, math.Abs(e.Value)) {
		t.Errorf("%q is %v, its children are %v together", e.Message, e.Value, total)
	}
}

// TestDecisionTellsNoMoreThanAsked leaves explain out.
func TestDecisionTellsNoMoreThanAsked(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for _, explain := range []string{``, `"explain":"none",`} {
		body := strings.Replace(hereJSON("u"), `"explain":"full",`, explain, 1)
		got := w.send(t, "app", "POST", "/v1/decisions", body).want(t, 200)
		for _, word := range []string{`"rejected"`, `"explanation"`, `"request"`} {
			if strings.Contains(string(got.body), word) {
				t.Errorf("%s is told: %s", word, got.body)
			}
		}
	}
}

// TestTimeOfDecision asks for another moment, which an app may not.
func TestTimeOfDecision(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "m-1", "PUT", "/v1/campaigns/later", strings.Replace(campaignJSON("later", "v-1"), `{"id"`, `{"flight":{"start":"2027-01-01"},"id"`, 1)).want(t, 201)
	body := strings.Replace(hereJSON("u"), `{"user"`, `{"time":"2027-01-01T00:00:00-05:00","user"`, 1)
	w.send(t, "app", "POST", "/v1/decisions", body).faults(t, "time forbidden")
	for _, key := range []string{"analyst", "operator"} {
		var d decisionJSON
		w.send(t, key, "POST", "/v1/decisions", body).want(t, 200).decode(t, &d)
		if !d.Time.Equal(time.Date(2027, 1, 1, 5, 0, 0, 0, time.UTC)) || !slices.Contains(d.offered(), "later@v-1") {
			t.Errorf("%s: %v at %v", key, d.offered(), d.Time)
		}
		now := hereJSON("u")
		w.send(t, key, "POST", "/v1/decisions", now).want(t, 200).decode(t, &d)
		if !d.Time.Equal(noon) || slices.Contains(d.offered(), "later@v-1") {
			t.Errorf("%s: %v at %v", key, d.offered(), d.Time)
		}
	}
}

// TestRecordedDecision reads a decision back, at once and after a new start: it is the one that was answered, with its request.
func TestRecordedDecision(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	answered := w.send(t, "app", "POST", "/v1/decisions", hereJSON("u-1")).want(t, 200)
	var d decisionJSON
	answered.decode(t, &d)
	check := func() {
		t.Helper()
		got := w.get(t, "analyst", "/v1/decisions/"+d.Decision_ID).want(t, 200)
		var back decisionJSON
		got.decode(t, &back)
		without := strings.Replace(string(got.body), `,"request":`+string(back.Request), "", 1)
		if without != string(answered.body) {
			t.Errorf("on record\n%s\nanswered\n%s", without, answered.body)
		}
		if !strings.Contains(string(back.Request), `"id":"u-1"`) || !strings.Contains(string(back.Request), `"lat":25.7907`) {
			t.Errorf("its request is %s", back.Request)
		}
	}
	check()
	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/archive", "").want(t, 200) // changes what is decided now, not what was
	check()
	w.restart(t)
	check()
	w.get(t, "app", "/v1/decisions/"+d.Decision_ID).refused(t, 403, "forbidden")
}

// TestEventsAreCounted shows an offer as often as its cap and its budget allow. A new start forgets nothing.
func TestEventsAreCounted(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	capped := strings.Replace(campaignJSON("capped", "v-1"), `{"id"`, `{"frequency_caps":[{"count":2,"window":"1h"}],"budgets":[{"metric":"impressions","limit":3}],"id"`, 1)
	w.send(t, "m-1", "PUT", "/v1/campaigns/capped", capped).want(t, 201)
	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/archive", "").want(t, 200)

	show := func(user string) {
		t.Helper()
		d := w.decide(t, user)
		if !slices.Contains(d.offered(), "capped@v-1") {
			t.Fatalf("%s is offered %v", user, d.offered())
		}
		body := fmt.Sprintf(`{"events":[{"type":"impression","decision_id":%q,"offer_id":"capped@v-1"}]}`, d.Decision_ID)
		for range 2 { // the same event again counts once
			var taken struct{ Accepted int }
			w.send(t, "app", "POST", "/v1/events", body).want(t, 200).decode(t, &taken)
			if taken.Accepted != 1 {
				t.Errorf("%d accepted", taken.Accepted)
			}
		}
	}
	rejected := func(user string, codes ...int) {
		t.Helper()
		d := w.decide(t, user)
		for _, r := range d.Placements[0].Rejected {
			if r.Offer_ID != "capped@v-1" {
				continue
			}
			var got []int
			for _, reason := range r.Reasons {
				got = append(got, reason.Code)
			}
			if !slices.Equal(got, codes) {
				t.Errorf("%s: rejected for %v, want %v", user, got, codes)
			}
			return
		}
		t.Errorf("%s: not rejected: %v", user, d.offered())
	}
	show("u-1")
	w.pass(time.Minute)
	show("u-1")
	rejected("u-1", 340)
	w.restart(t)
	rejected("u-1", 340)
	w.pass(59 * time.Minute)
	show("u-1") // the first showing is out of the window
	rejected("u-2", 330)
	rejected("u-1", 330, 340)
}

// TestEventsAllOrNone sends a batch with one event that cannot be.
func TestEventsAllOrNone(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	d := w.decide(t, "u-1")
	event := func(decision, offer, more string) string {
		return fmt.Sprintf(`{"type":"impression","decision_id":%q,"offer_id":%q%s}`, decision, offer, more)
	}
	batch := strings.Join([]string{
		event(d.Decision_ID, "c-1@v-1", ""),
		event("00000000-0000-7000-8000-000000000000", "c-1@v-1", ""),
		event(d.Decision_ID, "c-9@v-1", ""),
		event(d.Decision_ID, "c-2@v-2", `,"position":9,"user_id":"u-2","placement":"home"`),
		event(d.Decision_ID, "c-2@v-2", `,"placement":"elsewhere","time":"2026-01-01T00:00:00Z"`),
	}, ",")
	w.send(t, "app", http.MethodPost, "/v1/events", `{"events":[`+batch+`]}`).faults(t,
		"events[1].decision_id unknown_decision", "events[2].offer_id unknown_offer", "events[3].user_id invalid", "events[3].position invalid",
		"events[4].time out_of_range", "events[4].placement unknown_placement")
	w.ask(t, ask{key: "app", method: http.MethodPost, path: "/v1/events", body: `{"events":[]}`, wrong: true}).faults(t, "events required")
}

// TestWritersReadTheirWrites changes a campaign in each way and decides at once.
func TestWritersReadTheirWrites(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	offered := func(id string) bool {
		d := w.decide(t, "u")
		return slices.Contains(d.offered(), id)
	}
	for round := range 10 {
		for _, step := range []struct {
			verb string
			is   bool
		}{{"disable", false}, {"enable", true}} {
			w.send(t, "m-1", "POST", "/v1/campaigns/c-1/"+step.verb, "").want(t, 200)
			if got := offered("c-1@v-1"); got != step.is {
				t.Fatalf("round %d: offered is %v after %s", round, got, step.verb)
			}
		}
	}
	w.send(t, "m-1", "PUT", "/v1/merchants/m-1/venues/v-1", strings.Replace(venueJSON("v-1"), "25.7907", "26.7907", 1)).want(t, 200)
	if offered("c-1@v-1") {
		t.Error("offered where its venue was")
	}
	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/archive", "").want(t, 200)
	w.send(t, "m-1", "DELETE", "/v1/merchants/m-1/venues/v-1", "").want(t, 204)
	if !offered("c-2@v-2") {
		t.Error("another's offer is gone")
	}
}

// TestRatesAndProfilesAreDecidedBy changes what all decisions rest on.
func TestRatesAndProfilesAreDecidedBy(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	body := strings.Replace(hereJSON("u"), `{"user"`, `{"currency":"CNY","purchase":{"amount":10000,"currency":"USD"},"user"`, 1)
	type savings struct {
		Rates_Date      string
		Scoring_Profile struct {
			Name    string
			Version int
		}
		Placements []struct {
			Offers []struct {
				Estimated_Saving *struct {
					Amount              int64
					Currency, Rate_Date string
				}
			}
		}
	}
	var before, after savings
	w.send(t, "app", "POST", "/v1/decisions", body).want(t, 200).decode(t, &before)
	if before.Rates_Date != "" || before.Placements[0].Offers[0].Estimated_Saving != nil || before.Scoring_Profile.Version != 1 {
		t.Errorf("without rates: %+v", before)
	}
	var book struct {
		Days, Changed int
		First, Last   string
	}
	rates := ask{key: "operator", method: "PUT", path: "/v1/rates", body: "Date,USD,CNY\n2026-11-23,1.00,8.00\n2026-11-20,1.00,7.00\n", kind: "text/csv"}
	w.ask(t, rates).want(t, 200).decode(t, &book)
	if book.Days != 2 || book.Changed != 2 || book.First != "2026-11-20" || book.Last != "2026-11-23" {
		t.Errorf("%+v", book)
	}
	w.ask(t, rates).want(t, 200).decode(t, &book)
	if book.Days != 2 || book.Changed != 0 {
		t.Errorf("the same again: %+v", book)
	}
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/near/versions", `{"weights":{"distance":-1},"max_per_merchant":1}`).want(t, 201)
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/near/activate", "").want(t, 200)
	w.send(t, "app", "POST", "/v1/decisions", body).want(t, 200).decode(t, &after)
	if after.Scoring_Profile.Name != "near" || after.Rates_Date != "2026-11-23" {
		t.Errorf("%+v", after)
	}
	for _, o := range after.Placements[0].Offers { // 15 % of 100.00 USD at 8 CNY for one
		if s := o.Estimated_Saving; s == nil || s.Amount != 12000 || s.Currency != "CNY" || s.Rate_Date != "2026-11-23" {
			t.Errorf("saves %+v", s)
		}
	}
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/default/activate", `{"version":1}`).want(t, 200)
	w.send(t, "app", "POST", "/v1/decisions", body).want(t, 200).decode(t, &after)
	if after.Scoring_Profile.Name != "default" {
		t.Errorf("rolled back to %+v", after.Scoring_Profile)
	}
}

// TestTreesAreDecidedBy uploads a model that XGBoost could have saved, decides by it, and reads it back.
func TestTreesAreDecidedBy(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	const stump = `{"learner":{"feature_names":["language_match"],"gradient_booster":{"name":"gbtree","model":{"trees":[{"left_children":[1,-1,-1],"right_children":[2,-1,-1],` +
		`"split_indices":[0,0,0],"split_conditions":[2,0.625,0.75],"default_left":[0,0,0]}]}},"learner_model_param":{"base_score":"0","num_feature":"1"},"objective":{"name":"reg:squarederror"}}}`
	body := func(source string) string {
		return fmt.Sprintf(`{"kind":"trees","weights":{},"bias":0.125,"model":{"format":"xgboost","source":%q}}`, source)
	}
	bad := ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/boost/versions", body: body(strings.Replace(stump, "gbtree", "gblinear", 1))}
	w.ask(t, bad).faults(t, "model.source invalid")
	bad.body = `{"kind":"trees","weights":{}}`
	w.ask(t, bad).faults(t, "model required")
	bad.body, bad.wrong = `{"kind":"neural","weights":{}}`, true
	w.ask(t, bad).faults(t, "kind invalid")

	w.send(t, "analyst", "POST", "/v1/scoring-profiles/boost/versions", body(stump)).want(t, 201)
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/boost/activate", "").want(t, 200)
	var d struct {
		Placements []struct {
			Offers []struct {
				Score       float64
				Explanation struct {
					Value    float64
					Children []struct{ Message string }
				}
			}
		}
	}
	w.send(t, "app", "POST", "/v1/decisions", hereJSON("u")).want(t, 200).decode(t, &d)
	for _, o := range d.Placements[0].Offers {
		if o.Score != 0.75 || o.Explanation.Value != 0.75 || len(o.Explanation.Children) != 2 || o.Explanation.Children[1].Message != "trees" {
			t.Errorf("%+v", o)
		}
	}
	if len(d.Placements[0].Offers) == 0 {
		t.Error("no offers")
	}

	type model struct{ Format, Source, SHA256 string }
	var kept struct{ Model model }
	w.get(t, "analyst", "/v1/scoring-profiles/boost/versions/1").want(t, 200).decode(t, &kept)
	if kept.Model.Format != "xgboost" || kept.Model.Source != stump || len(kept.Model.SHA256) != 64 {
		t.Errorf("read back as %+v", kept.Model)
	}
	var listed struct{ Data []struct{ Model *model } }
	w.get(t, "analyst", "/v1/scoring-profiles/boost/versions").want(t, 200).decode(t, &listed)
	if m := listed.Data[0].Model; m == nil || m.Source != "" || m.SHA256 != kept.Model.SHA256 {
		t.Errorf("listed as %+v", m)
	}
	w.get(t, "analyst", "/v1/scoring-profiles/boost/versions/2").refused(t, 404, "not_found")
	w.get(t, "analyst", "/v1/scoring-profiles/boost/versions/first").refused(t, 404, "not_found")
}

// TestExplorationTellsChances activates a profile that explores and finds the chances of what is offered.
func TestExplorationTellsChances(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	const profile = `{"weights":{"distance":1},"explore":{"method":"thompson","share":0.5,"breadth":2,"deviations":{"distance":3,"freshness":3,"saving":3}}}`
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/curious/versions", profile).want(t, 201)
	var kept struct {
		Explore struct {
			Method         string
			Share, Breadth float64
			Deviations     map[string]float64
		}
	}
	w.get(t, "analyst", "/v1/scoring-profiles/curious").want(t, 200).decode(t, &kept)
	if e := kept.Explore; e.Method != "thompson" || e.Share != 0.5 || e.Breadth != 2 || e.Deviations["saving"] != 3 {
		t.Errorf("%+v", kept)
	}
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/curious/activate", "").want(t, 200)
	var d struct {
		Placements []struct {
			Offers []struct{ Propensity float64 }
		}
	}
	w.send(t, "app", "POST", "/v1/decisions", hereJSON("u")).want(t, 200).decode(t, &d)
	for _, o := range d.Placements[0].Offers {
		if !(o.Propensity > 0 && o.Propensity <= 1) {
			t.Errorf("%+v", o)
		}
	}
	bad := ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/curious/versions", wrong: true, body: `{"weights":{},"explore":{"method":"greedy","share":2}}`}
	w.ask(t, bad).faults(t, "explore.method invalid", "explore.share out_of_range")
}
