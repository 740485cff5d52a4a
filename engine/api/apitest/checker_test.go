package apitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// listener keeps what a test would have been told.
type listener struct {
	testing.TB
	told []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

// TestCheckerTells puts a server that does not keep to the document behind a Checker.
func TestCheckerTells(t *testing.T) {
	data, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := apitest.ParseDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	const merchant = `{"id":"m","name":{"en":"M"}}`
	for name, c := range map[string]struct {
		status                 int
		kind, answer, sent, to string
		told                   string // part of what is told; empty: nothing is
	}{
		"as it should be":         {200, "application/json", merchant, merchant, "/v1/merchants/m", ""},
		"refusal":                 {404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404,"code":"not_found"}`, merchant, "/v1/merchants/m", ""},
		"refusal without a code":  {404, "application/problem+json", `{"type":"about:blank","title":"Not Found","status":404}`, merchant, "/v1/merchants/m", "code"},
		"refusal of another type": {404, "text/html", `<p>Not Found`, merchant, "/v1/merchants/m", "text/html"},
		"member missing":          {200, "application/json", `{"id":"m"}`, merchant, "/v1/merchants/m", "name"},
		"member too many":         {200, "application/json", `{"id":"m","name":{"en":"M"},"owner":"x"}`, merchant, "/v1/merchants/m", "owner"},
		"null":                    {200, "application/json", `{"id":"m","name":null}`, merchant, "/v1/merchants/m", "null"},
		"other status":            {202, "application/json", merchant, merchant, "/v1/merchants/m", "202"},
		"wrong request":           {200, "application/json", merchant, `{"id":7,"name":{}}`, "/v1/merchants/m", "request"},
		"wrong parameter":         {200, "application/json", `{"data":[]}`, "", "/v1/merchants?limit=many", "request"},
		"no such path":            {200, "application/json", merchant, merchant, "/v1/nothing", "request"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.Header().Set("ETag", `"1"`)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			method := http.MethodPut
			if c.sent == "" {
				method = http.MethodGet
			}
			req, err := http.NewRequestWithContext(t.Context(), method, server.URL+c.to, strings.NewReader(c.sent))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer x")
			if c.sent != "" {
				req.Header.Set("Content-Type", "application/json")
			}
			heard := &listener{TB: t}
			res, err := (&http.Client{Transport: apitest.NewChecker(heard, doc, nil)}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			all := strings.Join(heard.told, "\n")
			if (c.told == "") != (all == "") || !strings.Contains(all, c.told) {
				t.Errorf("told %q, want %q in it", all, c.told)
			}
		})
	}
}
