package command_test

import (
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// TestReplayVerb decides between changes of a campaign, and makes all of it again: by the log, by IDs, and under other weights.
func TestReplayVerb(t *testing.T) {
	p := place{args: []string{"--data", t.TempDir()}}
	p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "version 1"})
	p.do(t, step{args: "import - --merchant sunny --kind venues --format ndjson", in: reportVenue + "\n", out: "1"})
	var first string
	for i, percent := range []string{"10", "30", "20"} {
		rows := strings.ReplaceAll(reportCampaigns, `"percent":10`, `"percent":`+percent) + strings.Replace(strings.Split(reportCampaigns, "\n")[0], `"id":"c"`, `"id":"other"`, 1) + "\n"
		p.do(t, step{args: "import - --merchant sunny --kind campaigns --format ndjson", in: rows, out: "."})
		for range 2 {
			d := asJSON[wire.Decision](t, p, "decide --lat 25.78 --lon -80.13 --user u --explain "+[]string{"full", "none", "none"}[i])
			if first == "" {
				first = d.DecisionID
			}
		}
	}
	type counts struct {
		Decisions, Same, Unknown uint64
		Otherwise                []string
	}
	if n := asJSON[counts](t, p, "replay"); n.Decisions != 6 || n.Same != 6 || n.Unknown != 0 || len(n.Otherwise) > 0 {
		t.Errorf("%+v", n)
	}
	if n := asJSON[counts](t, p, "replay --until 2020-01-01T00:00:00Z"); n.Decisions != 0 {
		t.Errorf("%+v", n)
	}
	one := asJSON[[]wire.Replay](t, p, "replay "+first)
	if len(one) != 1 || !one[0].Same || len(one[0].Moved) != 0 || *one[0].Decision.Placements[0].Offers[0].Discount.Percent != 10 {
		t.Errorf("%+v", one)
	}
	for _, s := range []step{
		{args: "replay", out: `(?s)decisions +6.*the same +6`},
		{args: "replay " + first, out: "(?s)DECISION.*" + first + " +default 1 +yes"},
		{args: "replay nothing", code: 1, err: "not found"},
		{args: "replay --version 2", code: 2, err: "--profile"},
		{args: "replay --profile nobody", code: 1, err: "not found"},
		{args: "replay --from yesterday", code: 2, err: "--from"},
	} {
		p.do(t, s)
	}
}
