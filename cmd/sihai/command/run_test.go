package command_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/cmd/sihai/command"
)

// result is what a run of the program gave.
type result struct {
	code     int
	out, err string
}

// run runs the program in process with an environment of its own.
func run(t *testing.T, env []string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), args, command.Environment{
		In: strings.NewReader(""), Out: &out, Err: &errs, Env: env, Now: time.Now, Random: rand.Reader,
	})
	return result{code, out.String(), errs.String()}
}

func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		err  string // part of what is told
	}{
		"no verb tells help": {nil, 0, ""},
		"help":               {[]string{"--help"}, 0, ""},
		"version":            {[]string{"version"}, 0, ""},
		"unknown verb":       {[]string{"sell"}, 2, `unknown command "sell"`},
		"unknown flag":       {[]string{"version", "--loud"}, 2, "unknown flag: --loud"},
		"extra argument":     {[]string{"version", "now"}, 2, "unknown command"},
		"output":             {[]string{"version", "--output", "xml"}, 2, "neither table nor json"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, nil, c.args...)
			if got.code != c.code || !strings.Contains(got.err, c.err) {
				t.Errorf("code %d, want %d; told %q, want %q", got.code, c.code, got.err, c.err)
			}
			if c.code == 0 && got.out == "" {
				t.Error("nothing was told")
			}
		})
	}
}

func TestVersionAsJSON(t *testing.T) {
	var v struct{ Version, Go, Platform string }
	got := run(t, nil, "version", "--output", "json")
	if err := json.Unmarshal([]byte(got.out), &v); err != nil {
		t.Fatal(err)
	}
	if v.Version == "" || v.Go == "" || v.Platform == "" {
		t.Errorf("not told: %+v", v)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, nil, "completion", shell); got.code != 0 || len(got.out) < 500 {
			t.Errorf("%s: code %d, %d bytes, %s", shell, got.code, len(got.out), got.err)
		}
	}
}

func TestConfigPrintsTheDefaults(t *testing.T) {
	if got := run(t, nil, "config"); got.code != 0 || !strings.Contains(got.out, "rate_limit:") {
		t.Errorf("%+v", got)
	}
}
