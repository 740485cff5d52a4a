package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/sihai-network/sihai/engine/api"
)

var update = flag.Bool("update", false, "write openapi.json anew")

func TestDocumentIsThatOfTheRoutes(t *testing.T) {
	want, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("openapi.json is not what the routes make; go test ./engine/api -run Document -update writes it anew")
	}
}

func TestDocumentIsValid(t *testing.T) {
	for _, fault := range checkedDocument(t).Faults() {
		t.Error(fault)
	}
}

// TestDocumentLints holds what linters of OpenAPI documents ask for beyond validity.
func TestDocumentLints(t *testing.T) {
	var doc struct {
		Servers []any
		Tags    []struct{ Name, Description string }
		Paths   map[string]map[string]struct {
			OperationID, Summary, Description string
			Tags                              []string
			Parameters                        []struct{ Name, Description string }
			Responses                         map[string]struct{ Description string }
		}
	}
	data, err := os.ReadFile("openapi.json")
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil || len(doc.Servers) == 0 {
		t.Fatalf("%v, %d servers", err, len(doc.Servers))
	}
	tags, ids := map[string]bool{}, map[string]string{}
	for _, tag := range doc.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			name := method + " " + path
			if other, taken := ids[op.OperationID]; taken || op.OperationID == "" {
				t.Errorf("%s: operationId %q is that of %q", name, op.OperationID, other)
			}
			ids[op.OperationID] = name
			if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] {
				t.Errorf("%s: has no summary, description or described tag", name)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: parameter %s has no description", name, p.Name)
				}
			}
			classes := map[byte]bool{}
			for status, r := range op.Responses {
				classes[status[0]] = true
				if r.Description == "" {
					t.Errorf("%s: response %s has no description", name, status)
				}
			}
			if !classes['2'] || !classes['4'] {
				t.Errorf("%s: has no 2XX or no 4XX response", name)
			}
		}
	}
}
