package configs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/configs"
)

func TestDefaultsAreValidAndComplete(t *testing.T) {
	o, err := configs.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if o.Listen != "127.0.0.1:8080" || o.Decision.DefaultSpend != (configs.Spend{Amount: 5000, Currency: "USD"}) ||
		o.HTTP.ShutdownTimeout != 20*time.Second || o.RateLimit.Burst != 100 {
		t.Errorf("unexpected defaults: %+v", o)
	}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "sihai.yaml", "listen: 127.0.0.1:1\nlog: {level: warn, format: json}\ndata: from-file\n")
	o, err := configs.Load(configs.Sources{
		File:  file,
		Env:   []string{"SIHAI_LISTEN=127.0.0.1:2", "SIHAI_LOG_LEVEL=error", "HOME=/", "SIHAI_KEY=secret", "SIHAI_PORT_80_TCP=x"},
		Flags: map[string]string{"listen": "127.0.0.1:3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Listen != "127.0.0.1:3" || o.Log.Level != "error" || o.Log.Format != "json" || o.Data != "from-file" || o.Import.MaxRows != 1_000_000 {
		t.Errorf("flags, variables, file and defaults do not go over each other in this order: %+v", o)
	}
}

func TestFormats(t *testing.T) {
	for name, body := range map[string]string{
		"a.yaml": "rate_limit: {burst: 7}",
		"a.yml":  "rate_limit:\n  burst: 7\n",
		"a.json": `{"rate_limit": {"burst": 7}}`,
		"a.toml": "[rate_limit]\nburst = 7\n",
	} {
		t.Run(name, func(t *testing.T) {
			o, err := configs.Load(configs.Sources{File: write(t, name, body)})
			if err != nil {
				t.Fatal(err)
			}
			if o.RateLimit.Burst != 7 {
				t.Errorf("burst = %d", o.RateLimit.Burst)
			}
		})
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	file := write(t, "sihai.yaml", `
listen: nowhere
log: {level: loud}
decision: {default_spend: {amount: 1.5, currency: usd}, ip_accuracy: far}
http: {read_timeout: 30, idle_timeout: 900h}
import: {max_rows: 0, rows: 5}
metric: {access: open}
rate_limit: []
`)
	_, err := configs.Load(configs.Sources{File: file, Env: []string{"SIHAI_RATE_LIMIT_BURST=lots", "SIHAI_LOGLEVEL=info"}, Flags: map[string]string{"data": " "}})
	var faults configs.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error is %v, not Faults", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Path)
	}
	want := "listen data log.level decision.default_spend.amount decision.default_spend.currency decision.ip_accuracy import.max_rows " +
		"http.read_timeout http.idle_timeout rate_limit.burst import.rows metric.access rate_limit loglevel"
	if strings.Join(got, " ") != want {
		t.Errorf("paths\n got %s\nwant %s\n%v", strings.Join(got, " "), want, err)
	}
	for _, part := range []string{`"loud" is not one of debug, info, warn, error`, "variable SIHAI_RATE_LIMIT_BURST", file, "is not a setting"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told in:\n%v", part, err)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	for name, path := range map[string]string{
		"absent": filepath.Join(t.TempDir(), "none.yaml"),
		"format": write(t, "sihai.ini", "a=1"),
		"syntax": write(t, "bad.yaml", "log: [unclosed"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configs.Load(configs.Sources{File: path})
			if err == nil || errors.As(err, new(configs.Faults)) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:80\nlog: {level: debug}"), "yaml", "SIHAI_DATA=x")
	f.Add([]byte(`{"import": {"max_rows": 1e3}, "http": null}`), "json", "SIHAI_LISTEN")
	f.Add([]byte("[log]\nlevel = 1979-05-27\n"), "toml", "SIHAI_=")
	f.Add([]byte("a: &a [*a]\n1: 2\n? [x]: y"), "yml", "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, body []byte, format, env string) {
		file := filepath.Join(dir, "c."+strings.Trim(format, "/\x00"))
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Skip()
		}
		o, err := configs.Load(configs.Sources{File: file, Env: []string{env}})
		if err == nil && o.Validate() != nil {
			t.Errorf("loaded options are not valid: %v", o.Validate())
		}
	})
}

func write(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		env  []string
		want string // networks, or a part of the fault
	}{
		"none":         {"", nil, "[]"},
		"list":         {"webhooks: {allowed_networks: [10.1.2.3/16, 'fd00::/8'], allow_http: true}", nil, "[10.1.0.0/16 fd00::/8]"},
		"variable":     {"", []string{"SIHAI_WEBHOOKS_ALLOWED_NETWORKS=127.0.0.0/8, ::1/128"}, "[127.0.0.0/8 ::1/128]"},
		"no network":   {"webhooks: {allowed_networks: [inside]}", nil, `got "inside"`},
		"no list":      {"webhooks: {allowed_networks: 7}", nil, "got 7"},
		"a number":     {"webhooks: {allowed_networks: [7]}", nil, "got 7"},
		"no truth":     {"webhooks: {allow_http: perhaps}", nil, `expected true or false, got "perhaps"`},
		"other truths": {"", []string{"SIHAI_WEBHOOKS_ALLOW_HTTP=yes"}, `expected true or false, got "yes"`},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := configs.Load(configs.Sources{File: write(t, "a.yaml", c.body), Env: c.env})
			got := fmt.Sprint(o.Webhooks.AllowedNetworks)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestPartners(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"none":         {"", "[]"},
		"list":         {"partners: [stripe, WeChat Pay]", "[stripe WeChat Pay]"},
		"text":         {"partners: 'stripe, adyen'", "[stripe adyen]"},
		"a number":     {"partners: [stripe, 7]", "expected names such as [stripe, adyen], got 7"},
		"a group":      {"partners: {stripe: true}", "partners.stripe: is not a setting"},
		"twice":        {"partners: [stripe, stripe]", `partners: "stripe" is there twice`},
		"no name":      {"partners: [' ']", `" " is not a name`},
		"a long name":  {"partners: [" + strings.Repeat("x", 65) + "]", "is not a name"},
		"another line": {"partners: [\"a\\nb\"]", "is not a name"},
	} {
		o, err := configs.Load(configs.Sources{File: write(t, "a.yaml", c.body)})
		got := fmt.Sprint(o.Partners)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestAges(t *testing.T) {
	for text, want := range map[string]string{
		"7d": "168h0m0s", "36h": "36h0m0s", "0": "0s", "400d": "9600h0m0s",
		"-1h": "is not in", "7": "expected an age", "d": "expected an age", "99999999d": "expected an age", "60000d": "is not in", "soon": "expected an age",
	} {
		o, err := configs.Load(configs.Sources{Env: []string{"SIHAI_PRIVACY_POSITIONS=" + text}})
		got := o.Privacy.Positions.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
