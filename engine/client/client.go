// Package client is the Go client of Sihai's HTTP API.
//
// Its main type is Client; each method is one operation of the API, with the shapes of package wire.
//
//	c := client.New("http://127.0.0.1:8080", os.Getenv("SIHAI_KEY"), nil)
//	decision, err := c.Decide(ctx, wire.Request{Placements: []wire.PlacementRequest{{ID: "home", Count: 10}}})
//
// A refusal is a *Problem with every fault. Not here: retries; a write that is to be repeated safely carries an idempotency key, see Once.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine/wire"
)

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New returns a client of the server at a URL such as http://127.0.0.1:8080, with an API key. A nil h is http.DefaultClient.
func New(base, key string, h *http.Client) *Client {
	if h == nil {
		h = http.DefaultClient
	}
	return &Client{base: strings.TrimRight(base, "/"), key: key, http: h}
}

// Problem is a refusal of the server.
type Problem struct {
	wire.Problem
	Import *wire.Import `json:"import"` // the report of a refused upload; nil for anything else
}

// Error tells the refusal and each fault on a line of its own.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, f := range p.Errors {
		text += "\n  "
		if f.Path != "" {
			text += f.Path + ": "
		}
		text += f.Message
	}
	return text
}

type onceKey struct{}

// Once returns a context under which a write carries an idempotency key: done again with the same key and body it happens once and has
// the first answer.
func Once(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, onceKey{}, key)
}

// request is one exchange.
type request struct {
	method, path string
	query        url.Values
	kind         string // of the body; empty: JSON
	body         io.Reader
	header       http.Header
}

// do sends a request and decodes the answer into out, unless out is nil.
func (c *Client) do(ctx context.Context, r request, out any) error {
	res, err := c.answer(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: read answer: %w", r.method, r.path, err)
	}
	if _, staged := out.(*wire.Campaign); staged && res.StatusCode == http.StatusAccepted {
		waits := new(Pending)
		if err := json.Unmarshal(data, &waits.Change); err == nil && waits.Change.State == "pending" {
			return fmt.Errorf("%s %s: %w", r.method, r.path, waits)
		}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s %s: decode answer: %w", r.method, r.path, err)
	}
	return nil
}

// stream sends a request and returns the body of the answer, which the caller closes, or the refusal.
func (c *Client) stream(ctx context.Context, r request) (io.ReadCloser, error) {
	res, err := c.answer(ctx, r)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// answer sends a request and returns the answer, whose body the caller closes, or the refusal.
func (c *Client) answer(ctx context.Context, r request) (*http.Response, error) {
	target := c.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, r.body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	if r.body != nil {
		kind := r.kind
		if kind == "" {
			kind = "application/json"
		}
		req.Header.Set("Content-Type", kind)
	}
	if key, ok := ctx.Value(onceKey{}).(string); ok && r.method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if res.StatusCode < http.StatusBadRequest {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: read answer: %w", r.method, r.path, err)
	}
	return nil, refusal(r, res.StatusCode, data)
}

func refusal(r request, status int, data []byte) error {
	p := new(Problem)
	if json.Unmarshal(data, p) != nil || p.Code == "" {
		return fmt.Errorf("%s %s: server answered %d %s", r.method, r.path, status, http.StatusText(status))
	}
	return fmt.Errorf("%s %s: %w", r.method, r.path, p)
}

// send encodes in as the body, unless it is nil.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, in, out any) error {
	r := request{method: method, path: path, query: query}
	if in != nil {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(in); err != nil {
			return fmt.Errorf("%s %s: encode: %w", method, path, err)
		}
		r.body = &buf
	}
	return c.do(ctx, r, out)
}

// Page asks for a part of a list; the zero value for its beginning.
type Page struct {
	Limit  int // 0: the server's own
	Cursor string
}

func (p Page) query(merchant string) url.Values {
	q := url.Values{}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		q.Set("cursor", p.Cursor)
	}
	if merchant != "" {
		q.Set("merchant", merchant)
	}
	return q
}
