package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// allowed says which roles may do an operation; nil is anyone, with a key or without.
var allowed = map[string][]string{
	"decide":      {"app", "analyst", "operator"},
	"getDecision": {"analyst", "operator"}, "replayDecision": {"analyst", "operator"},
	"takeEvents": {"app", "operator"},

	"validateOrder": {"app", "operator"}, "reserve": {"app", "operator"}, "getReservation": {"app", "operator"},
	"confirmReservation": {"app", "operator"}, "releaseReservation": {"app", "operator"},
	"redeem": {"app", "operator"}, "getRedemption": {"app", "operator"}, "rollBackRedemption": {"app", "operator"},
	"addCodes": {"merchant", "operator"}, "listCodes": {"merchant", "operator"},
	"verifyLedger": {"operator"}, "listMovements": {"operator"}, "exportMovements": {"operator"},

	"listMerchants":  {"merchant", "operator"},
	"createMerchant": {"operator"},
	"getMerchant":    {"merchant", "operator"},
	"putMerchant":    {"merchant", "operator"},

	"listVenues": {"merchant", "operator"}, "createVenue": {"merchant", "operator"}, "getVenue": {"merchant", "operator"},
	"putVenue": {"merchant", "operator"}, "deleteVenue": {"merchant", "operator"},

	"listCampaigns": {"merchant", "operator"}, "createCampaign": {"merchant", "operator"}, "getCampaign": {"merchant", "operator"},
	"putCampaign": {"merchant", "operator"}, "listCampaignRevisions": {"merchant", "operator"},
	"getCampaignRevision": {"merchant", "operator"}, "restoreCampaignRevision": {"merchant", "operator"},
	"stageChange": {"merchant", "operator"}, "listCampaignChanges": {"merchant", "operator"}, "listChanges": {"merchant", "operator"}, "getChange": {"merchant", "operator"},
	"approveChange": {"merchant", "operator"}, "rejectChange": {"merchant", "operator"}, "cancelChange": {"merchant", "operator"},
	"listAudit":      {"merchant", "operator"},
	"enableCampaign": {"merchant", "operator"}, "disableCampaign": {"merchant", "operator"}, "archiveCampaign": {"merchant", "operator"},

	"eraseUser": {"app", "operator"}, "getErasure": {"app", "operator"}, "listErasures": {"operator"},

	"listWebhooks": {"merchant", "operator"}, "createWebhook": {"merchant", "operator"}, "getWebhook": {"merchant", "operator"},
	"putWebhook": {"merchant", "operator"}, "deleteWebhook": {"merchant", "operator"}, "rotateWebhookSecret": {"merchant", "operator"},
	"testWebhook": {"merchant", "operator"}, "replayWebhook": {"merchant", "operator"}, "listDeliveries": {"merchant", "operator"},
	"getDelivery": {"merchant", "operator"}, "replayDelivery": {"merchant", "operator"},

	"runImport": {"merchant", "operator"}, "listImports": {"merchant", "operator"}, "getImport": {"merchant", "operator"},
	"getImportFaults": {"merchant", "operator"}, "cancelImport": {"merchant", "operator"},

	"listScoringProfiles": {"analyst", "operator"}, "getScoringProfile": {"analyst", "operator"}, "listScoringProfileVersions": {"analyst", "operator"}, "getScoringProfileVersion": {"analyst", "operator"},
	"addScoringProfileVersion": {"analyst", "operator"}, "getScoringProfileBelief": {"analyst", "operator"}, "activateScoringProfile": {"analyst", "operator"},

	"listExperiments": {"analyst", "operator"}, "createExperiment": {"analyst", "operator"}, "getExperiment": {"analyst", "operator"}, "putExperiment": {"analyst", "operator"},
	"listExperimentVersions": {"analyst", "operator"}, "startExperiment": {"analyst", "operator"}, "stopExperiment": {"analyst", "operator"}, "getExperimentResults": {"analyst", "operator"},

	"reportCampaign": {"merchant", "analyst", "operator"}, "reportMerchant": {"merchant", "analyst", "operator"}, "forecastCampaign": {"merchant", "analyst", "operator"},

	"evaluate": {"analyst", "operator"}, "simulate": {"analyst", "operator"}, "exportDataset": {"analyst", "operator"},

	"getRates": {"analyst", "operator"}, "putRates": {"operator"},
	"listKeys": {"operator"}, "createKey": {"operator"}, "revokeKey": {"operator"},

	"healthz": nil, "readyz": nil, "metrics": nil, "openapi": nil,
}

// TestRoles asks every operation with every role, with no key, and with keys that are none.
func TestRoles(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	keys := map[string]string{"app": "app", "merchant": "m-1", "analyst": "analyst", "operator": "operator"}
	fill := strings.NewReplacer("{merchant}", "m-1", "{id}", "none", "{name}", "none", "{version}", "1", "{delivery}", "1")
	for _, o := range operations(t) {
		roles, known := allowed[o.id]
		if !known {
			t.Errorf("%s: who may is not in the table of this test", o.id)
		}
		a := ask{method: o.method, path: fill.Replace(o.path), wrong: true}
		if o.method != http.MethodGet && o.method != http.MethodDelete {
			a.body = "{}"
		}
		for role, key := range keys {
			a.key = key
			got := w.ask(t, a)
			switch {
			case roles == nil || slices.Contains(roles, role):
				if got.status == 401 || got.status == 403 || got.status >= 500 {
					t.Errorf("%s as %s: %d %s", o.id, role, got.status, got.body)
				}
			default:
				got.refused(t, 403, "forbidden")
			}
		}
		if roles == nil {
			a.key = ""
			w.ask(t, a).want(t, 200)
			continue
		}
		refusedWithoutKey(t, w, a)
	}
}

// refusedWithoutKey asks without a key that is in force.
func refusedWithoutKey(t *testing.T, w *world, a ask) {
	t.Helper()
	a.key = ""
	for name, c := range map[string]struct{ header, code string }{
		"none":    {"", "key_required"},
		"basic":   {"Basic b3BlcmF0b3I6", "key_required"},
		"empty":   {"Bearer ", "key_required"},
		"unknown": {"Bearer sk_not-a-key-of-this-store", "key_unknown"},
		"revoked": {"Bearer " + w.keys["revoked"], "key_unknown"},
		"prefix":  {"Bearer " + apitest.OperatorKey[:20], "key_unknown"},
	} {
		a.header = map[string]string{"Authorization": c.header}
		if c.header == "" {
			a.header = nil
		}
		got := w.ask(t, a)
		if p := got.refused(t, 401, c.code); strings.Contains(p.Detail, "sk_") || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %s with %v", name, got.body, got.header)
		}
	}
}

// TestTheSchemeOfAKeyHasNoCase holds the scheme's name against RFC 9110, section 11.1.
func TestTheSchemeOfAKeyHasNoCase(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.ask(t, ask{method: "GET", path: "/v1/keys", header: map[string]string{"Authorization": "bearer " + apitest.OperatorKey}}).want(t, 200)
}

// TestNoSecretComesBack looks for secrets in what operators can read.
func TestNoSecretComesBack(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	got := w.get(t, "operator", "/v1/keys?limit=1000").want(t, 200)
	for name, secret := range w.keys {
		if bytes.Contains(got.body, []byte(secret)) {
			t.Errorf("the secret of %s is in the list of keys", name)
		}
	}
	if bytes.Contains(got.body, []byte("secret")) {
		t.Errorf("the list of keys speaks of secrets: %s", got.body)
	}
}

// TestMerchantsAreSealedOff asks with the key of one merchant for the things of another and for things that are not there: both are told the same, to the byte.
func TestMerchantsAreSealedOff(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	var theirs importJSON
	w.ask(t, ask{key: "m-2", method: "POST", path: "/v1/imports", body: campaignJSON("i-2", "v-2") + "\n", kind: "application/x-ndjson"}).want(t, 200).decode(t, &theirs)
	var staged changeJSON
	w.send(t, "m-2", "POST", "/v1/campaigns/c-2/changes", `{"live_at":"2027-01-01T00:00:00Z","status":"disabled"}`).want(t, 201).decode(t, &staged)
	var hook struct{ ID string }
	w.send(t, "m-2", "POST", "/v1/webhooks", `{"url":"https://hooks.example/m-2"}`).want(t, 201).decode(t, &hook)
	w.send(t, "m-2", "POST", "/v1/webhooks/"+hook.ID+"/test", "").want(t, 202)
	before := w.holdings(t)

	none := strings.NewReplacer(staged.ID, "00000000-0000-7000-8000-000000000001", hook.ID, "00000000-0000-7000-8000-000000000002", "m-2", "m-9", "v-2", "v-9", "c-2", "c-9", "w-2", "w-9", "i-2", "i-9", theirs.ID, "00000000-0000-7000-8000-000000000000")
	asked := map[string]bool{}
	for _, a := range []ask{
		{method: "GET", path: "/v1/merchants/m-2"},
		{method: "PUT", path: "/v1/merchants/m-2", body: merchantJSON("m-2")},
		{method: "GET", path: "/v1/merchants/m-2/venues"},
		{method: "POST", path: "/v1/merchants/m-2/venues", body: venueJSON("w-2")},
		{method: "GET", path: "/v1/merchants/m-2/venues/v-2"},
		{method: "GET", path: "/v1/merchants/m-1/venues/v-2"},
		{method: "PUT", path: "/v1/merchants/m-2/venues/v-2", body: venueJSON("v-2")},
		{method: "PUT", path: "/v1/merchants/m-2/venues/v-2", body: venueJSON("v-2"), header: map[string]string{"If-Match": `"1"`}},
		{method: "DELETE", path: "/v1/merchants/m-2/venues/v-2"},
		{method: "DELETE", path: "/v1/merchants/m-1/venues/v-2"},
		{method: "GET", path: "/v1/campaigns?merchant=m-2"},
		{method: "POST", path: "/v1/campaigns?merchant=m-2", body: campaignJSON("i-2", "v-2")},
		{method: "GET", path: "/v1/campaigns/c-2"},
		{method: "GET", path: "/v1/campaigns/c-2?merchant=m-2"},
		{method: "PUT", path: "/v1/campaigns/c-2?merchant=m-2", body: campaignJSON("c-2", "v-2")},
		{method: "PUT", path: "/v1/campaigns/c-2", body: campaignJSON("c-2", "v-1"), header: map[string]string{"If-Match": `"1"`}},
		{method: "GET", path: "/v1/campaigns/c-2/revisions"},
		{method: "GET", path: "/v1/campaigns/c-2/revisions?merchant=m-2"},
		{method: "POST", path: "/v1/campaigns/c-2/codes", body: `{"codes":["A"]}`},
		{method: "GET", path: "/v1/campaigns/c-2/codes"},
		{method: "GET", path: "/v1/campaigns/c-2/codes?merchant=m-2"},
		{method: "GET", path: "/v1/campaigns/c-2/revisions/1"},
		{method: "GET", path: "/v1/campaigns/c-2/revisions/1?merchant=m-2"},
		{method: "POST", path: "/v1/campaigns/c-2/revisions/1/restore"},
		{method: "POST", path: "/v1/campaigns/c-2/changes", body: `{"live_at":"2027-01-01T00:00:00Z","status":"disabled"}`},
		{method: "GET", path: "/v1/campaigns/c-2/changes"},
		{method: "GET", path: "/v1/changes?merchant=m-2"},
		{method: "GET", path: "/v1/changes/" + staged.ID},
		{method: "POST", path: "/v1/changes/" + staged.ID + "/approve"},
		{method: "POST", path: "/v1/changes/" + staged.ID + "/reject"},
		{method: "POST", path: "/v1/changes/" + staged.ID + "/cancel?merchant=m-2"},
		{method: "GET", path: "/v1/audit?merchant=m-2"},
		{method: "GET", path: "/v1/campaigns/c-2/report"},
		{method: "GET", path: "/v1/campaigns/c-2/report?merchant=m-2"},
		{method: "GET", path: "/v1/merchants/m-2/report"},
		{method: "POST", path: "/v1/campaigns/c-2/forecast"},
		{method: "POST", path: "/v1/campaigns/c-2/forecast?merchant=m-2", body: `{"days":3}`},
		{method: "POST", path: "/v1/campaigns/c-2/enable"},
		{method: "POST", path: "/v1/campaigns/c-2/disable?merchant=m-2"},
		{method: "POST", path: "/v1/campaigns/c-2/disable"},
		{method: "POST", path: "/v1/campaigns/c-2/archive?merchant=m-2"},
		{method: "POST", path: "/v1/campaigns/c-2/archive", header: map[string]string{"If-Match": `"1"`}},
		{method: "GET", path: "/v1/webhooks?merchant=m-2"},
		{method: "POST", path: "/v1/webhooks?merchant=m-2", body: `{"url":"https://hooks.example/x"}`},
		{method: "GET", path: "/v1/webhooks/" + hook.ID},
		{method: "GET", path: "/v1/webhooks/" + hook.ID + "?merchant=m-2"},
		{method: "PUT", path: "/v1/webhooks/" + hook.ID, body: `{"url":"https://hooks.example/x"}`},
		{method: "PUT", path: "/v1/webhooks/" + hook.ID + "?merchant=m-2", body: `{"url":"https://hooks.example/x"}`},
		{method: "DELETE", path: "/v1/webhooks/" + hook.ID},
		{method: "POST", path: "/v1/webhooks/" + hook.ID + "/rotate"},
		{method: "POST", path: "/v1/webhooks/" + hook.ID + "/test"},
		{method: "POST", path: "/v1/webhooks/" + hook.ID + "/replay", body: `{"since":"2026-11-24T09:00:00Z"}`},
		{method: "GET", path: "/v1/webhooks/" + hook.ID + "/deliveries"},
		{method: "GET", path: "/v1/webhooks/" + hook.ID + "/deliveries?merchant=m-2"},
		{method: "GET", path: "/v1/webhooks/" + hook.ID + "/deliveries/1"},
		{method: "POST", path: "/v1/webhooks/" + hook.ID + "/deliveries/1/replay"},
		{method: "POST", path: "/v1/imports?merchant=m-2", body: campaignJSON("i-2", "v-2"), kind: "application/x-ndjson"},
		{method: "GET", path: "/v1/imports?merchant=m-2"},
		{method: "GET", path: "/v1/imports/" + theirs.ID},
		{method: "GET", path: "/v1/imports/" + theirs.ID + "?merchant=m-2"},
		{method: "POST", path: "/v1/imports?merchant=m-2&async=true", body: campaignJSON("i-2", "v-2"), kind: "application/x-ndjson"},
		{method: "GET", path: "/v1/imports/" + theirs.ID + "/faults"},
		{method: "GET", path: "/v1/imports/" + theirs.ID + "/faults?merchant=m-2"},
		{method: "DELETE", path: "/v1/imports/" + theirs.ID},
		{method: "DELETE", path: "/v1/imports/" + theirs.ID + "?merchant=m-2"},
	} {
		a.key = "m-1"
		foreign := w.ask(t, a)
		foreign.refused(t, 404, "not_found")
		for _, o := range operations(t) {
			asked[o.id] = asked[o.id] || o.matches(a.method, a.path)
		}
		a.path, a.body = none.Replace(a.path), none.Replace(a.body)
		foreign.same(t, w.ask(t, a))
	}
	for id, roles := range allowed {
		if slices.Contains(roles, "merchant") && !asked[id] && id != "listMerchants" {
			t.Errorf("%s was not asked for another's things", id)
		}
	}
	if got := w.listed(t, "m-1", "/v1/merchants"); !slices.Equal(got, []string{"m-1"}) {
		t.Errorf("a merchant sees the merchants %v", got)
	}
	if after := w.holdings(t); after != before {
		t.Errorf("another's things changed:\n%s\n%s", before, after)
	}
}

// holdings is everything of m-2 in text.
func (w *world) holdings(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, path := range []string{"/v1/merchants/m-2", "/v1/merchants/m-2/venues", "/v1/campaigns", "/v1/campaigns/c-2/revisions", "/v1/imports", "/v1/changes", "/v1/audit"} {
		all = append(all, w.get(t, "m-2", path).want(t, 200).body...)
	}
	return string(all)
}

// TestMerchantsCannotNameAnothersThings puts another's IDs into bodies. What is told is the same as for IDs that nobody has.
func TestMerchantsCannotNameAnothersThings(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	before := w.holdings(t)
	owned := func(body, merchant string) string {
		return strings.Replace(body, `{`, `{"merchant_id":"`+merchant+`",`, 1)
	}
	for name, c := range map[string]struct {
		ask
		fault string
	}{
		"venue of another merchant":    {ask{method: "PUT", path: "/v1/merchants/m-1/venues/x", body: owned(venueJSON("x"), "m-2")}, "merchant_id invalid"},
		"campaign of another merchant": {ask{method: "PUT", path: "/v1/campaigns/x", body: owned(campaignJSON("x", "v-1"), "m-2")}, "merchant_id invalid"},
		"campaign at another's venue":  {ask{method: "PUT", path: "/v1/campaigns/x", body: campaignJSON("x", "v-2")}, "venues.ids[0] unknown_venue"},
	} {
		t.Run(name, func(t *testing.T) {
			c.key = "m-1"
			foreign := w.ask(t, c.ask)
			foreign.faults(t, c.fault)
			c.body = strings.NewReplacer("m-2", "m-9", "v-2", "v-9").Replace(c.body)
			missing := w.ask(t, c.ask)
			missing.body = []byte(strings.NewReplacer("m-9", "m-2", "v-9", "v-2").Replace(string(missing.body)))
			foreign.same(t, missing)
		})
	}
	for name, row := range map[string]string{
		"row of another merchant": owned(campaignJSON("x", "v-1"), "m-2"),
		"row at another's venue":  campaignJSON("x", "v-2"),
	} {
		t.Run(name, func(t *testing.T) {
			a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: row, kind: "application/x-ndjson"}
			p := w.ask(t, a).refused(t, 422, "import_refused")
			if p.Import == nil || len(p.Import.Faults) != 1 {
				t.Fatalf("%+v", p)
			}
			told := p.Import.Faults[0].Message
			a.body = strings.NewReplacer("m-2", "m-9", "v-2", "v-9").Replace(row)
			p = w.ask(t, a).refused(t, 422, "import_refused")
			if again := strings.NewReplacer("m-9", "m-2", "v-9", "v-2").Replace(p.Import.Faults[0].Message); again != told {
				t.Errorf("%q, and of one that nobody has %q", told, again)
			}
		})
	}
	if after := w.holdings(t); after != before {
		t.Errorf("another's things changed:\n%s\n%s", before, after)
	}
}

// TestOperatorsSayWhose asks as an operator without naming a merchant.
func TestOperatorsSayWhose(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for _, path := range []string{"/v1/campaigns", "/v1/campaigns/c-1", "/v1/campaigns/c-1/revisions", "/v1/imports", "/v1/imports/x"} {
		w.get(t, "operator", path).faults(t, "merchant required")
	}
	w.send(t, "operator", "POST", "/v1/campaigns/c-1/disable", "").faults(t, "merchant required")
	w.send(t, "operator", "PUT", "/v1/campaigns/x?merchant=m-9", campaignJSON("x", "v-1")).refused(t, 404, "not_found")
	body := strings.Replace(campaignJSON("x", "v-1"), `{`, `{"merchant_id":"m-1",`, 1)
	w.send(t, "operator", "PUT", "/v1/campaigns/x", body).want(t, 201)
}

// TestAKeyActsAtOnce uses a key as soon as its making was answered, and not after its revocation was.
func TestAKeyActsAtOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for range 5 {
		k := w.newKey(t, `{"role":"app"}`)
		w.keys["new"] = k.Secret
		w.send(t, "new", "POST", "/v1/decisions", hereJSON("u")).want(t, 200)
		w.send(t, "operator", "DELETE", "/v1/keys/"+k.ID, "").want(t, 200)
		w.send(t, "new", "POST", "/v1/decisions", hereJSON("u")).refused(t, 401, "key_unknown")
	}
}
