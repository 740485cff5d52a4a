package command_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func TestWrongUseOfPlaces(t *testing.T) {
	dir := t.TempDir()
	for name, s := range map[string]step{
		"both":             {args: "keys list --server http://127.0.0.1:1 --data " + dir, code: 2, err: `cannot hold together`},
		"serve a server":   {args: "serve --server http://127.0.0.1:1", code: 2, err: `not on a server`},
		"no server":        {args: "keys list --server http://127.0.0.1:1", code: 1, err: `GET /v1/keys: .*refused`},
		"no URL":           {args: "keys list --server ::", code: 1, err: `.`},
		"no folder":        {args: "keys list --data " + written(t, "file", "x"), code: 1, err: `open \S+/file`},
		"no configuration": {args: "keys list --config " + dir + "/none.yaml", code: 1, err: `none\.yaml`},
		"no port":          {args: "serve --listen here --data " + dir, code: 1, err: `listen`},
		"short bootstrap":  {args: "serve --listen 127.0.0.1:0 --data " + dir, code: 1, err: `SIHAI_BOOTSTRAP_KEY: .*`},
	} {
		t.Run(name, func(t *testing.T) { place{env: []string{"SIHAI_BOOTSTRAP_KEY=short"}}.do(t, s) })
	}
	t.Run("settings", func(t *testing.T) {
		env := []string{"SIHAI_LOG_LEVEL=loud", "SIHAI_RATE_LIMIT_BURST=many"}
		place{env: env}.do(t, step{args: "keys list --data " + dir, code: 1, err: `(?s)log\.level: .*SIHAI_LOG_LEVEL.*rate_limit\.burst: .*SIHAI_RATE_LIMIT_BURST`})
	})
}

// A wrong, a revoked and a weaker key are refused, each by its own code, and verbs fail with it.
func TestServerAsksForKeys(t *testing.T) {
	s := serving(t, t.TempDir())
	k, err := s.client().CreateKey(t.Context(), wire.Key{Role: "app"})
	if err != nil {
		t.Fatal(err)
	}
	as := func(key string) place { return place{env: []string{"SIHAI_SERVER=" + s.url, "SIHAI_KEY=" + key}} }
	as("").do(t, step{args: "keys list", code: 1, err: `(?i)key`})
	as("wrong").do(t, step{args: "keys list", code: 1, err: `(?i)key`})
	as(k.Secret).do(t, step{args: "keys list", code: 1, err: `GET /v1/keys: .`})
	as(k.Secret).do(t, step{args: "decide --lat 1 --lon 1", out: `no offer holds here now`})
	as(operatorKey).do(t, step{args: "keys revoke " + k.ID, out: `revoked`})
	as(k.Secret).do(t, step{args: "decide --lat 1 --lon 1", code: 1, err: `(?i)key`})
}

// The bootstrap key is made on a store without keys only, and what was made before is there after a new start.
func TestBootstrapKeyIsForTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	if _, err := s.client().PutMerchant(t.Context(), wire.Merchant{ID: "sunny", Name: wire.Text{"en": "Sunny"}}); err != nil {
		t.Fatal(err)
	}
	if end := s.stop(t); end.code != 0 || end.err != "" {
		t.Fatalf("ended with %d: %s", end.code, end.err)
	}
	again := start(t, nil, []string{"SIHAI_BOOTSTRAP_KEY=another-operators-key-of-later"}, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	url := again.await(t, `serves (http://\S+) on`)[1]
	if l, err := client.New(url, operatorKey, nil).Merchants(t.Context(), client.Page{}); err != nil || len(l.Data) != 1 || l.Data[0].ID != "sunny" {
		t.Errorf("after a new start: %+v, %v", l, err)
	}
	if _, err := client.New(url, "another-operators-key-of-later", nil).Merchants(t.Context(), client.Page{}); err == nil {
		t.Error("a second bootstrap key was made")
	}
}

// An upload that is under way when the server is asked to end is finished, answered and kept; a new request is not taken.
func TestServerEndsInOrder(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	if _, err := s.client().PutMerchant(t.Context(), wire.Merchant{ID: "sunny", Name: wire.Text{"en": "Sunny"}}); err != nil {
		t.Fatal(err)
	}
	src, rows := io.Pipe()
	type answered struct {
		report wire.Import
		err    error
	}
	done := make(chan answered, 1)
	go func() {
		report, err := s.client().Import(t.Context(), client.Upload{Merchant: "sunny", Kind: "venues", Format: "ndjson"}, src)
		done <- answered{report, err}
	}()
	row := func(i int) {
		if _, err := fmt.Fprintf(rows, `{"id": "v-%d", "name": {"en": "Venue"}, "lat": 1, "lon": 1, "time_zone": "UTC"}`+"\n", i); err != nil {
			t.Error(err)
		}
	}
	for i := range 1500 {
		row(i)
	}
	for until := time.Now().Add(patience); !s.hasImport(t, "staging"); {
		if time.Now().After(until) {
			t.Fatal("the upload does not begin")
		}
	}
	s.cancel()
	for until := time.Now().Add(patience); ; {
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(s.url + "/healthz")
		if err != nil {
			break
		}
		_ = res.Body.Close()
		if time.Now().After(until) {
			t.Fatal("the server still takes requests")
		}
	}
	for i := range 1500 {
		row(1500 + i)
	}
	_ = rows.Close()
	if a := <-done; a.err != nil || a.report.State != "done" || a.report.Difference.Added != 3000 {
		t.Errorf("the upload under way: %+v, %v", a.report, a.err)
	}
	if end := s.stop(t); end.code != 0 || end.err != "" {
		t.Errorf("ended with %d: %s", end.code, end.err)
	}
	again := serving(t, dir)
	if l, err := again.client().Venues(t.Context(), "sunny", client.Page{Cursor: "", Limit: 1000}); err != nil || len(l.Data) != 1000 || l.NextCursor == "" {
		t.Errorf("%d venues are kept, %v", len(l.Data), err)
	}
}

// hasImport reports whether sunny has an upload in a state.
func (s server) hasImport(t *testing.T, state string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/imports?merchant=sunny", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var l wire.List[wire.Import]
	if err := json.NewDecoder(res.Body).Decode(&l); err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(l.Data, func(i wire.Import) bool { return i.State == state })
}

// A data folder belongs to one process: a second one is told who has it, and changes nothing.
func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := exec.Command(program(t), "serve", "--data", dir, "--listen", "127.0.0.1:0")
	out, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = first.Process.Kill(), first.Wait() }()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	second := exec.Command(program(t), "merchants", "put", "sunny", "--name", "en=Sunny", "--data", dir)
	told, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 1 {
		t.Fatalf("the second process: %v\n%s", err, told)
	}
	want := fmt.Sprintf(`^sihai: open %s: .*another process.*\(process %d\)\n$`, regexp.QuoteMeta(dir), first.Process.Pid)
	if !regexp.MustCompile(want).Match(told) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// Shells complete the values of flags, and every verb is told in the help.
func TestCompletionOfValues(t *testing.T) {
	for args, want := range map[string]string{
		"__complete keys create --role ":     "app\nmerchant\nanalyst\noperator\n",
		"__complete import --kind ":          "venues\ncampaigns\n",
		"__complete import --format ":        "ndjson\n",
		"__complete decide --explain ":       "none\nfull\n",
		"__completeNoDesc merchants ":        "list\nput\n",
		"__completeNoDesc version --output ": "table\njson\n",
	} {
		words := strings.Split(args, " ")
		got := run(t, nil, words...)
		for word := range strings.Lines(want) {
			if got.code != 0 || !strings.Contains("\n"+got.out, "\n"+word) {
				t.Errorf("%s: code %d, %q is not among\n%s", args, got.code, word, got.out)
			}
		}
	}
	help := run(t, nil, "--help").out
	for _, verb := range strings.Fields("serve demo import decide keys merchants rates config version completion") {
		if !regexp.MustCompile(`(?m)^  ` + verb + ` +\S`).MatchString(help) {
			t.Errorf("%s is not told in\n%s", verb, help)
		}
	}
	var options map[string]any
	if got := run(t, []string{"SIHAI_LISTEN=127.0.0.1:7"}, "config", "--output", "json"); json.Unmarshal([]byte(got.out), &options) != nil || !strings.Contains(got.out, "127.0.0.1:7") {
		t.Errorf("config as JSON: %+v", got)
	}
}
