package command_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// Templates go in as they are, what is exported in any format goes in again and changes nothing, and a full feed ends what it does not name.
func TestExportVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		dir := t.TempDir()
		p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"})
		for _, format := range wire.Formats() {
			for _, kind := range []string{"venues", "campaigns"} {
				file := written(t, "template."+format, p.do(t, step{args: "import --template --kind " + kind + " --format " + format}).out)
				if r := asJSON[wire.Import](t, p, "import "+file+" --merchant sunny --kind "+kind); r.State != "done" || r.Accepted != 1 {
					t.Errorf("template of %s as %s: %+v", kind, format, r)
				}
			}
		}
		more := `{"id": "beach", "title": {"en": "Beach | \"sun\""}, "description": {"en": "two\r\nlines"}, "discount": {"type": "percent", "percent": 5}, "venues": {"ids": ["v-1"]}, "status": "enabled",
			"geofences": [{"geojson": {"type": "Polygon", "coordinates": [[[-80.14, 25.77], [-80.12, 25.77], [-80.12, 25.79], [-80.14, 25.77]]]}}, {"circle": {"lat": 25.7, "lon": -80.1, "radius": 5}}]}`
		p.do(t, step{args: "import - --format ndjson --merchant sunny", in: strings.ReplaceAll(more, "\n", "") + "\n", out: "done"})
		for _, format := range wire.Formats() {
			for kind, n := range map[string]int{"venues": 1, "campaigns": 2} {
				file := filepath.Join(dir, kind+"."+format)
				p.do(t, step{args: "export --merchant sunny --kind " + kind + " --out " + file})
				r := asJSON[wire.Import](t, p, "import "+file+" --merchant sunny --prune --kind "+kind)
				if r.State != "done" || r.Rows != n || r.Difference != (wire.Difference{Same: n}) {
					t.Errorf("%s again as %s: %+v", kind, format, r)
				}
			}
		}
		bad, faults := written(t, "bad.csv", "id,title,discount.type,discount.percent,venues.ids\nx,X,percent,\"=1,5\",v-9\n"), filepath.Join(dir, "faults.csv")
		p.do(t, step{args: "import " + bad + " --merchant sunny --dry-run --faults " + faults, out: "dry run"})
		data, err := os.ReadFile(faults)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
		if err != nil || len(records) != 3 || records[1][1] != "discount.percent" || records[1][3] != "'=1,5" || records[2][2] != "unknown_venue" || records[2][3] != "v-9" {
			t.Errorf("%v, %q", err, records)
		}
		one := written(t, "one.csv", "id,title,discount.type,discount.percent,venues.ids\nbeach,Sun,percent,5,v-1\n")
		p.do(t, step{args: "import " + one + " --merchant sunny --prune", code: 1, out: `does not name 1 of 2 campaigns`, err: `nothing was changed`})
		p.do(t, step{args: "import " + one + " --merchant sunny --prune --prune-share 0.5 --dry-run", out: `0 +lincoln-15 +ended`})
		p.do(t, step{args: "import " + one + " --merchant sunny --prune --prune-share 0.5", out: `campaigns +done +1 +1 +0 +0 +1 +0 +1\n`})
		for args, message := range map[string]string{
			"export --merchant sunny --format xml": "--format is one of", "import --template --kind shops": "--kind is venues or campaigns", "import --template x.csv": "unknown command",
			"import " + one + " --merchant sunny --no-wait": "--no-wait is for --async",
		} {
			p.do(t, step{args: args, code: 2, err: message})
		}
	})
}

// A server reads a file behind its answer, and the command waits for that, unless it is told not to; without a server it has to read the file itself.
func TestAsyncImportVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"})
		file := written(t, "venues.csv", "id,name,lat,lon,time_zone\nv-1,One,25.79,-80.13,UTC\n")
		if len(p.args) > 0 {
			p.do(t, step{args: "import " + file + " --merchant sunny --kind venues --async", code: 2, err: "--async is for a running server"})
			return
		}
		p.do(t, step{args: "import " + file + " --merchant sunny --kind venues --async", out: `venues +done +1 +1 +0 +1 +0 +0 +0\n$`})
		p.do(t, step{args: "import " + file + " --merchant sunny --kind venues --async --no-wait", out: `is read by the server`})
		bad := written(t, "bad.csv", "id,name,lat,lon\nv-2,Two,125.79,-80.13\n")
		p.do(t, step{args: "import " + bad + " --merchant sunny --kind venues --async", code: 1, out: `2 +lat +out_of_range +125\.79`, err: "nothing was changed"})
	})
}
