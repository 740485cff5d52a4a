package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"
)

// Document is an OpenAPI document to hold requests and answers against. It is safe for concurrent use.
type Document struct {
	mu    sync.Mutex // guards check
	check validator.Validator
}

// ParseDocument reads an OpenAPI document. Cost: some 100 ms.
func ParseDocument(data []byte) (*Document, error) {
	doc, err := libopenapi.NewDocument(data)
	if err != nil {
		return nil, fmt.Errorf("parse openapi document: %w", err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		return nil, fmt.Errorf("parse openapi document: %w", errs[0])
	}
	return &Document{check: v}, nil
}

// ParseWebhooks reads of an OpenAPI document the requests that webhooks are sent, as if each were sent to a path of its type's name.
func ParseWebhooks(data []byte) (*Document, error) {
	var tree map[string]json.RawMessage
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, fmt.Errorf("parse openapi document: %w", err)
	}
	var hooks map[string]json.RawMessage
	if err := json.Unmarshal(tree["webhooks"], &hooks); err != nil {
		return nil, fmt.Errorf("parse webhooks of openapi document: %w", err)
	}
	paths := make(map[string]json.RawMessage, len(hooks))
	for name, item := range hooks {
		paths["/"+name] = item
	}
	var err error
	if tree["paths"], err = json.Marshal(paths); err != nil {
		return nil, err
	}
	delete(tree, "webhooks")
	if data, err = json.Marshal(tree); err != nil {
		return nil, err
	}
	return ParseDocument(data)
}

// Told tells how a request that a webhook was sent breaks the document, of ParseWebhooks, for its type.
func (d *Document) Told(kind string, header http.Header, body []byte) []string {
	req, err := http.NewRequest(http.MethodPost, "/"+kind, bytes.NewReader(body))
	if err != nil {
		return []string{err.Error()}
	}
	req.Header = header
	d.mu.Lock()
	defer d.mu.Unlock()
	_, faults := d.check.ValidateHttpRequestSync(req)
	return messages(faults)
}

// Faults tells how the document itself breaks its specification.
func (d *Document) Faults() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, faults := d.check.ValidateDocument()
	return messages(faults)
}

// request tells how a request breaks the document.
func (d *Document) request(req *http.Request) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") && req.Header.Get("Content-Type") != "" {
		return d.parameters(req) // the document calls an upload a string of bytes; the validator would read it as JSON
	}
	_, faults := d.check.ValidateHttpRequestSync(req)
	return messages(faults)
}

func (d *Document) parameters(req *http.Request) []string {
	p := d.check.GetParameterValidator()
	var all []string
	for _, check := range []func(*http.Request) (bool, []*errors.ValidationError){
		p.ValidatePathParams, p.ValidateQueryParams, p.ValidateHeaderParams, p.ValidateSecurity,
	} {
		_, faults := check(req)
		all = append(all, messages(faults)...)
	}
	return all
}

// response tells how an answer breaks the document.
func (d *Document) response(req *http.Request, res *http.Response) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if res.Header.Get("Content-Type") == "application/x-ndjson" {
		return d.lines(req, res)
	}
	_, faults := d.check.ValidateHttpResponse(req, res)
	return messages(faults)
}

// lines tells how the lines of an answer break the document, which has the shape of one.
func (d *Document) lines(req *http.Request, res *http.Response) (all []string) {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return []string{err.Error()}
	}
	for line := range bytes.Lines(body) {
		one := *res
		one.Body = io.NopCloser(bytes.NewReader(line))
		_, faults := d.check.ValidateHttpResponse(req, &one)
		all = append(all, messages(faults)...)
	}
	return all
}

func messages(faults []*errors.ValidationError) []string {
	var all []string
	for _, f := range faults {
		text := f.Message + ": " + f.Reason
		for _, s := range f.SchemaValidationErrors {
			text += "; " + s.FieldPath + ": " + s.Reason
		}
		all = append(all, text)
	}
	return all
}

// Checker is a transport that fails a test when a request or an answer breaks the document. It holds bodies in memory.
type Checker struct {
	tb   testing.TB
	doc  *Document
	next http.RoundTripper
}

// NewChecker returns a Checker before a transport; nil is http.DefaultTransport.
func NewChecker(tb testing.TB, doc *Document, next http.RoundTripper) *Checker {
	if next == nil {
		next = http.DefaultTransport
	}
	return &Checker{tb, doc, next}
}

type strictness struct{}

// Wrong returns a context for requests that break the document on purpose: only their answers are held against it.
func Wrong(ctx context.Context) context.Context {
	return context.WithValue(ctx, strictness{}, "wrong")
}

// Stray returns a context for requests to what the document does not have: neither they nor their answers are held against it.
func Stray(ctx context.Context) context.Context {
	return context.WithValue(ctx, strictness{}, "stray")
}

// RoundTrip implements http.RoundTripper.
func (c *Checker) RoundTrip(req *http.Request) (*http.Response, error) {
	level, _ := req.Context().Value(strictness{}).(string)
	if level == "stray" {
		return c.next.RoundTrip(req)
	}
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close() // was read whole
	}
	clone := func() *http.Request {
		r := req.Clone(req.Context())
		r.Body = http.NoBody
		if len(body) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		return r
	}
	if level != "wrong" {
		c.tell(req, "request", c.doc.request(clone()))
	}
	res, err := c.next.RoundTrip(clone())
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // was read whole
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusNotModified { // has no body, and so no entry of its own
		res.Body = io.NopCloser(bytes.NewReader(data))
		c.tell(req, fmt.Sprintf("answer %d %.2000s", res.StatusCode, data), c.doc.response(clone(), res))
	}
	res.Body = io.NopCloser(bytes.NewReader(data))
	return res, nil
}

func (c *Checker) tell(req *http.Request, what string, faults []string) {
	for _, f := range faults {
		c.tb.Errorf("%s %s: %s is not what the document says: %s", req.Method, req.URL.RequestURI(), what, f)
	}
}
