package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// told is a type of event that webhooks are sent.
type told struct {
	kind    engine.HookType
	data    reflect.Type
	summary string
}

// toldTypes lists every type of event, those that a webhook may ask for and the test.
func toldTypes() []told {
	campaign, redemption := reflect.TypeFor[wire.HookCampaign](), reflect.TypeFor[wire.HookRedemption]()
	return []told{
		{engine.HookBudget80, campaign, "A budget of a campaign has reached four fifths of its limit in its period"},
		{engine.HookCampaignExhausted, campaign, "A budget of a campaign for all time is used up"},
		{engine.HookCampaignExpired, campaign, "The flight of a campaign has ended at the last of its venues"},
		{engine.HookCampaignStarted, campaign, "The flight of a campaign has begun at the first of its venues, or it was enabled within it"},
		{engine.HookImportFinished, reflect.TypeFor[wire.HookImport](), "An upload has ended, well or not"},
		{engine.HookConfirmed, redemption, "An offer was used"},
		{engine.HookRolledBack, redemption, "A use of an offer was undone, as a whole or in part"},
		{engine.HookTest, reflect.TypeFor[wire.HookTest](), "Asked for, and sent to one webhook alone"},
	}
}

const toldText = "A CloudEvent (CloudEvents 1.0, structured JSON), signed as Standard Webhooks says. It arrives at least once, a second time with the same webhook-id, and in no order. " +
	"It is tried again, ever more rarely, for some three days, unless it is answered by 2XX within the time that the server is set to; redirects are not followed."

// webhooks is what merchants are sent, by type.
func webhooks(registry huma.Registry) map[string]*huma.PathItem {
	event := registry.Schema(reflect.TypeFor[wire.CloudEvent](), true, "")
	out := make(map[string]*huma.PathItem)
	for _, t := range toldTypes() {
		out[string(t.kind)] = &huma.PathItem{Post: &huma.Operation{
			Method: http.MethodPost, OperationID: "told." + string(t.kind), Summary: t.summary, Description: toldText, Tags: []string{"webhooks"},
			Security:   []map[string][]string{{}},
			Parameters: signatureHeaders(),
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/cloudevents+json": {Schema: &huma.Schema{
				AllOf: []*huma.Schema{event, {Type: "object", Properties: map[string]*huma.Schema{
					"type": {Type: "string", Enum: []any{string(t.kind)}},
					"data": registry.Schema(t.data, true, ""),
				}}},
			}}}},
			Responses: map[string]*huma.Response{
				"2XX":     {Description: "it was taken"},
				"410":     {Description: "there is nobody here any more: the webhook is disabled"},
				"default": {Description: "it is sent again later"},
			},
		}}
	}
	return out
}

// signatureHeaders are those of Standard Webhooks.
func signatureHeaders() (list []*huma.Param) {
	for _, h := range []struct{ name, doc string }{
		{"webhook-id", "ID of the event: the same each time that it is sent"},
		{"webhook-timestamp", "when it was sent, in seconds since 1970; what is minutes old was kept by somebody"},
		{"webhook-signature", "one or two signatures with a blank between them: v1, and the base64 of HMAC-SHA256, by the secret as it is behind whsec_ in base64, over webhook-id, webhook-timestamp and body joined by dots"},
	} {
		list = append(list, &huma.Param{Name: h.name, In: "header", Required: true, Description: h.doc, Schema: &huma.Schema{Type: "string"}})
	}
	return list
}
