package api

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// document is the OpenAPI document as it is served: what Document makes, checked in.
//
//go:embed openapi.json
var document []byte

// OpenAPI makes the OpenAPI 3.1 document of the routes, indented. It is made from the table that the router is made from, and from the types
// that bodies are decoded by.
func OpenAPI() ([]byte, error) {
	doc, err := openAPIDocument().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("make openapi document: %w", err)
	}
	return indented(doc)
}

func indented(doc []byte) ([]byte, error) {
	var tree any
	if err := json.Unmarshal(doc, &tree); err != nil {
		return nil, fmt.Errorf("read openapi document: %w", err)
	}
	out, err := json.MarshalIndent(tree, "", " ")
	return append(out, '\n'), err
}

func openAPIDocument() *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Sihai", Version: "1",
			Description: "Offers for travellers, by where they are. Money is in integer minor units, distances are metres, positions are degrees WGS84, texts are BCP 47 maps.",
			License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"key": {Type: "http", Scheme: "bearer", Description: "an API key; its role decides what it may do"},
			},
		},
		Servers:  []*huma.Server{{URL: "/", Description: "this server"}},
		Security: []map[string][]string{{"key": {}}},
	}
	problem := registry.Schema(reflect.TypeFor[wire.Problem](), true, "")
	registry.Schema(reflect.TypeFor[wire.ImportProblem](), true, "")
	var tags []string
	for _, r := range routes() {
		doc.AddOperation(operation(&r, registry, problem))
		if !slices.Contains(tags, r.tag) {
			tags = append(tags, r.tag)
			doc.Tags = append(doc.Tags, &huma.Tag{Name: r.tag, Description: tagText[r.tag]})
		}
	}
	doc.Webhooks = webhooks(registry)
	for _, schema := range registry.Map() {
		plain(schema)
	}
	return doc
}

var pathText = map[string]string{
	"id": "its ID", "merchant": "ID of the merchant", "name": "name of the profile", "version": "number of the version", "delivery": "ID of the delivery",
}

var tagText = map[string]string{
	"decisions":        "What to offer a traveller, and what was offered.",
	"events":           "What travellers did.",
	"redemptions":      "Uses of offers: whether one would hold, holds until it is paid, uses, and what is undone.",
	"ledger":           "Every movement of budgets, and whether the balances agree with them.",
	"merchants":        "The tenants.",
	"venues":           "Where offers are used.",
	"campaigns":        "What is offered, where, when and to whom.",
	"changes":          "Changes of campaigns that wait for their moment or for an approval.",
	"audit":            "Who did what, and when.",
	"imports":          "Uploads of many venues or campaigns at once.",
	"webhooks":         "Endpoints of merchants that are told what happened: signed, at least once, in no order.",
	"users":            "What is known of travellers, and its end.",
	"scoring profiles": "The weights by which offers are ranked.",
	"analysis":         "What campaigns won, and would win.",
	"rates":            "Reference rates, by which savings are told in another currency.",
	"keys":             "Who may do what.",
	"operations":       "For those who keep the server running.",
}

// plain takes back what is assumed of Go's types: no member here is ever null, and lists are never.
func plain(s *huma.Schema) {
	if s == nil {
		return
	}
	s.Nullable = false
	for _, p := range s.Properties {
		plain(p)
	}
	plain(s.Items)
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		plain(more)
	}
}

func operation(r *route, registry huma.Registry, problem *huma.Schema) *huma.Operation {
	op := &huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.summary, Description: describe(r), Tags: []string{r.tag},
		Responses: map[string]*huma.Response{},
	}
	if r.open {
		op.Security = []map[string][]string{{}}
	}
	for _, name := range r.pathParams() {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Description: pathText[name], Schema: &huma.Schema{Type: "string"}})
	}
	params := r.params
	if r.writes() {
		params = append(slices.Clone(params), param{name: "Idempotency-Key", in: "header", kind: "string",
			doc: "the same key and body gets the first answer again; the same key with another body 422; one still in progress 409"})
	}
	for _, p := range params {
		schema := &huma.Schema{Type: p.kind}
		for _, word := range p.enum {
			schema.Enum = append(schema.Enum, word)
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: p.in, Description: p.doc, Schema: schema})
	}
	if r.body != nil {
		op.RequestBody = requestBody(r.body, registry)
	}
	for _, a := range r.answers {
		op.Responses[strconv.Itoa(a.status)] = response(a, registry)
	}
	for _, class := range []string{"4XX", "5XX"} {
		op.Responses[class] = &huma.Response{
			Description: "an error (RFC 9457)", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
		}
	}
	if r.id == "runImport" {
		op.Responses[strconv.Itoa(http.StatusUnprocessableEntity)] = &huma.Response{
			Description: "faulty: nothing was changed", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{
				AnyOf: []*huma.Schema{{Ref: "#/components/schemas/ImportProblem"}, problem},
			}}},
		}
	}
	return op
}

// describe says who may.
func describe(r *route) string {
	text := r.description
	if text != "" {
		text += "\n\n"
	}
	if r.open {
		return text + "Open to anyone, unless the server is set otherwise."
	}
	roles := slices.Clone(r.roles)
	if !slices.Contains(roles, engine.RoleOperator) {
		roles = append(roles, engine.RoleOperator)
	}
	text += "Roles:"
	for i, role := range roles {
		if i > 0 {
			text += ","
		}
		text += " " + string(role)
	}
	return text + "."
}

func requestBody(b *body, registry huma.Registry) *huma.RequestBody {
	out := &huma.RequestBody{Required: !b.optional, Content: map[string]*huma.MediaType{}}
	if b.shape != nil {
		out.Content["application/json"] = &huma.MediaType{Schema: registry.Schema(b.shape, true, "")}
	}
	for _, kind := range b.types {
		out.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	return out
}

func response(a answer, registry huma.Registry) *huma.Response {
	out := &huma.Response{Description: a.doc}
	switch {
	case a.shape != nil:
		out.Content = map[string]*huma.MediaType{cmp.Or(a.media, "application/json"): {Schema: registry.Schema(a.shape, true, "")}}
	case a.media == "application/json":
		out.Content = map[string]*huma.MediaType{a.media: {Schema: &huma.Schema{Type: "object"}}}
	case a.media != "":
		out.Content = map[string]*huma.MediaType{a.media: {Schema: &huma.Schema{Type: "string"}}}
	}
	if a.also != "" {
		out.Content[a.also] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
	}
	if a.etag {
		out.Headers = map[string]*huma.Param{"ETag": {Description: "the version", Schema: &huma.Schema{Type: "string"}}}
	}
	return out
}
