package api

import (
	"net/http"
	"reflect"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// routes is every operation: the router and the document are both made of it.
func routes() []route {
	var all []route
	for _, some := range [][]route{
		travelRoutes(), redemptionRoutes(), merchantRoutes(), campaignRoutes(), lifeRoutes(), importRoutes(), webhookRoutes(), userRoutes(), profileRoutes(), experimentRoutes(), analysisRoutes(), evaluationRoutes(), operatorRoutes(), ledgerRoutes(), openRoutes(),
	} {
		all = append(all, some...)
	}
	return all
}

func travelRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/v1/decisions", id: "decide", tag: "decisions", summary: "Ranked offers for one or more placements",
			roles: []engine.Role{engine.RoleApp, engine.RoleAnalyst}, body: jsonBody[wire.Request](),
			answers: []answer{ok[wire.Decision]("the decision")}, handle: decide,
		},
		{
			method: http.MethodGet, path: "/v1/decisions/{id}", id: "getDecision", tag: "decisions", summary: "A recorded decision with its request",
			roles: []engine.Role{engine.RoleAnalyst}, answers: []answer{ok[wire.Decision]("the decision")}, handle: recorded,
		},
		{
			method: http.MethodPost, path: "/v1/decisions/{id}/replay", id: "replayDecision", tag: "decisions", summary: "A recorded decision made again as things were, under its own scoring profile or another",
			roles: []engine.Role{engine.RoleAnalyst}, reads: true, body: &body{shape: jsonBody[wire.ReplayRequest]().shape, optional: true},
			answers: []answer{ok[wire.Replay]("the decision, and how it differs from the record; nothing was changed")}, handle: replay,
		},
		{
			method: http.MethodPost, path: "/v1/events", id: "takeEvents", tag: "events", summary: "What travellers did: all events of a batch are taken, or none",
			roles: []engine.Role{engine.RoleApp}, body: jsonBody[wire.Events](), answers: []answer{ok[wire.Taken]("taken and kept")}, handle: takeEvents,
		},
	}
}

func redemptionRoutes() []route {
	apps := []engine.Role{engine.RoleApp}
	done := ok[wire.Redemption]("as it is now")
	return []route{
		{method: http.MethodPost, path: "/v1/validations", id: "validateOrder", tag: "redemptions", summary: "Would an offer hold, for how much, and if not, why and what would make it hold",
			roles: apps, reads: true, body: jsonBody[wire.Order](), answers: []answer{ok[wire.Validation]("the finding; nothing was changed")}, handle: validateOrder},
		{method: http.MethodPost, path: "/v1/reservations", id: "reserve", tag: "redemptions", summary: "Hold an offer until it is paid; 409 with every reason when it does not hold",
			roles: apps, body: jsonBody[wire.Order](), answers: []answer{created[wire.Redemption]("held")}, handle: reserve},
		{method: http.MethodGet, path: "/v1/reservations/{id}", id: "getReservation", tag: "redemptions", summary: "A reservation, whatever became of it",
			roles: apps, answers: []answer{ok[wire.Redemption]("the reservation")}, handle: getRedemption},
		{method: http.MethodPost, path: "/v1/reservations/{id}/confirm", id: "confirmReservation", tag: "redemptions", summary: "Use what is held",
			roles: apps, answers: []answer{done}, handle: confirm},
		{method: http.MethodPost, path: "/v1/reservations/{id}/release", id: "releaseReservation", tag: "redemptions", summary: "Let go of what is held",
			roles: apps, answers: []answer{done}, handle: release},
		{method: http.MethodPost, path: "/v1/redemptions", id: "redeem", tag: "redemptions", summary: "Use an offer at once; 409 with every reason when it does not hold",
			roles: apps, body: jsonBody[wire.Order](), answers: []answer{created[wire.Redemption]("used")}, handle: redeem},
		{method: http.MethodGet, path: "/v1/redemptions/{id}", id: "getRedemption", tag: "redemptions", summary: "A redemption",
			roles: apps, answers: []answer{ok[wire.Redemption]("the redemption")}, handle: getRedemption},
		{method: http.MethodPost, path: "/v1/redemptions/{id}/rollbacks", id: "rollBackRedemption", tag: "redemptions", summary: "Undo a redemption, whole or in part, more than once up to all of it",
			roles: apps, body: &body{shape: jsonBody[wire.Rollback]().shape, optional: true}, answers: []answer{done}, handle: rollBack},
	}
}

// ledgerRoutes are for those who keep the books.
func ledgerRoutes() []route {
	operators := []engine.Role{engine.RoleOperator}
	whose := param{name: "merchant", in: "query", doc: "of one merchant only", kind: "string"}
	return []route{
		{method: http.MethodGet, path: "/v1/ledger/audit", id: "verifyLedger", tag: "ledger", summary: "Compute every balance again from the movements and compare",
			roles: operators, params: []param{whose}, answers: []answer{ok[wire.Audit]("what came of it")}, handle: verifyLedger},
		{method: http.MethodGet, path: "/v1/ledger/movements", id: "listMovements", tag: "ledger", summary: "Every movement, by merchant, campaign and number",
			roles: operators, params: pageParams(whose), answers: []answer{ok[wire.List[wire.Movement]]("a page")}, handle: listMovements},
		{method: http.MethodGet, path: "/v1/ledger/export", id: "exportMovements", tag: "ledger", summary: "Every movement as a line of JSON, by merchant, campaign and number",
			description: "Each line is a movement as in a page of /v1/ledger/movements. An answer that is whole ends as HTTP says; one that had to be broken off does not.",
			roles:       operators, params: []param{whose, {name: "after", in: "query", doc: "the movement that arrived last, as merchant/campaign/number: go on after it", kind: "string"}},
			answers: []answer{{status: http.StatusOK, shape: reflect.TypeFor[wire.Movement](), media: ndjson, doc: "each line"}}, handle: exportMovements},
	}
}

func merchantRoutes() []route {
	merchants := []engine.Role{engine.RoleMerchant}
	operators := []engine.Role{engine.RoleOperator}
	return []route{
		{method: http.MethodGet, path: "/v1/merchants", id: "listMerchants", tag: "merchants", summary: "Merchants by ID; a merchant sees itself",
			roles: merchants, params: pageParams(), answers: []answer{ok[wire.List[wire.Merchant]]("a page")}, handle: listMerchants},
		{method: http.MethodPost, path: "/v1/merchants", id: "createMerchant", tag: "merchants", summary: "A new merchant",
			roles: operators, body: jsonBody[wire.Merchant](), answers: []answer{created[wire.Merchant]("made").tagged()}, handle: createMerchant},
		{method: http.MethodGet, path: "/v1/merchants/{merchant}", id: "getMerchant", owned: true, tag: "merchants", summary: "A merchant",
			roles: merchants, answers: []answer{ok[wire.Merchant]("the merchant").tagged()}, handle: getMerchant},
		{method: http.MethodPut, path: "/v1/merchants/{merchant}", id: "putMerchant", owned: true, tag: "merchants", summary: "Make or replace a merchant",
			roles: merchants, params: []param{ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Merchant](),
			answers: []answer{ok[wire.Merchant]("replaced").tagged(), created[wire.Merchant]("made").tagged()}, handle: putMerchant},
		{method: http.MethodGet, path: "/v1/merchants/{merchant}/venues", id: "listVenues", owned: true, tag: "venues", summary: "A merchant's venues by ID",
			roles: merchants, params: pageParams(), answers: []answer{ok[wire.List[wire.Venue]]("a page")}, handle: listVenues},
		{method: http.MethodPost, path: "/v1/merchants/{merchant}/venues", id: "createVenue", owned: true, tag: "venues", summary: "A new venue",
			roles: merchants, body: jsonBody[wire.Venue](), answers: []answer{created[wire.Venue]("made").tagged()}, handle: createVenue},
		{method: http.MethodGet, path: "/v1/merchants/{merchant}/venues/{id}", id: "getVenue", owned: true, tag: "venues", summary: "A venue",
			roles: merchants, answers: []answer{ok[wire.Venue]("the venue").tagged()}, handle: getVenue},
		{method: http.MethodPut, path: "/v1/merchants/{merchant}/venues/{id}", id: "putVenue", owned: true, tag: "venues", summary: "Make or replace a venue",
			roles: merchants, params: []param{ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Venue](),
			answers: []answer{ok[wire.Venue]("replaced").tagged(), created[wire.Venue]("made").tagged()}, handle: putVenue},
		{method: http.MethodDelete, path: "/v1/merchants/{merchant}/venues/{id}", id: "deleteVenue", owned: true, tag: "venues", summary: "Delete a venue that no campaign names",
			roles: merchants, params: []param{ifMatch()}, answers: []answer{none(http.StatusNoContent, "deleted")}, handle: deleteVenue},
	}
}

func campaignRoutes() []route {
	merchants := []engine.Role{engine.RoleMerchant}
	all := []route{
		{method: http.MethodGet, path: "/v1/campaigns", id: "listCampaigns", owned: true, tag: "campaigns", summary: "A merchant's campaigns by ID",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Campaign]]("a page")}, handle: listCampaigns},
		{method: http.MethodPost, path: "/v1/campaigns", id: "createCampaign", tag: "campaigns", summary: "A new campaign, a draft unless its status says otherwise",
			roles: merchants, params: []param{merchantParam()}, body: jsonBody[wire.Campaign](),
			answers: []answer{created[wire.Campaign]("made").tagged(), unapproved()}, handle: createCampaign},
		{method: http.MethodGet, path: "/v1/campaigns/{id}", id: "getCampaign", owned: true, tag: "campaigns", summary: "A campaign",
			roles: merchants, params: []param{merchantParam()}, answers: []answer{ok[wire.Campaign]("the campaign").tagged()}, handle: getCampaign},
		{method: http.MethodPut, path: "/v1/campaigns/{id}", id: "putCampaign", tag: "campaigns", summary: "Make or replace a campaign",
			roles: merchants, params: []param{merchantParam(), ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Campaign](),
			answers: []answer{ok[wire.Campaign]("replaced").tagged(), created[wire.Campaign]("made").tagged(), unapproved()}, handle: putCampaign},
	}
	all = append(all,
		route{method: http.MethodPost, path: "/v1/campaigns/{id}/codes", id: "addCodes", owned: true, tag: "campaigns", summary: "Give a campaign voucher codes; from then on it is used with one only",
			roles: merchants, params: []param{merchantParam()}, body: jsonBody[wire.CodeBatch](), answers: []answer{created[wire.CodeBatch]("added")}, handle: addCodes},
		route{method: http.MethodGet, path: "/v1/campaigns/{id}/codes", id: "listCodes", owned: true, tag: "campaigns", summary: "A campaign's voucher codes and their uses",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Code]]("a page")}, handle: listCodes})
	for _, verb := range []struct {
		name, summary string
		status        engine.Status
	}{
		{"enable", "Let a campaign run in its flight", engine.StatusEnabled},
		{"disable", "Keep a campaign back until it is enabled again", engine.StatusDisabled},
		{"archive", "Put a campaign away for good", engine.StatusArchived},
	} {
		answers := []answer{ok[wire.Campaign]("as it is now").tagged()}
		if verb.status != engine.StatusDisabled {
			answers = append(answers, unapproved())
		}
		all = append(all, route{
			method: http.MethodPost, path: "/v1/campaigns/{id}/" + verb.name, id: verb.name + "Campaign", owned: true, tag: "campaigns", summary: verb.summary,
			roles: merchants, params: []param{merchantParam(), ifMatch()}, answers: answers, handle: setStatus(verb.status),
		})
	}
	return all
}

func importRoutes() []route {
	merchants := []engine.Role{engine.RoleMerchant}
	return []route{
		{
			method: http.MethodPost, path: "/v1/imports", id: "runImport", tag: "imports", summary: "Upload venues or campaigns: all rows go in, or none",
			description: "The body is NDJSON, CSV (columns named by path or as in a promotions feed of Google Merchant Center, lists separated by |) or a GeoJSON FeatureCollection, and is read as it comes; gzip and Zstandard are understood. " +
				"Faults are told by row and column, all at once. When a row is faulty nothing is changed (422, with the report in import), unless partial is true.",
			roles: merchants,
			params: []param{
				merchantParam(),
				{name: "kind", in: "query", doc: "what the rows are; campaigns when left out", kind: "string", enum: []string{"venues", "campaigns"}},
				{name: "format", in: "query", doc: "of the file; by the Content-Type when left out", kind: "string", enum: wire.Formats()},
				{name: "dry_run", in: "query", doc: "tell what would happen, and change nothing", kind: "boolean"},
				{name: "partial", in: "query", doc: "let the good rows in although others are faulty", kind: "boolean"},
				{name: "prune", in: "query", doc: "the file is all there is: archive the campaigns, or delete the venues, that it does not name", kind: "boolean"},
				{name: "prune_share", in: "query", doc: "of what there is, above which prune refuses; 0.2 when left out", kind: "number"},
				{name: "delimiter", in: "query", doc: "of CSV: a character, or tab, comma, semicolon, pipe; found from the header when left out", kind: "string"},
				{name: "encoding", in: "query", doc: "of the text; found from the file when left out", kind: "string", enum: wire.Encodings()},
				{name: "decimal", in: "query", doc: "mark of the numbers of CSV; found from the file when left out", kind: "string", enum: []string{"point", "comma"}},
				{name: "language", in: "query", doc: "BCP 47 tag of texts of CSV whose column names no language; en when left out", kind: "string"},
				{name: "async", in: "query", doc: "answer once the file is kept, and read it then; Prefer: respond-async says the same", kind: "boolean"},
				{name: "Prefer", in: "header", doc: "respond-async", kind: "string"},
			},
			body: &body{types: []string{"application/geo+json", "application/x-ndjson", "text/csv", "text/tab-separated-values"}},
			answers: []answer{ok[wire.Import]("the report"),
				{status: http.StatusAccepted, shape: reflect.TypeFor[wire.Import](), doc: "kept; GET /v1/imports/{id} tells how far it is"}},
			handle: runImport,
		},
		{method: http.MethodGet, path: "/v1/imports", id: "listImports", owned: true, tag: "imports", summary: "A merchant's uploads, oldest first",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Import]]("a page")}, handle: listImports},
		{method: http.MethodDelete, path: "/v1/imports/{id}", id: "cancelImport", owned: true, tag: "imports",
			summary: "Call off an import that was answered before it was read; it changes nothing and stays on record", roles: merchants,
			params: []param{merchantParam()}, answers: []answer{ok[wire.Import]("cancelled")}, handle: cancelImport},
		{method: http.MethodGet, path: "/v1/imports/{id}/faults", id: "getImportFaults", owned: true, tag: "imports", summary: "The faults of an upload as a table to hand back",
			roles: merchants, params: []param{merchantParam()}, answers: []answer{{status: http.StatusOK, media: "text/csv", doc: "row, column, code, value, expected, message"}}, handle: importFaults},
		{method: http.MethodGet, path: "/v1/imports/{id}", id: "getImport", owned: true, tag: "imports", summary: "The report of an upload",
			roles: merchants, params: []param{merchantParam()}, answers: []answer{ok[wire.Import]("the report")}, handle: getImport},
	}
}

func profileRoutes() []route {
	analysts := []engine.Role{engine.RoleAnalyst}
	return []route{
		{method: http.MethodGet, path: "/v1/scoring-profiles", id: "listScoringProfiles", tag: "scoring profiles", summary: "The newest version of each profile",
			roles: analysts, params: pageParams(), answers: []answer{ok[wire.List[wire.Profile]]("a page")}, handle: listProfiles},
		{method: http.MethodGet, path: "/v1/scoring-profiles/{name}", id: "getScoringProfile", tag: "scoring profiles", summary: "The newest version of a profile",
			roles: analysts, answers: []answer{ok[wire.Profile]("the profile").tagged()}, handle: getProfile},
		{method: http.MethodGet, path: "/v1/scoring-profiles/{name}/versions", id: "listScoringProfileVersions", tag: "scoring profiles", summary: "Every version, newest first",
			roles: analysts, params: pageParams(), answers: []answer{ok[wire.List[wire.Profile]]("a page")}, handle: listProfileVersions},
		{method: http.MethodGet, path: "/v1/scoring-profiles/{name}/versions/{version}", id: "getScoringProfileVersion", tag: "scoring profiles", summary: "A version of a profile",
			roles: analysts, answers: []answer{ok[wire.Profile]("the profile").tagged()}, handle: getProfileVersion},
		{method: http.MethodGet, path: "/v1/scoring-profiles/{name}/versions/{version}/belief", id: "getScoringProfileBelief", tag: "scoring profiles", summary: "What a version that learns believes of its weights",
			roles: analysts, params: []param{{name: "epoch", in: "query", doc: "the newest when left out", kind: "integer"}}, answers: []answer{ok[wire.Belief]("the belief")}, handle: getBelief},
		{method: http.MethodPost, path: "/v1/scoring-profiles/{name}/versions", id: "addScoringProfileVersion", tag: "scoring profiles", summary: "Another version; versions never change",
			roles: analysts, params: []param{ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Profile](),
			answers: []answer{created[wire.Profile]("kept; not active until it is activated").tagged()}, handle: addProfileVersion},
		{method: http.MethodPost, path: "/v1/scoring-profiles/{name}/activate", id: "activateScoringProfile", tag: "scoring profiles", summary: "Decide by a version from now on; an older one rolls back",
			roles: analysts, body: &body{shape: jsonBody[wire.Activation]().shape, optional: true},
			answers: []answer{ok[wire.Profile]("active").tagged()}, handle: activateProfile},
	}
}

func operatorRoutes() []route {
	operators := []engine.Role{engine.RoleOperator}
	return []route{
		{method: http.MethodGet, path: "/v1/rates", id: "getRates", tag: "rates", summary: "What reference rates there are",
			roles: []engine.Role{engine.RoleAnalyst}, answers: []answer{ok[wire.RatesStatus]("the rate book")}, handle: getRates},
		{method: http.MethodPut, path: "/v1/rates", id: "putRates", tag: "rates", summary: "Add reference rates, in the format of the European Central Bank's file",
			roles: operators, body: &body{types: []string{"text/csv"}}, answers: []answer{ok[wire.RatesStatus]("the rate book")}, handle: putRates},
		{method: http.MethodGet, path: "/v1/keys", id: "listKeys", tag: "keys", summary: "API keys, without their secrets",
			roles: operators, params: pageParams(), answers: []answer{ok[wire.List[wire.Key]]("a page")}, handle: listKeys},
		{method: http.MethodPost, path: "/v1/keys", id: "createKey", tag: "keys", summary: "A new key; its secret is told in this answer only",
			roles: operators, body: jsonBody[wire.Key](), answers: []answer{created[wire.Key]("made")}, handle: createKey},
		{method: http.MethodDelete, path: "/v1/keys/{id}", id: "revokeKey", tag: "keys", summary: "Revoke a key; it stays on record",
			roles: operators, answers: []answer{ok[wire.Key]("revoked")}, handle: revokeKey},
	}
}

func openRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/healthz", id: "healthz", tag: "operations", summary: "The process lives",
			open: true, answers: []answer{ok[Health]("it does")}, handle: healthz},
		{method: http.MethodGet, path: "/readyz", id: "readyz", tag: "operations", summary: "Requests can be answered",
			open: true, answers: []answer{ok[Health]("they can")}, handle: readyz},
		{method: http.MethodGet, path: "/metrics", id: "metrics", tag: "operations", summary: "Metrics in the format of Prometheus",
			open: true, answers: []answer{{status: http.StatusOK, media: "text/plain", doc: "the metrics"}}, handle: metricsPage},
		{method: http.MethodGet, path: "/openapi.json", id: "openapi", tag: "operations", summary: "This document",
			open: true, answers: []answer{{status: http.StatusOK, media: "application/json", doc: "an OpenAPI 3.1 document"}}, handle: openAPI},
	}
}
