package command_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

const reportVenue = `{"id":"v","name":{"en":"V"},"lat":25.78,"lon":-80.13,"category":"5812","currency":"USD","time_zone":"America/New_York"}`

const reportCampaigns = `{"id":"c","title":{"en":"Off"},"discount":{"type":"percent","percent":10},"venues":{"ids":["v"]},"status":"enabled"}
{"id":"closed","title":{"en":"Off"},"discount":{"type":"percent","percent":10},"venues":{"ids":["v"]},"flight":{"end":"2020-01-01"},"status":"enabled"}
`

// TestReportVerb asks for offers and reads what came of it, on a data folder, whose log is on disk when a verb has ended.
func TestReportVerb(t *testing.T) {
	p := place{args: []string{"--data", t.TempDir()}}
	files := t.TempDir()
	p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "version 1"})
	p.do(t, step{args: "import - --merchant sunny --kind venues --format ndjson", in: reportVenue + "\n", out: "1"})
	p.do(t, step{args: "import - --merchant sunny --kind campaigns --format ndjson", in: reportCampaigns, out: "2"})
	for range 3 {
		p.do(t, step{args: "decide --lat 25.78 --lon -80.13 --user u", out: "c@v"})
	}
	got := asJSON[wire.Report](t, p, "report --merchant sunny")
	if got.Total.Offered != 3 || len(got.Days) == 0 || len(got.Cells) != 1 || got.Languages[0].Key != "en" {
		t.Errorf("%+v", got)
	}
	if f := got.Funnel; f.Met != 6 || f.Offered != 3 || len(f.Against) != 1 || f.Against[0].Name != "not_in_flight" || f.Against[0].Count != 3 {
		t.Errorf("funnel %+v", f)
	}
	if one := asJSON[wire.Report](t, p, "report --merchant sunny --campaign closed"); one.Total.Offered != 0 || one.Funnel.Met != 3 {
		t.Errorf("%+v", one)
	}
	for _, s := range []step{
		{args: "report --merchant sunny", out: `(?s)merchant sunny.*TOTAL +OFFERED.*\n +3 +0 +0.*DAY.*FUNNEL.*met +6 +100\.0 %.*320 not_in_flight +3 +50\.0 %.*offered +3`},
		{args: "report --merchant sunny --from 2020-01-01 --until 2020-01-02", out: `(?s)met +0`},
		{args: "report --merchant sunny --from 2020-01-02 --until 2020-01-01", code: 1, err: `until`},
		{args: "report --merchant sunny --from yesterday", code: 1, err: `from`},
		{args: "report --merchant nobody", code: 1, err: `not found`},
		{args: "report --merchant sunny --campaign nothing", code: 1, err: `not found`},
		{args: "report", code: 2, err: `merchant`},
		{args: "report --merchant sunny --chart x.gif", code: 2, err: `\.svg`},
		{args: "forecast c --merchant sunny", code: 1, err: `too little|less than`},
		{args: "forecast c --merchant sunny --days 99", code: 1, err: `days`},
		{args: "forecast nothing --merchant sunny", code: 1, err: `not found`},
		{args: "forecast --merchant sunny", code: 2, err: `accepts 1 arg`},
	} {
		p.do(t, s)
	}
	rows, err := csv.NewReader(strings.NewReader(p.do(t, step{args: "report --merchant sunny --csv", out: "^by,key,offered"}).out)).ReadAll()
	if err != nil || rows[1][0] != "total" || rows[1][2] != "3" {
		t.Errorf("%v: %v", err, rows)
	}
	for name, magic := range map[string]string{"days.svg": "<?xml", "days.png": "\x89PNG"} {
		file := filepath.Join(files, name)
		p.do(t, step{args: "report --merchant sunny --chart " + file, out: "TOTAL"})
		if data, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(data, []byte(magic)) {
			t.Errorf("%s: %v, %.20q", name, err, data)
		}
	}
}
