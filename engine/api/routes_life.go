package api

import (
	"context"
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// unapproved is the answer of what waits for another key's approval.
func unapproved() answer {
	return accepted[wire.Change]("it waits for the approval of another key of the merchant, and nobody sees it until then")
}

// lifeRoutes are what becomes of campaigns: their versions, the changes that wait, and who did what.
func lifeRoutes() []route {
	merchants := []engine.Role{engine.RoleMerchant}
	state := param{name: "state", in: "query", doc: "only changes in this state", kind: "string",
		enum: []string{"pending", "scheduled", "made", "failed", "rejected", "cancelled"}}
	all := []route{
		{method: http.MethodGet, path: "/v1/campaigns/{id}/revisions", id: "listCampaignRevisions", owned: true, tag: "campaigns", summary: "Every version of a campaign with its difference from the one before, newest first",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Revision]]("a page")}, handle: campaignRevisions},
		{method: http.MethodGet, path: "/v1/campaigns/{id}/revisions/{version}", id: "getCampaignRevision", owned: true, tag: "campaigns", summary: "A version of a campaign",
			roles: merchants, params: []param{merchantParam()}, answers: []answer{ok[wire.Revision]("the version")}, handle: getRevision},
		{method: http.MethodPost, path: "/v1/campaigns/{id}/revisions/{version}/restore", id: "restoreCampaignRevision", owned: true, tag: "campaigns", summary: "Make an earlier version the next one",
			roles: merchants, params: []param{merchantParam(), ifMatch()}, answers: []answer{ok[wire.Campaign]("as it is now").tagged(), unapproved()}, handle: restoreRevision},
		{method: http.MethodPost, path: "/v1/campaigns/{id}/changes", id: "stageChange", owned: true, tag: "changes", summary: "A change of a campaign that goes live at a moment",
			roles: merchants, params: []param{merchantParam(), ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Change](),
			answers: []answer{created[wire.Change]("it waits for its moment, or for an approval first")}, handle: stageChange},
		{method: http.MethodGet, path: "/v1/campaigns/{id}/changes", id: "listCampaignChanges", owned: true, tag: "changes", summary: "The changes of a campaign that wait or waited, oldest first",
			roles: merchants, params: pageParams(merchantParam(), state), answers: []answer{ok[wire.List[wire.Change]]("a page")}, handle: campaignChanges},
		{method: http.MethodGet, path: "/v1/changes", id: "listChanges", owned: true, tag: "changes", summary: "A merchant's changes that wait or waited, oldest first",
			roles: merchants, params: pageParams(merchantParam(), state), answers: []answer{ok[wire.List[wire.Change]]("a page")}, handle: merchantChanges},
		{method: http.MethodGet, path: "/v1/changes/{id}", id: "getChange", owned: true, tag: "changes", summary: "A change, with what it would change now",
			roles: merchants, params: []param{merchantParam()}, answers: []answer{ok[wire.Change]("the change")}, handle: getChange},
		{method: http.MethodGet, path: "/v1/audit", id: "listAudit", tag: "audit", summary: "Who changed what and when, newest first; for an operator who names no merchant what no merchant owns",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.AuditEntry]]("a page")}, handle: listAudit},
	}
	for _, verb := range []struct {
		name, summary string
		settle        func(engine.Stager) func(context.Context, engine.Write, string, string, string) (engine.StagedChange, error)
	}{
		{"approve", "Approve a change that another key asked for", func(s engine.Stager) func(context.Context, engine.Write, string, string, string) (engine.StagedChange, error) {
			return s.ApproveChange
		}},
		{"reject", "Reject a change that another key asked for", func(s engine.Stager) func(context.Context, engine.Write, string, string, string) (engine.StagedChange, error) {
			return s.RejectChange
		}},
		{"cancel", "Take a change back that was not made yet", func(s engine.Stager) func(context.Context, engine.Write, string, string, string) (engine.StagedChange, error) {
			return s.CancelChange
		}},
	} {
		all = append(all, route{
			method: http.MethodPost, path: "/v1/changes/{id}/" + verb.name, id: verb.name + "Change", owned: true, tag: "changes", summary: verb.summary,
			roles: merchants, params: []param{merchantParam()}, body: &body{shape: jsonBody[wire.Word]().shape, optional: true},
			answers: []answer{ok[wire.Change]("as it is now")}, handle: settleChange(verb.settle),
		})
	}
	return all
}
