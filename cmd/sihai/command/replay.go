package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
)

// maxNamed bounds the decisions that a replay of many names.
const maxNamed = 20

// replayFlags are the flags of replay.
type replayFlags struct {
	profile     wire.ReplayProfile
	from, until string
}

func (r *runner) replay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [DECISION…]",
		Short: "Make recorded decisions again as things were, under their own profile or another",
		Long: "With IDs, says of each whether it comes out the same, and which offers moved. Without, goes through the log of a data folder, from one version of the\n" +
			"catalog to the next, and counts; it holds a second catalog in memory meanwhile. Ends with 1 where one under its own profile comes out otherwise.",
		Example: "  sihai replay 01a2… --profile mine --server http://localhost:8080\n  sihai replay --data shop --from 2026-11-01T00:00:00Z",
		RunE: r.on(func(cmd *cobra.Command, ids []string, t *target) error {
			if f.profile.Name == "" && f.profile.Version > 0 {
				return usagef("--version is of a --profile")
			}
			if len(ids) > 0 {
				return r.replayEach(cmd.Context(), t, ids, &f)
			}
			return r.replayLog(cmd.Context(), t, &f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.profile.Name, "profile", "", "decide under this scoring profile (default: that of then)")
	flags.Uint64Var(&f.profile.Version, "version", 0, "of the profile (default: the newest)")
	flags.StringVar(&f.from, "from", "", "first moment of the log, RFC 3339 (default: its beginning)")
	flags.StringVar(&f.until, "until", "", "moment before which it ends, RFC 3339 (default: its end)")
	return cmd
}

// errOtherwise ends a replay that found a decision which comes out otherwise than it was.
var errOtherwise = errors.New("not all decisions come out as they were")

// replayEach asks for decisions one by one.
func (r *runner) replayEach(ctx context.Context, t *target, ids []string, f *replayFlags) error {
	var profile *wire.ReplayProfile
	if f.profile.Name != "" {
		profile = &f.profile
	}
	all := make([]wire.Replay, 0, len(ids))
	same := true
	for _, id := range ids {
		got, err := t.Replay(ctx, id, profile)
		if err != nil {
			return err
		}
		all, same = append(all, got), same && got.Same
	}
	if err := r.printReplays(all); err != nil {
		return err
	}
	if !same && profile == nil {
		return errOtherwise
	}
	return nil
}

// printReplays tells of each decision whether it is the same, and of what moved.
func (r *runner) printReplays(all []wire.Replay) error {
	if r.flags.output == "json" {
		return r.printJSON(all)
	}
	var rows [][]string
	for i := range all {
		d := &all[i]
		profile := d.Decision.ScoringProfile.Name + " " + strconv.FormatUint(d.Decision.ScoringProfile.Version, 10)
		if len(d.Moved) == 0 {
			rows = append(rows, []string{d.Decision.DecisionID, profile, yes(d.Same), "", "", "", ""})
		}
		for _, m := range d.Moved {
			rows = append(rows, []string{d.Decision.DecisionID, profile, yes(d.Same), m.Placement, m.OfferID, positionOf(m.Before), positionOf(m.After)})
		}
	}
	return r.printTable([]string{"DECISION", "PROFILE", "SAME", "PLACEMENT", "OFFER", "WAS>", "IS>"}, rows)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// positionOf writes a position, "-" where an offer is not there.
func positionOf(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// replayed counts decisions that were made again.
type replayed struct {
	Decisions uint64   `json:"decisions"`
	Same      uint64   `json:"same"`
	First     uint64   `json:"other_first"` // with another first offer in a placement
	Came      uint64   `json:"offers_came"`
	Went      uint64   `json:"offers_went"`
	Unknown   uint64   `json:"unknown"`   // rest on what is not known any more
	Otherwise []string `json:"otherwise"` // the first that are not the same
}

// replayLog makes the decisions of a data folder's log again, in its order.
func (r *runner) replayLog(ctx context.Context, t *target, f *replayFlags) error {
	if t.app == nil {
		return usagef("a log is replayed on a data folder (--data); a server replays decisions by their IDs")
	}
	span, err := f.span()
	if err != nil {
		return err
	}
	var profile *scoring.Profile
	if f.profile.Name != "" {
		p, err := t.app.store.Profile(ctx, f.profile.Name, f.profile.Version)
		if err != nil {
			return err
		}
		profile = &p
	}
	replayer, err := t.app.replays()
	if err != nil {
		return err
	}
	total, err := t.app.store.DecisionsIn(ctx, span)
	if err != nil {
		return err
	}
	step, end := r.steps(int(total), "replay")
	defer end()
	var n replayed
	err = t.app.store.ScanDecisions(ctx, span, engine.AllParts, "", func(was *engine.Decision) error {
		is, err := replayer.Replay(ctx, was, profile)
		if errors.Is(err, engine.ErrNotFound) || errors.Is(err, engine.ErrForgotten) {
			n.Decisions, n.Unknown = n.Decisions+1, n.Unknown+1
			return nil
		}
		if err != nil {
			return err
		}
		n.add(was, is)
		step(int(n.Decisions))
		return nil
	})
	end()
	if err != nil {
		return err
	}
	if err := r.printReplayed(&n); err != nil {
		return err
	}
	if profile == nil && n.Same+n.Unknown < n.Decisions {
		return errOtherwise
	}
	return nil
}

// span reads the moments between which the log is replayed.
func (f *replayFlags) span() (s engine.LogSpan, err error) {
	for _, at := range []struct {
		name, text string
		to         *time.Time
	}{{"from", f.from, &s.From}, {"until", f.until, &s.Until}} {
		if at.text == "" {
			continue
		}
		if *at.to, err = time.Parse(time.RFC3339, at.text); err != nil {
			return s, usagef("--%s: %q is no time such as 2026-11-01T00:00:00Z", at.name, at.text)
		}
	}
	return s, nil
}

// add counts a decision.
func (n *replayed) add(was, is *engine.Decision) {
	n.Decisions++
	if wire.SameDecision(was, is) {
		n.Same++
		return
	}
	if len(n.Otherwise) < maxNamed {
		n.Otherwise = append(n.Otherwise, was.ID)
	}
	first := false
	for i := range was.Placements {
		before, after := was.Placements[i].Offers, is.Placements[i].Offers
		first = first || len(before) > 0 && len(after) > 0 && before[0].ID != after[0].ID
	}
	if first {
		n.First++
	}
	for _, m := range wire.MovedOffers(was, is) {
		switch {
		case m.Before == 0:
			n.Came++
		case m.After == 0:
			n.Went++
		}
	}
}

func (r *runner) printReplayed(n *replayed) error {
	if r.flags.output == "json" {
		return r.printJSON(n)
	}
	rows := [][]string{
		{"decisions", strconv.FormatUint(n.Decisions, 10)}, {"the same", strconv.FormatUint(n.Same, 10)}, {"with another first offer", strconv.FormatUint(n.First, 10)},
		{"offers that came", strconv.FormatUint(n.Came, 10)}, {"offers that went", strconv.FormatUint(n.Went, 10)},
		{"rest on what is not known any more", strconv.FormatUint(n.Unknown, 10)},
	}
	if err := r.printTable([]string{"REPLAYED", "COUNT>"}, rows); err != nil {
		return err
	}
	for _, id := range n.Otherwise {
		if err := r.print("otherwise: %s", id); err != nil {
			return err
		}
	}
	if len(n.Otherwise) == maxNamed {
		return r.print("%s", fmt.Sprintf("and others: the first %d are named", maxNamed))
	}
	return nil
}
