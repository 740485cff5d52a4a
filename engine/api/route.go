package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// route is one operation: how it is reached, who may, what it is told and what it tells.
type route struct {
	method, path string // path as OpenAPI writes it: /v1/keys/{id}
	id           string // operationId
	tag          string
	summary      string
	description  string
	roles        []engine.Role // who may, besides operators; openRoute: anyone
	open         bool          // no key is asked for
	reads        bool          // it changes nothing although it is a POST
	owned        bool          // it is about one merchant, whom the path, the query or the key names: call.owner
	params       []param
	body         *body
	answers      []answer
	handle       func(*call) error
}

// param is a parameter of the query or a header; those of the path are found in it.
type param struct {
	name, in string // in: query, header
	doc      string
	kind     string   // string, integer, boolean
	enum     []string // of a string
}

// body is what a request holds.
type body struct {
	shape    reflect.Type // nil: bytes of one of the types
	types    []string     // media types; nil: application/json
	optional bool
}

// answer is what a request gets.
type answer struct {
	status int
	shape  reflect.Type // nil: none, or text of the type
	media  string       // "": application/json
	also   string       // another media type that may be asked for; "": none
	doc    string
	etag   bool
}

// ginPath writes {id} as gin does.
func (r *route) ginPath() string {
	return strings.NewReplacer("{", ":", "}", "").Replace(r.path)
}

// pathParams lists the names in braces.
func (r *route) pathParams() []string {
	var names []string
	for _, part := range strings.Split(r.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// writes reports whether a route takes an idempotency key.
func (r *route) writes() bool { return r.method == http.MethodPost && !r.reads }

func jsonBody[T any]() *body { return &body{shape: reflect.TypeFor[T]()} }

func ok[T any](doc string) answer {
	return answer{status: http.StatusOK, shape: reflect.TypeFor[T](), doc: doc}
}

func created[T any](doc string) answer {
	return answer{status: http.StatusCreated, shape: reflect.TypeFor[T](), doc: doc}
}

func accepted[T any](doc string) answer {
	return answer{status: http.StatusAccepted, shape: reflect.TypeFor[T](), doc: doc}
}

func (a answer) tagged() answer {
	a.etag = true
	return a
}

func none(status int, doc string) answer { return answer{status: status, doc: doc} }

// The parameters that several routes take.
func pageParams(more ...param) []param {
	return append([]param{
		{name: "limit", in: "query", doc: "items of a page, 1 to 1000; 100 when left out", kind: "integer"},
		{name: "cursor", in: "query", doc: "next_cursor of the page before", kind: "string"},
	}, more...)
}

func merchantParam() param {
	return param{name: "merchant", in: "query", doc: "whose; an operator must say, a merchant need not", kind: "string"}
}

func ifMatch() param {
	return param{name: "If-Match", in: "header", doc: "ETag that the resource must have, or * for any", kind: "string"}
}

func ifNoneMatch() param {
	return param{name: "If-None-Match", in: "header", doc: "* : it must not exist yet", kind: "string"}
}
