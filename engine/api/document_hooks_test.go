package api_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// TestDocumentTellsOfEveryEvent looks for each type that webhooks are sent, and for no other.
func TestDocumentTellsOfEveryEvent(t *testing.T) {
	var doc struct {
		Webhooks map[string]struct{ Post *struct{ Summary string } }
	}
	data, err := os.ReadFile("openapi.json")
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := append(engine.HookTypes(), engine.HookTest)
	for _, kind := range want {
		if hook := doc.Webhooks[string(kind)]; hook.Post == nil || hook.Post.Summary == "" {
			t.Errorf("the document does not tell of %s", kind)
		}
	}
	if len(doc.Webhooks) != len(want) {
		t.Errorf("the document tells of %d types, want %d", len(doc.Webhooks), len(want))
	}
}
