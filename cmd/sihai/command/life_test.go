package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// TestLifeFromTheCommandLine leads a campaign through its life on a data folder and on a server.
func TestLifeFromTheCommandLine(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		const venue = `{"id":"v","name":{"en":"V"},"lat":25.79,"lon":-80.13,"time_zone":"UTC","currency":"USD"}`
		campaign := func(percent string) string {
			return `{"id":"c","title":{"en":"Sale"},"discount":{"type":"percent","percent":` + percent + `},"venues":{"ids":["v"]},"status":"draft"}`
		}
		file := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(file, []byte(campaign("30")), 0o600); err != nil {
			t.Fatal(err)
		}
		p.do(t, step{args: "merchants put m --name en=M --approval second_key", out: `merchant m, version 1`})
		p.do(t, step{args: "merchants put m --name en=N", out: `merchant m, version 2`})
		p.do(t, step{args: "import - --merchant m --kind venues --format ndjson", in: venue, out: `1`})
		p.do(t, step{args: "import - --merchant m --format ndjson", in: campaign("10"), out: `1`})
		p.do(t, step{args: "import - --merchant m --format ndjson", in: campaign("20"), out: `1`})
		p.do(t, step{args: "campaigns list --merchant m", out: `(?m)^c +Sale +draft +2 `})
		p.do(t, step{args: "campaigns revisions c --merchant m", out: `discount\.percent: 10 → 20`})
		p.do(t, step{args: "campaigns restore c 1 --merchant m", out: `campaign c, version 3, draft`})
		p.do(t, step{args: "campaigns restore c none --merchant m", code: 2, err: `no version`})
		p.do(t, step{args: "campaigns enable c --merchant m", out: `campaign c, version 4, running`})
		p.do(t, step{args: "campaigns show c --merchant m", out: `"state": "running"`})
		p.do(t, step{args: "changes stage c --merchant m --at 2099-01-01T00:00:00Z", code: 2, err: `either --file or --status`})
		p.do(t, step{args: "changes stage c --merchant m --at 2001-01-01T00:00:00Z --status disabled", code: 1, err: `the moment has passed`})
		var made wire.Change
		got := p.do(t, step{args: "changes stage c --merchant m --at 2030-01-01T00:00:00Z --output json --file " + file, out: `"state": "scheduled"`})
		if err := json.Unmarshal([]byte(got.out), &made); err != nil {
			t.Fatal(err)
		}
		p.do(t, step{args: "changes show --merchant m " + made.ID, out: `scheduled, live at 2030-01-01T00:00:00Z\n.*discount\.percent: 10 → 30`})
		p.do(t, step{args: "changes list --merchant m --state scheduled --campaign c", out: made.ID + ` +c +scheduled`})
		p.do(t, step{args: "changes approve --merchant m " + made.ID, code: 1, err: `settled`})
		p.do(t, step{args: "changes cancel --merchant m --note no " + made.ID, out: `: cancelled`})
		p.do(t, step{args: "changes list --merchant m --state pending", out: `CHANGE`, not: made.ID})
		p.do(t, step{args: "campaigns archive c --merchant m", out: `version 5, archived`})
		p.do(t, step{args: "audit --merchant m", out: `(?s)archived +campaign +c +4 → 5.*cancelled +change.*staged +change.*enabled +campaign +c +3 → 4.*restored +campaign +c +2 → 3 +version 1.*created +merchant +m +1`})
		p.do(t, step{args: "audit --merchant m --limit 2 --output json", out: `(?s)^\[.*"action": "archived".*"action": "cancelled".*\]\s*$`, not: `"action": "staged"`})
		p.do(t, step{args: "audit", out: `activated +profile`})
		p.do(t, step{args: "audit --limit 0", code: 2, err: `below 1`})
		p.do(t, step{args: "merchants list --output json", out: `"approval": "second_key"`})
	})
}
