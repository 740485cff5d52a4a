package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

type replayJSON struct {
	Same     bool
	Moved    []movedJSON
	Decision decisionJSON
}

type movedJSON struct {
	Placement, Offer_ID string
	Before, After       int
	Score_Was, Score_Is float64
}

// TestDecisionsAreMadeAgain decides between changes of everything that a decision rests on: campaigns, venues, the active profile, reference rates, what was shown and tapped, caps
// and budgets. All of them come out the same again, at once, when everything has changed, and after new starts.
func TestDecisionsAreMadeAgain(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	dice := rand.New(rand.NewPCG(5, 6))
	var made []string // IDs
	lookBack := func() {
		t.Helper()
		for _, id := range made {
			var r replayJSON
			got := w.send(t, "analyst", http.MethodPost, "/v1/decisions/"+id+"/replay", "").want(t, 200)
			if got.decode(t, &r); !r.Same || len(r.Moved) > 0 {
				t.Errorf("decision %s comes out as %s\non record it is %s", id, got.body, w.get(t, "analyst", "/v1/decisions/"+id).body)
			}
		}
	}
	for i := range 30 {
		change(t, w, dice, i)
		for _, explain := range []string{"full", "none"} {
			body := strings.Replace(hereJSON(fmt.Sprintf("u-%d", dice.IntN(4))), `"explain":"full"`, fmt.Sprintf(`"explain":%q,"currency":"CNY","radius":%d`, explain, []int{0, 3000}[dice.IntN(2)]), 1)
			var d decisionJSON
			w.send(t, "app", "POST", "/v1/decisions", body).want(t, 200).decode(t, &d)
			made = append(made, d.Decision_ID)
			if offers := d.Placements[0].Offers; len(offers) > 0 {
				shown := offers[dice.IntN(len(offers))]
				w.send(t, "app", "POST", "/v1/events", fmt.Sprintf(`{"events":[%[1]s"impression"},%[1]s"click"}]}`,
					fmt.Sprintf(`{"decision_id":%q,"offer_id":%q,"type":`, d.Decision_ID, shown.Offer_ID))).want(t, 200)
			}
		}
		w.pass(time.Minute)
		if i%10 == 9 {
			w.restart(t) // which takes the events into the popularity
		}
	}
	lookBack()
	w.restart(t)
	lookBack()
}

// change changes something by chance.
func change(t *testing.T, w *world, dice *rand.Rand, i int) {
	t.Helper()
	m := fmt.Sprint(1 + dice.IntN(2))
	switch i % 6 {
	case 0, 1:
		extra := []string{`"frequency_caps":[{"count":1,"window":"1h"}],`, `"budgets":[{"metric":"impressions","limit":2}],`, `"audience":{"languages":["zh"]},`, ``}[dice.IntN(4)]
		body := strings.Replace(campaignJSON(fmt.Sprintf("x-%d", dice.IntN(5)), "v-"+m), `{"id"`, `{`+extra+`"id"`, 1)
		body = strings.Replace(body, `"percent":15`, fmt.Sprintf(`"percent":%d`, 5+dice.IntN(40)), 1)
		id := body[strings.Index(body, `"x-`)+1:][:3]
		w.send(t, "m-"+m, http.MethodPut, "/v1/campaigns/"+id, body)
	case 2:
		body := strings.Replace(venueJSON("v-"+m), `25.7907`, []string{"25.7907", "25.7911", "26.5"}[dice.IntN(3)], 1) // here, near, elsewhere
		w.send(t, "m-"+m, http.MethodPut, "/v1/merchants/m-"+m+"/venues/v-"+m, body).want(t, 200)
	case 3:
		w.send(t, "analyst", http.MethodPost, "/v1/scoring-profiles/default/versions", fmt.Sprintf(`{"weights":{"distance":%d,"saving":%d,"popularity":3}}`, 1+dice.IntN(5), 1+dice.IntN(5))).want(t, 201)
		w.send(t, "analyst", http.MethodPost, "/v1/scoring-profiles/default/activate", "").want(t, 200)
	case 4:
		w.ask(t, ask{key: "operator", method: http.MethodPut, path: "/v1/rates", kind: "text/csv",
			body: fmt.Sprintf("Date,USD,CNY\n2026-11-%02d,1.%d,8.%d\n", 20+dice.IntN(3), 1+dice.IntN(9), 1+dice.IntN(9))}).want(t, 200)
	case 5:
		w.send(t, "operator", http.MethodPut, "/v1/merchants/m-"+m, strings.Replace(merchantJSON("m-"+m), `"en":"`, fmt.Sprintf(`"en":"%d `, i), 1)).want(t, 200)
	}
}

// TestReplayUnderAnotherProfile asks what other weights would have done.
func TestReplayUnderAnotherProfile(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for i, percent := range []int{10, 40, 20} {
		w.send(t, "m-1", "POST", "/v1/campaigns", strings.Replace(campaignJSON(fmt.Sprintf("x-%d", i), "v-1"), `"percent":15`, fmt.Sprintf(`"percent":%d`, percent), 1)).want(t, 201)
	}
	w.send(t, "analyst", http.MethodPost, "/v1/scoring-profiles/rich/versions", `{"weights":{"relative_discount":1}}`).want(t, 201)
	w.send(t, "analyst", http.MethodPost, "/v1/scoring-profiles/poor/versions", `{"weights":{"relative_discount":-1}}`).want(t, 201)
	d := w.decide(t, "u-1")
	path := "/v1/decisions/" + d.Decision_ID + "/replay"
	first := func(profile string) (r replayJSON) {
		t.Helper()
		w.send(t, "analyst", http.MethodPost, path, `{"scoring_profile":{"name":"`+profile+`"}}`).want(t, 200).decode(t, &r)
		if r.Same || len(r.Moved) == 0 {
			t.Errorf("under %s nothing moves: %+v", profile, r)
		}
		for _, m := range r.Moved {
			if m.Before == m.After || m.Placement != "home" {
				t.Errorf("%+v", m)
			}
		}
		return r
	}
	if r := first("rich"); r.Decision.Placements[0].Offers[0].Offer_ID != "x-1@v-1" || r.Decision.Scoring_Profile.Name != "rich" {
		t.Errorf("the largest discount first: %v", r.Decision.offered())
	}
	if r := first("poor"); len(r.Decision.offered()) != 0 || len(r.Moved) != len(d.offered()) || r.Moved[0].After != 0 {
		t.Errorf("a discount counts against an offer, and still there are %v", r.Decision.offered())
	}
	w.send(t, "analyst", http.MethodPost, path, `{"scoring_profile":{"name":"rich","version":9}}`).faults(t, "scoring_profile not_found")
	w.send(t, "analyst", http.MethodPost, "/v1/decisions/nothing/replay", "").refused(t, 404, "not_found")
	w.send(t, "app", http.MethodPost, path, "").refused(t, 403, "forbidden")
	if again := w.decide(t, "u-1"); again.Scoring_Profile.Name != "default" {
		t.Errorf("a replay made %+v the active profile", again.Scoring_Profile)
	}
}

// TestWhatIsForgottenIsNotMadeAgain coarsens decisions by their age and erases the user of others: they are still on record, and are not decided again.
func TestWhatIsForgottenIsNotMadeAgain(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	decided := func(user string) string {
		t.Helper()
		return w.decide(t, user).Decision_ID
	}
	nowhere := func(user string) string {
		t.Helper()
		var d decisionJSON
		w.send(t, "app", "POST", "/v1/decisions", fmt.Sprintf(`{"user":{"id":%q},"placements":[{"id":"home","count":1}]}`, user)).want(t, 200).decode(t, &d)
		return d.Decision_ID
	}
	sweep := func() {
		t.Helper()
		w.restart(t) // so that what was decided is in the log
		if err := w.Sweeper.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	replayed := func(id string) reply {
		t.Helper()
		return w.send(t, "analyst", http.MethodPost, "/v1/decisions/"+id+"/replay", "")
	}
	refused := func(id string) {
		t.Helper()
		if p := replayed(id).refused(t, 409, "position_forgotten"); !strings.Contains(p.Detail, "kept for a set time") {
			t.Errorf("it says %q", p.Detail)
		}
		w.get(t, "analyst", "/v1/decisions/"+id).want(t, 200)
	}
	old, placeless := decided("u-1"), nowhere("u-1")
	w.restart(t) // their age begins when they are in the log
	w.pass(7*24*time.Hour + time.Minute)
	fresh, erased, erasedPlaceless := decided("u-1"), decided("u-2"), nowhere("u-2")
	sweep()
	refused(old)
	for _, id := range []string{placeless, fresh, erased, erasedPlaceless} {
		replayed(id).want(t, 200)
	}
	w.send(t, "app", http.MethodDelete, "/v1/users/u-2", "").want(t, 202)
	sweep()
	refused(erased)
	refused(erasedPlaceless)
	replayed(fresh).want(t, 200)
}
