package command

import (
	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) rates() *cobra.Command {
	cmd := &cobra.Command{Use: "rates", Short: "Load and show the reference rates by which savings are told in another currency", Args: cobra.NoArgs, RunE: help}
	load := &cobra.Command{
		Use:   "load FILE",
		Short: "Add the days of a file in the format of the European Central Bank (eurofxref-hist.csv, also gzipped; - is standard input)",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			f, err := r.openFile(args[0])
			if err != nil {
				return err
			}
			defer f.close()
			status, err := t.PutRates(cmd.Context(), f)
			if err != nil {
				return err
			}
			return r.printRates(status)
		}),
	}
	show := &cobra.Command{
		Use: "show", Short: "Say which days there are", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			status, err := t.Rates(cmd.Context())
			if err != nil {
				return err
			}
			return r.printRates(status)
		}),
	}
	cmd.AddCommand(load, show)
	return cmd
}

func (r *runner) printRates(s wire.RatesStatus) error {
	if r.flags.output == "json" {
		return r.printJSON(s)
	}
	if s.Days == 0 {
		return r.print("no reference rates: savings are told in each offer's own currency")
	}
	return r.print("%d days of reference rates, %s to %s; %d changed", s.Days, s.First, s.Last, s.Changed)
}
