package command_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestExperimentsVerb makes, starts, looks at and stops an experiment on a data folder and on a server.
func TestExperimentsVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		file := filepath.Join(t.TempDir(), "e.json")
		const experiment = `{"id":"nearer","arms":[{"name":"control","profile":{"name":"default"},"share":0.5},{"name":"other","profile":{"name":"default"},"share":0.5}],
			"primary":{"metric":"tap_rate","effect":0.01},"guards":[{"metric":"redeemed_money","currency":"USD","harm":5}]}`
		if err := os.WriteFile(file, []byte(experiment), 0o600); err != nil {
			t.Fatal(err)
		}
		p.do(t, step{args: "experiments results nearer", code: 1, err: `not found`})
		p.do(t, step{args: "experiments create " + file, out: `experiment nearer: draft`})
		p.do(t, step{args: "experiments create " + file, code: 1, err: `already exists`})
		p.do(t, step{args: "experiments start nearer", out: `experiment nearer: running, from 2`})
		p.do(t, step{args: "experiments list", out: `(?m)^nearer +running +2 +tap_rate +2`})
		p.do(t, step{args: "experiments results nearer", out: `(?s)nearer: running.*control +default 1 +0\.5 +0.*other +redeemed_money USD +guard +- +5 +early`})
		p.do(t, step{args: "experiments results nearer --output json", out: `"verdict": "early"`})
		p.do(t, step{args: "experiments stop nearer --reason enough", out: `experiment nearer: stopped, from .*: enough`})
		p.do(t, step{args: "experiments list --output json", out: `"state": "stopped"`})
		p.do(t, step{args: "experiments start nearer", code: 1, err: `ended`})
	})
}
