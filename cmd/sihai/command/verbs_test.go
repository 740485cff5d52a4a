package command_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/cmd/sihai/command"
	"github.com/sihai-network/sihai/engine/wire"
)

// place is where verbs work: a data folder, or a running server.
type place struct {
	env, args []string
}

// onBothPlaces runs a trial on a data folder and on a server: each verb does the same on both.
func onBothPlaces(t *testing.T, trial func(t *testing.T, p place)) {
	t.Run("data folder", func(t *testing.T) {
		trial(t, place{args: []string{"--data", t.TempDir()}})
	})
	t.Run("server", func(t *testing.T) {
		trial(t, place{env: serving(t, t.TempDir()).env()})
	})
}

// step is a run of the program and what it has to give: patterns that out and err must match, and one that neither may.
type step struct {
	args     string // split at blanks
	in       string
	code     int
	out, err string
	not      string
}

func (p place) do(t *testing.T, s step) result {
	t.Helper()
	got := p.run(t, s.in, strings.Fields(s.args)...)
	if got.code != s.code || !regexp.MustCompile(s.out).MatchString(got.out) || !regexp.MustCompile(s.err).MatchString(got.err) {
		t.Errorf("sihai %s: code %d, want %d\nprinted, want %q:\n%s\ntold, want %q:\n%s", s.args, got.code, s.code, s.out, got.out, s.err, got.err)
	}
	if s.err == "" && got.err != "" {
		t.Errorf("sihai %s tells %q", s.args, got.err)
	}
	if s.not != "" && strings.Contains(got.out+got.err, s.not) {
		t.Errorf("sihai %s tells %q:\n%s%s", s.args, s.not, got.out, got.err)
	}
	return got
}

// run runs a verb on the place.
func (p place) run(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), append(args, p.args...), command.Environment{
		In: strings.NewReader(in), Out: &out, Err: &errs, Env: p.env, Now: time.Now, Random: rand.Reader,
	})
	return result{code, out.String(), errs.String()}
}

// asJSON runs a verb with --output json and decodes what it prints.
func asJSON[T any](t *testing.T, p place, args string) (value T) {
	t.Helper()
	got := p.run(t, "", append(strings.Fields(args), "--output", "json")...)
	if err := json.Unmarshal([]byte(got.out), &value); err != nil || got.code != 0 {
		t.Fatalf("sihai %s --output json: code %d, %v\n%s%s", args, got.code, err, got.out, got.err)
	}
	return value
}

func TestMerchantsVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		for _, s := range []step{
			{args: "merchants", out: `(?s)Available Commands.*list.*put`},
			{args: "merchants put sunny --name en=Sunny,zh-Hans=阳光", out: `^merchant sunny, version 1\n$`},
			{args: "merchants put sunny --name en=Sunny", out: `^merchant sunny, version 2\n$`},
			{args: "merchants put moony --name zh-Hans=月亮", out: `^merchant moony, version 1\n$`},
			{args: "merchants list", out: `(?s)^MERCHANT +NAME\n─+\nmoony +月亮\nsunny +Sunny\n$`},
			{args: "merchants put no.name", code: 1, err: `name: is missing`},
			{args: "merchants put .hidden --name en=X", code: 1, err: `\n  id: `},
			{args: "merchants put sunny --name nothing", code: 2, err: `nothing must be formatted as key=value(?s).*usage`},
			{args: "merchants put", code: 2, err: `accepts 1 arg\(s\), received 0\nRun 'sihai merchants put --help' for usage`},
			{args: "merchants list sunny", code: 2, err: `unknown command "sunny"`},
		} {
			p.do(t, s)
		}
		if m := asJSON[wire.Merchant](t, p, "merchants put sunny --name en=Sunny"); m.ID != "sunny" || m.Version != 3 || m.Name["en"] != "Sunny" {
			t.Errorf("put as JSON: %+v", m)
		}
		if l := asJSON[[]wire.Merchant](t, p, "merchants list"); len(l) != 2 || l[0].ID != "moony" || l[1].ID != "sunny" {
			t.Errorf("list as JSON: %+v", l)
		}
	})
}

func TestKeysVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"})
		secret := strings.TrimSpace(p.do(t, step{args: "keys create --role merchant --merchant sunny --note till", out: `^\S{32,}\n$`}).out)
		k := asJSON[wire.Key](t, p, "keys create --role app --note phone")
		if k.ID == "" || k.Role != "app" || len(k.Secret) < 32 || k.Note != "phone" {
			t.Errorf("created as JSON: %+v", k)
		}
		for _, s := range []step{
			{args: "keys", out: `(?s)Available Commands.*create.*list.*revoke`},
			{args: "keys list", out: `(?s)^KEY +ROLE +MERCHANT +CREATED +REVOKED +NOTE\n─.*merchant +sunny +20\S+Z +till\n`, not: secret},
			{args: "keys list --output json", out: `"note": "till"`, not: secret},
			{args: "keys list --output json", out: `"note": "phone"`, not: k.Secret},
			{args: "keys revoke " + k.ID, out: `^revoked ` + k.ID + ` at 20\S+Z\n$`},
			{args: "keys list", out: k.ID + ` +app +20\S+Z +20\S+Z +phone`},
			{args: "keys revoke nobodys", code: 1, err: `not found`},
			{args: "keys revoke", code: 2, err: `accepts 1 arg`},
			{args: "keys create", code: 2, err: `required flag\(s\) "role" not set`},
			{args: "keys create --role boss", code: 1, err: `\n  role: `},
			{args: "keys create --role merchant", code: 1, err: `\n  merchant_id: `},
			{args: "keys create --role merchant --merchant nobody", code: 1, err: `nobody|not found`},
		} {
			p.do(t, s)
		}
		for _, listed := range asJSON[[]wire.Key](t, p, "keys list") {
			if (listed.ID == k.ID) != (listed.RevokedAt != "") || listed.Secret != "" {
				t.Errorf("listed as JSON: %+v", listed)
			}
		}
	})
}

func TestRatesVerb(t *testing.T) {
	const days = "Date,USD,CNY,\n2026-11-20,1.1,8.0,\n2026-11-19,1.2,N/A,\n"
	onBothPlaces(t, func(t *testing.T, p place) {
		for _, s := range []step{
			{args: "rates show", out: `^no reference rates`},
			{args: "rates load " + written(t, "rates.csv", days), out: `^2 days of reference rates, 2026-11-19 to 2026-11-20; 2 changed\n$`},
			{args: "rates load " + written(t, "rates.csv.gz", gzipped(t, days)), out: `; 0 changed\n$`},
			{args: "rates load -", in: "Date,USD,\n2026-11-18,1.3,\n", out: `^3 days of reference rates, 2026-11-18 to 2026-11-20; 1 changed\n$`},
			{args: "rates load " + written(t, "bad.csv", "Date,USD,\n2026-11-18,1.3,\n2026-11-17,cheap,\n20261116,1,\n"), code: 1, err: `(?s)rows\[3\]\.USD: .*rows\[4\]\.Date: `},
			{args: "rates load " + t.TempDir() + "/none.csv", code: 1, err: `no such file`},
			{args: "rates show", out: `^3 days of reference rates, 2026-11-18 to 2026-11-20`},
			{args: "rates load", code: 2, err: `accepts 1 arg`},
		} {
			p.do(t, s)
		}
		if s := asJSON[wire.RatesStatus](t, p, "rates show"); s.Days != 3 || s.First != "2026-11-18" || s.Last != "2026-11-20" {
			t.Errorf("show as JSON: %+v", s)
		}
	})
}

func TestImportVerb(t *testing.T) {
	const foreign = "code,label,lat,lng,seats\na,Ocean Café,25.7801,-80.1300,5\nb,\"Bay, the\",25.7783,-80.1866,6\n"
	const fences = `{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "beach", "title": {"en": "Beach"}, "status": "enabled",
		"discount": {"type": "percent", "percent": 5}, "venues": {"ids": ["a"]}},
		"geometry": {"type": "Polygon", "coordinates": [[[-80.14, 25.77], [-80.12, 25.77], [-80.12, 25.79], [-80.14, 25.79], [-80.14, 25.77]]]}}]}`
	const campaign = `{"id": "ten-{id}", "title": {"en": "10% off at {name.en}"}, "discount": {"type": "percent", "percent": 10}, "venues": {"ids": ["{id}"], "radius": 200}, "status": "enabled"}`
	const faulty = "id,name.en,lat,lon,time_zone\nc,Cove,25.7,-80.1,UTC\nd,,125.7,-80.1,UTC\nc,Cove,25.7,-80.1,UTC\ne,Edge,25.7,east,UTC\n"
	header := `^KIND +STATE +ROWS +ACCEPTED +REJECTED +ADDED +CHANGED +SAME +ENDED\n─+\n`
	mapped := "--merchant sunny --kind venues --map code=id --map label=name.en --map lat --map lng=lon --set category=5812 --set time_zone=America/New_York"
	onBothPlaces(t, func(t *testing.T, p place) {
		venues := written(t, "venues.csv", foreign)
		bad := written(t, "bad.csv", faulty)
		for _, s := range []step{
			{args: "import " + venues + " --merchant sunny --kind venues", code: 1, err: `there is no merchant sunny`},
			{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"},
			{args: "import " + venues + " " + mapped + " --dry-run", out: header + `venues +dry run +2 +2 +0 +2 +0 +0 +0\n\nROW +ID +CHANGE .*\n─+\n +2 +a +added\n +3 +b +added\n$`},
			{args: "import " + written(t, "venues.csv.gz", gzipped(t, foreign)) + " " + mapped, out: header + `venues +done +2 +2 +0 +2 +0 +0 +0\n$`},
			{args: "import " + venues + " " + mapped + " --campaign " + written(t, "ten.json", campaign),
				out: header + `venues +done +2 +2 +0 +0 +0 +2 +0\ncampaigns +done +2 +2 +0 +2 +0 +0 +0\n$`},
			{args: "import " + written(t, "fences.geojson", fences) + " --merchant sunny", out: header + `campaigns +done +1 +1 +0 +1 +0 +0 +0\n$`},
			{args: "import - --format ndjson --kind venues --merchant sunny", in: `{"id": "f", "name": {"en": "Far"}, "lat": 1, "lon": 1, "time_zone": "UTC"}` + "\n",
				out: header + `venues +done +1 +1 +0 +1 +0 +0 +0\n$`},
			{args: "import " + venues + " --merchant sunny --kind venues", code: 1, out: `\n +1 +code +unknown_field +`, err: `nothing was changed`},
			{args: "import " + bad + " --merchant sunny --kind venues", code: 1, err: `^sihai: nothing was changed\n$`,
				out: header + `venues +failed +4 +1 +3 .*\n\nROW +COLUMN +CODE +VALUE +FAULT\n─+\n +3 +lat +out_of_range .*\n +3 +name\.en +required .*\n +4 +id +duplicate .*\n +5 +lon +wrong_type +east .*\n$`},
			{args: "import " + bad + " --merchant sunny --kind venues --partial", out: header + `venues +done +4 +1 +3 +1 +0 +0 +0\n\nROW `},
			{args: "import " + written(t, "rows.txt", "") + " --merchant sunny", code: 2, err: `--format is needed`},
			{args: "import " + venues + " --merchant sunny --format xml", code: 1, err: `format`},
			{args: "import " + venues + " --merchant sunny --map code", code: 1, err: `.`},
			{args: "import " + written(t, "fences.geojson", fences) + " --merchant sunny --set chain=x", code: 2, err: `are for CSV files`},
			{args: "import " + venues + " --merchant sunny --kind venues --map nothing=id", code: 1, err: `no column "nothing"; there are code, label, lat, lng, seats`},
			{args: "import " + venues + " " + mapped + " --campaign " + written(t, "broken.json", `{"id": "{code}"}`), code: 1, out: `venues +done`, err: `no column for \{code\}; there are id, name\.en`},
			{args: "import " + venues + " --merchant sunny --campaign x.json", code: 2, err: `--kind venues`},
			{args: "import " + t.TempDir() + "/none.csv --merchant sunny", code: 1, err: `no such file`},
			{args: "import", code: 2, err: `accepts 1 arg`},
		} {
			p.do(t, s)
		}
		if r := asJSON[[]wire.Import](t, p, "import "+venues+" "+mapped+" --dry-run --campaign "+written(t, "ten.json", campaign)); len(r) != 2 ||
			r[0].Kind != "venues" || r[0].Difference.Same != 2 || r[1].Kind != "campaigns" || !r[1].DryRun || r[1].Difference.Same != 2 {
			t.Errorf("import as JSON: %+v", r)
		}
		if r := asJSON[wire.Import](t, p, "import "+bad+" --merchant sunny --kind venues --partial"); len(r.Faults) != 4 || r.Faults[1].Row != 3 || r.Faults[1].Column != "name.en" {
			t.Errorf("faults as JSON: %+v", r)
		}
	})
}

func TestDecideVerb(t *testing.T) {
	const rows = `{"id": "ten", "title": {"en": "10% off", "zh-Hans": "九折"}, "discount": {"type": "percent", "percent": 10}, "venues": {"ids": ["a"], "radius": 200}, "status": "enabled"}
{"id": "draft", "title": {"en": "Not yet"}, "discount": {"type": "percent", "percent": 20}, "venues": {"ids": ["a"], "radius": 200}}
{"id": "autumn", "title": {"en": "Autumn"}, "discount": {"type": "percent", "percent": 20}, "venues": {"ids": ["a"], "radius": 200}, "status": "enabled", "flight": {"end": "2026-10-01"}}
`
	const venue = `{"id": "a", "name": {"en": "Ocean Café"}, "lat": 25.78, "lon": -80.13, "category": "5812", "currency": "USD", "time_zone": "America/New_York", "typical_spend": {"amount": 4000, "currency": "USD"}}`
	const there = "decide --lat 25.7801 --lon -80.13 --at 2026-11-27T12:00:00-05:00"
	onBothPlaces(t, func(t *testing.T, p place) {
		for _, s := range []step{
			{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"},
			{args: "import - --format ndjson --kind venues --merchant sunny", in: venue, out: "done"},
			{args: "import - --format ndjson --merchant sunny", in: rows, out: "done"},
			{args: there + " --languages zh-Hans,en", out: `(?s)^# +OFFER +TITLE +VENUE +METRES +SAVING +INSIDE +SCORE\n─+\n1 +ten@a +九折 +Ocean Café +11 +4\.00 USD +1\.00 +0\.\d{4}\n\ndecision \S+ at 2026-11-27T12:00:00-05:00, catalog \d+, profile default/1\n$`, not: "REJECTED"},
			{args: there + " --explain full --purchase 10000 --purchase-currency USD",
				out: `(?s)10\.00 USD.*REJECTED +WHY\n─+\nautumn@a +320 not_in_flight: ended .*\ndraft@a +370 not_enabled: `},
			{args: "decide --lat 10 --lon 10 --placement shelf", out: `^shelf: no offer holds here now\n`},
			{args: "decide --explain full", out: `(?s)no offer holds here now.*ten@a +311 location_missing`},
			{args: there + " --categories 7991 --explain full", out: `ten@a +360 category_excluded`},
			{args: "decide --lat 25.78", code: 2, err: `--lat and --lon go together`},
			{args: "decide --lat north --lon 1", code: 2, err: `invalid argument "north"`},
			{args: "decide --lat 91 --lon 1 --count 0 --home-country China --at noon", code: 1, err: `(?s)location\.lat: .*placements\[0\]\.count: `},
			{args: "decide --lat 91 --lon 1 --count 0 --home-country China --at noon", code: 1, err: `(?s)user\.home_country: .*time: |time: .*user\.home_country: `},
			{args: there + " --explain loud", code: 1, err: `explain: `},
		} {
			p.do(t, s)
		}
		d := asJSON[wire.Decision](t, p, there+" --explain full --radius 500")
		if len(d.Placements) != 1 || len(d.Placements[0].Offers) != 1 || len(d.Placements[0].Rejected) != 2 {
			t.Fatalf("decide as JSON: %+v", d)
		}
		o := d.Placements[0].Offers[0]
		if o.OfferID != "ten@a" || o.Explanation == nil || o.Explanation.Value != o.Score || len(o.Explanation.Children) == 0 {
			t.Errorf("not explained: %+v", o)
		}
	})
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
