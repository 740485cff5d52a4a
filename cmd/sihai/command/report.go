package command

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// reportFlags are the flags of report.
type reportFlags struct {
	merchant, campaign string
	days               client.Days
	csv                bool
	chart              string
}

func (r *runner) report() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:     "report --merchant M",
		Short:   "What a merchant's campaigns won, and why they were not shown",
		Example: "  sihai report --merchant sunny --from 2026-11-01 --until 2026-12-01 --chart november.svg",
		Args:    cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			if err := checkChart(f.chart); err != nil {
				return err
			}
			var got wire.Report
			var err error
			if f.campaign != "" {
				got, err = t.CampaignReport(cmd.Context(), f.merchant, f.campaign, f.days)
			} else {
				got, err = t.MerchantReport(cmd.Context(), f.merchant, f.days)
			}
			if err != nil {
				return err
			}
			if f.chart != "" {
				if err := drawReport(f.chart, &got); err != nil {
					return err
				}
			}
			switch {
			case f.csv:
				if err := got.WriteCSV(r.Out); err != nil {
					return fmt.Errorf("write output: %w", err)
				}
				return nil
			case r.flags.output == "json":
				return r.printJSON(got)
			}
			return r.printReport(&got)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.merchant, "merchant", "", "ID of the merchant")
	flags.StringVar(&f.campaign, "campaign", "", "of one campaign only")
	flags.StringVar(&f.days.From, "from", "", "first day, by the venues' calendars (default: 28 days before the end)")
	flags.StringVar(&f.days.Until, "until", "", "the day after the last (default: tomorrow)")
	flags.BoolVar(&f.csv, "csv", false, "print one CSV table of all parts")
	flags.StringVar(&f.chart, "chart", "", "draw the days into a file, .svg or .png")
	_ = cmd.MarkFlagRequired("merchant")
	return cmd
}

// printReport tells a report as tables.
func (r *runner) printReport(got *wire.Report) error {
	if err := r.print("merchant %s, %s to %s (exclusive)\n", got.MerchantID, got.From, got.Until); err != nil {
		return err
	}
	total := []wire.ReportRow{{Key: "", Numbers: got.Total}}
	for _, part := range []struct {
		name string
		rows []wire.ReportRow
	}{{"TOTAL", total}, {"DAY", got.Days}, {"CAMPAIGN", got.Campaigns}, {"VENUE", got.Venues}, {"CELL", got.Cells}, {"LANGUAGE", got.Languages}} {
		if len(part.rows) == 0 {
			continue
		}
		if err := r.printNumbers(part.name, part.rows); err != nil {
			return err
		}
	}
	rows := make([][]string, 0, len(got.Funnel.Against)+2)
	step := func(name string, n int64) {
		share := "-"
		if got.Funnel.Met > 0 {
			share = percent(float64(n) / float64(got.Funnel.Met))
		}
		rows = append(rows, []string{name, strconv.FormatInt(n, 10), share})
	}
	step("met", got.Funnel.Met)
	for _, x := range got.Funnel.Against {
		step(strconv.Itoa(x.Code)+" "+x.Name, x.Count)
	}
	step("offered", got.Funnel.Offered)
	return r.printTable([]string{"FUNNEL", "OFFERS>", "SHARE>"}, rows)
}

func (r *runner) printNumbers(name string, list []wire.ReportRow) error {
	rows := make([][]string, len(list))
	for i := range list {
		n := &list[i].Numbers
		row := []string{list[i].Key}
		for _, x := range []int64{n.Offered, n.Shown, n.Clicks, n.Saves, n.Dismissals, n.Reserved, n.Redeemed} {
			row = append(row, strconv.FormatInt(x, 10))
		}
		spend := ""
		for k, m := range n.Spend {
			if k > 0 {
				spend += ", "
			}
			spend += moneyText(m.Amount, m.Currency)
		}
		rows[i] = append(row, spend, shareText(n.ClickRate))
	}
	if err := r.printTable([]string{name, "OFFERED>", "SHOWN>", "CLICKS>", "SAVES>", "DISMISSED>", "RESERVED>", "REDEEMED>", "SPEND>", "CLICK RATE>"}, rows); err != nil {
		return err
	}
	return r.print("")
}

func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) + " %" }

// shareText writes a share with its interval: "5.0 % (3.1 to 7.9)".
func shareText(s *wire.Share) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%s (%.1f to %.1f)", percent(s.Value), 100*s.Low, 100*s.High)
}
