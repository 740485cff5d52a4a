package command_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

const feedTemplate = `{"id": "c-{id}", "title": {"en": "10% off at {name}"}, "discount": {"type": "percent", "percent": 10}, "venues": {"ids": ["{id}"], "radius": 300}, "status": "enabled"}`

// The real venues of two states and of a city go in as feeds of merchants with a campaign each, out by export in each format, and in again: nothing changes.
// Nevada and Hawaii, 158,512 venues, are for SIHAI_LONG=1; Miami's 6,666 for every run.
func TestRealVenuesGoOutAndIn(t *testing.T) {
	feeds := map[string][]string{"miami": {"miami_food_venues.csv.gz", "--map address --set time_zone=America/New_York"}}
	if os.Getenv("SIHAI_LONG") == "1" {
		feeds["nevada"] = []string{"nevada_venues.csv.gz", "--set time_zone=America/Los_Angeles"}
		feeds["hawaii"] = []string{"hawaii_venues.csv.gz", "--set time_zone=Pacific/Honolulu"}
	}
	p := place{args: []string{"--data", t.TempDir()}}
	dir := t.TempDir()
	template := written(t, "template.json", feedTemplate)
	for merchant, feed := range feeds {
		file := filepath.Join(moduleRoot(t), "..", "shared", "data", feed[0])
		if _, err := os.Stat(file); err != nil {
			t.Skipf("SKIPPED, the real venues are not beside the checkout: %v", err)
		}
		p.do(t, step{args: "merchants put " + merchant + " --name en=" + merchant, out: "merchant"})
		first := "import " + file + " --merchant " + merchant + " --kind venues --map venue_id=id --map name --map lat --map lng=lon --set currency=USD " + feed[1] +
			" --campaign " + template
		reports := asJSON[[]wire.Import](t, p, first)
		rows := reports[0].Rows
		for _, r := range reports {
			if r.State != "done" || r.Rows != rows || rows < 6000 || r.Difference != (wire.Difference{Added: rows}) {
				t.Fatalf("%s: not all went in: %+v", merchant, r)
			}
		}
		t.Logf("%s: %d venues with a campaign each", merchant, rows)
		for _, r := range asJSON[[]wire.Import](t, p, first+" --prune") {
			if r.Difference != (wire.Difference{Same: rows}) {
				t.Errorf("%s, the same feed: %+v", merchant, r.Difference)
			}
		}
		for _, format := range wire.Formats() {
			for _, kind := range []string{"venues", "campaigns"} {
				out := filepath.Join(dir, fmt.Sprintf("%s-%s.%s", merchant, kind, format))
				p.do(t, step{args: "export --merchant " + merchant + " --kind " + kind + " --out " + out})
				if r := asJSON[wire.Import](t, p, "import "+out+" --merchant "+merchant+" --kind "+kind+" --prune"); r.State != "done" || r.Difference != (wire.Difference{Same: rows}) {
					t.Errorf("%s %s as %s again: %+v", merchant, kind, format, r)
				}
			}
		}
	}
}
