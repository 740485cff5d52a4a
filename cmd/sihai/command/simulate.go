package command

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/wire"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	weights weightFlags
	request wire.SimulationRequest
}

func (r *runner) simulate() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --stored NAME",
		Short: "What a profile would change in the last decisions",
		Long: "Makes the last logged decisions again as things were then, under a profile that is stored, in a file, or told as weights, and says how many lists would change, which\n" +
			"campaigns and merchants would be shown more and less, and how far offers would move. Nothing is kept.",
		Example: "  sihai simulate --data shop --stored tuned --last 5000\n  sihai simulate --profile mine.json --server http://localhost:8080",
		Args:    cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) (err error) {
			if !f.weights.given() {
				return usagef("say --stored, --profile or --weights")
			}
			if err := f.weights.check(); err != nil {
				return err
			}
			if f.request.Profile, err = f.weights.asked(); err != nil {
				return err
			}
			t, err := r.open(cmd.Context())
			if err != nil {
				return err
			}
			got, err := t.Simulate(cmd.Context(), f.request)
			if err = errors.Join(err, t.close()); err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(got)
			}
			return r.printSimulation(&got)
		}),
	}
	f.weights.add(cmd)
	_ = cmd.Flags().MarkHidden("link") // a list has no chances
	flags := cmd.Flags()
	flags.IntVar(&f.request.Last, "last", 0, "decisions, the last ones, up to 20000 (default 1000)")
	flags.StringVar(&f.request.From, "from", "", "first moment, RFC 3339 (default: however far back)")
	flags.StringVar(&f.request.Until, "until", "", "moment before which they end, RFC 3339 (default: now)")
	flags.StringVar(&f.request.Merchant, "merchant", "", "name this merchant's campaigns only")
	return cmd
}

// shiftsShown bounds the rows of a table.
const shiftsShown = 20

func (r *runner) printSimulation(s *wire.Simulation) error {
	rows := [][]string{
		{"decisions made again", strconv.Itoa(s.Decisions)}, {"cannot be made again", strconv.Itoa(s.Unknown)}, {"lists", strconv.Itoa(s.Lists)}, {"changed", strconv.Itoa(s.Changed)},
		{"with another first offer", strconv.Itoa(s.OtherFirst)}, {"offers that stay", strconv.Itoa(s.Kept)}, {"offers that come", strconv.Itoa(s.Came)}, {"offers that go", strconv.Itoa(s.Went)},
	}
	if err := r.printTable([]string{"SIMULATED", "COUNT>"}, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		list []wire.Shift
	}{{"MERCHANT", s.Merchants}, {"CAMPAIGN", s.Campaigns}} {
		var rows [][]string
		for _, x := range part.list[:min(len(part.list), shiftsShown)] {
			name := x.MerchantID
			if x.CampaignID != "" {
				name += "/" + x.CampaignID
			}
			change := strconv.Itoa(x.After - x.Before)
			if x.After > x.Before {
				change = "+" + change
			}
			rows = append(rows, []string{name, strconv.Itoa(x.Before), strconv.Itoa(x.After), change, strconv.Itoa(x.FirstBefore), strconv.Itoa(x.FirstAfter)})
		}
		if err := r.print(""); err != nil {
			return err
		}
		if err := r.printTable([]string{part.name, "BEFORE>", "AFTER>", "CHANGE>", "FIRST BEFORE>", "FIRST AFTER>"}, rows); err != nil {
			return err
		}
	}
	for _, note := range s.Notes {
		if err := r.print("\n%s", note); err != nil {
			return err
		}
	}
	return nil
}
