package command

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// update makes TestScenarios write the replies that it gets into the files, where what is expected by hand holds of them.
var update = flag.Bool("update", false, "rewrite the replies in testdata/scenarios")

// scenarios is the folder of the scenarios, as seen from this one.
const scenarios = "../../../testdata/scenarios"

// scenario is a file of testdata/scenarios, see the README.md there.
type scenario struct {
	Title     string                 `json:"title"`
	Doc       string                 `json:"doc"`
	Merchants []json.RawMessage      `json:"merchants"`
	Venues    []json.RawMessage      `json:"venues"`
	Campaigns []json.RawMessage      `json:"campaigns"`
	Rates     []string               `json:"rates"`   // lines of the bank's file
	Profile   json.RawMessage        `json:"profile"` // nil: the default one
	Now       time.Time              `json:"now"`
	Events    []scenarioEvent        `json:"events"` // before the request, in order
	Request   json.RawMessage        `json:"request"`
	Expect    map[string]expectation `json:"expect"` // by placement
	Reply     json.RawMessage        `json:"reply"`

	name string // of the file, without .json
	data []byte // of the file
}

// scenarioEvent is something that a traveller did with an offer of the scenario's own request, asked at that time.
type scenarioEvent struct {
	Time    time.Time `json:"time"`
	Type    string    `json:"type"`
	OfferID string    `json:"offer_id"`
	UserID  string    `json:"user_id"` // another traveller than the request's; empty: the same
	Times   int       `json:"times"`   // that it happened, each with a decision of its own; 0: once
}

// TestScenarios tells each scenario to the real program on a data folder of its own and compares the reply to the file's, byte
// for byte. Then it opens the folder again: the same question has the same answer.
func TestScenarios(t *testing.T) {
	for _, s := range readScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			st := openStage(t, s.beginning())
			s.load(st)
			reply := s.ask(st)
			st.reopen(s.Now)
			if again := s.ask(st); !bytes.Equal(again, reply) {
				t.Errorf("after a new start another reply: %s", difference(indented(t, again), indented(t, reply)))
			}
			for _, fault := range s.faults(t, reply) {
				t.Error(fault)
			}
			got := indented(t, reply)
			if bytes.Equal(got, indented(t, s.Reply)) {
				return
			}
			if !*update {
				t.Errorf("another reply than the file's (-update rewrites it): %s", difference(got, indented(t, s.Reply)))
			} else if !t.Failed() {
				s.rewrite(t, got)
			}
		})
	}
}

// readScenarios reads every file.
func readScenarios(t *testing.T) []*scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(scenarios, "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no scenario in %s", scenarios)
	}
	var all []*scenario
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".json")
		s := &scenario{name: name, data: data}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, s)
	}
	return all
}

// beginning is when the world is loaded: at the first event, or else at the request.
func (s *scenario) beginning() time.Time {
	if len(s.Events) > 0 {
		return s.Events[0].Time
	}
	return s.Now
}

// load puts everything that the request is decided on, in the order of the file.
func (s *scenario) load(st *stage) {
	for _, m := range s.Merchants {
		st.put("/v1/merchants/"+idOf(st.t, m).ID, m)
	}
	for _, v := range s.Venues {
		id := idOf(st.t, v)
		st.put("/v1/merchants/"+id.MerchantID+"/venues/"+id.ID, v)
	}
	for _, c := range s.Campaigns {
		id := idOf(st.t, c)
		st.put("/v1/campaigns/"+id.ID+"?merchant="+id.MerchantID, c)
	}
	if len(s.Rates) > 0 {
		st.exchange("PUT", "/v1/rates", "text/csv", []byte(strings.Join(s.Rates, "\n")+"\n"))
	}
	if s.Profile != nil {
		var named struct{ Name string }
		if err := json.Unmarshal(s.Profile, &named); err != nil {
			st.t.Fatal(err)
		}
		st.post("/v1/scoring-profiles/"+named.Name+"/versions", s.Profile)
		st.post("/v1/scoring-profiles/"+named.Name+"/activate", nil)
	}
	for _, e := range s.Events {
		st.clock.set(e.Time)
		for range max(1, e.Times) {
			s.happen(st, e)
		}
	}
	st.clock.set(s.Now)
}

// happen asks as the event's traveller and reports the event with the decision.
func (s *scenario) happen(st *stage, e scenarioEvent) {
	var request map[string]any
	if err := json.Unmarshal(s.Request, &request); err != nil {
		st.t.Fatal(err)
	}
	if e.UserID != "" {
		user, _ := request["user"].(map[string]any)
		if user == nil {
			user = make(map[string]any)
		}
		user["id"] = e.UserID
		request["user"] = user
	}
	var decision struct {
		ID string `json:"decision_id"`
	}
	if err := json.Unmarshal(st.post("/v1/decisions", marshal(st.t, request)), &decision); err != nil {
		st.t.Fatal(err)
	}
	st.post("/v1/events", marshal(st.t, map[string]any{"events": []any{
		map[string]any{"type": e.Type, "offer_id": e.OfferID, "decision_id": decision.ID},
	}}))
}

// ask sends the request. The identifiers of its answer do not depend on what was asked before.
func (s *scenario) ask(st *stage) []byte {
	st.random.reset()
	return st.post("/v1/decisions", s.Request)
}

// rewrite puts a reply in the place of the file's own and leaves every other byte as it is.
func (s *scenario) rewrite(t *testing.T, reply []byte) {
	t.Helper()
	start, end, err := memberSpan(s.data, "reply")
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Join([][]byte{s.data[:start], bytes.ReplaceAll(reply, []byte("\n"), []byte("\n  ")), s.data[end:]}, nil)
	if err := os.WriteFile(filepath.Join(scenarios, filepath.FromSlash(s.name)+".json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// memberSpan finds the value of a member of a JSON object.
func memberSpan(data []byte, name string) (start, end int64, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return 0, 0, err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return 0, 0, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return 0, 0, err
		}
		if key == name {
			end = dec.InputOffset()
			return end - int64(len(value)), end, nil
		}
	}
	return 0, 0, fmt.Errorf("no member %s: write \"%s\": null", name, name)
}

// indented returns JSON in the one layout in which replies are compared. Numbers and texts stay as they are written.
func indented(t *testing.T, data []byte) []byte {
	t.Helper()
	if len(data) == 0 {
		data = []byte("null")
	}
	var flat, out bytes.Buffer
	if err := json.Compact(&flat, data); err != nil {
		t.Fatal(err)
	}
	if err := json.Indent(&out, flat.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// difference names the first line in which two texts differ.
func difference(got, want []byte) string {
	gots, wants := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, gots[i], wants[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(gots), len(wants))
}

// resourceID is how a resource of a scenario is named.
type resourceID struct {
	ID         string `json:"id"`
	MerchantID string `json:"merchant_id"`
}

func idOf(t *testing.T, data []byte) (id resourceID) {
	t.Helper()
	if err := json.Unmarshal(data, &id); err != nil {
		t.Fatal(err)
	}
	return id
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
