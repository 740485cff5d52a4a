package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/wire"
)

// forecastFlags are the flags of forecast that are not members of its request.
type forecastFlags struct {
	merchant, file, chart string
}

func (r *runner) forecast() *cobra.Command {
	var f forecastFlags
	var req wire.ForecastRequest
	cmd := &cobra.Command{
		Use:     "forecast CAMPAIGN --merchant M",
		Short:   "What a campaign would win in the days to come, by replaying the last weeks with it",
		Long:    "Decides the last weeks' requests again with the campaign among the candidates. With --campaign it is as a file has it (a campaign as a JSON object), whether or not it is stored.",
		Example: "  sihai forecast lincoln-15 --merchant sunny --days 7 --chart week.svg",
		Args:    cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			if err := checkChart(f.chart); err != nil {
				return err
			}
			if f.file != "" {
				c, err := r.readCampaign(f.file)
				if err != nil {
					return err
				}
				req.Campaign = c
			}
			got, err := t.Forecast(cmd.Context(), f.merchant, args[0], req)
			if err != nil {
				return err
			}
			if f.chart != "" {
				if err := drawForecast(f.chart, &got); err != nil {
					return err
				}
			}
			if r.flags.output == "json" {
				return r.printJSON(got)
			}
			return r.printForecast(&got)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.merchant, "merchant", "", "ID of the merchant")
	flags.StringVar(&f.file, "campaign", "", "file of the campaign as it would be; - is standard input")
	flags.StringVar(&req.Start, "start", "", "of the days that are forecast, RFC 3339 (default: now)")
	flags.IntVar(&req.Days, "days", 0, "days that are forecast, 1 to 28 (default 7)")
	flags.IntVar(&req.BaseWeeks, "weeks", 0, "weeks that are replayed, 1 to 8 (default 2)")
	flags.StringVar(&f.chart, "chart", "", "draw the hours into a file, .svg or .png")
	_ = cmd.MarkFlagRequired("merchant")
	return cmd
}

// readCampaign reads a campaign of a file.
func (r *runner) readCampaign(name string) (*wire.Campaign, error) {
	f, err := r.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	c := new(wire.Campaign)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return c, nil
}

// printForecast tells a forecast as tables; its hours day by day.
func (r *runner) printForecast(got *wire.Forecast) error {
	sample := ""
	if got.OneIn > 1 {
		sample = fmt.Sprintf(", one in %d", got.OneIn)
	}
	if err := r.print("campaign %s, %s to %s, from %d decisions since %s%s\n", got.CampaignID, got.From, got.Until, got.Decisions, got.BaseFrom, sample); err != nil {
		return err
	}
	rows := [][]string{}
	for _, x := range []struct {
		name string
		wire.Range
	}{{"showings", got.Showings}, {"clicks", got.Clicks}, {"redemptions", got.Redemptions}} {
		rows = append(rows, []string{x.name, count(x.Mean), count(x.Low), count(x.High)})
	}
	level := strconv.Itoa(int(100*got.Level)) + " %"
	if err := r.printTable([]string{"", "EXPECTED>", level + " FROM>", "TO>"}, rows); err != nil {
		return err
	}
	reach := got.Reach
	if err := r.print("\nin reach in a week: %s decisions of %s travellers; an offer would hold in %s and be made in %s", count(reach.Decisions), count(reach.Users), count(reach.Eligible), count(reach.Offered)); err != nil {
		return err
	}
	if err := r.printDays(got); err != nil {
		return err
	}
	if len(got.Displaced) > 0 {
		rows = rows[:0]
		for _, d := range got.Displaced[:min(len(got.Displaced), 20)] {
			name := d.CampaignID
			if name == "" {
				name = fmt.Sprintf("%d campaigns of others", d.Campaigns)
			}
			rows = append(rows, []string{name, d.Category, count(d.Showings)})
		}
		if err := r.print(""); err != nil {
			return err
		}
		if err := r.printTable([]string{"MAKES ROOM", "CATEGORY", "SHOWINGS>"}, rows); err != nil {
			return err
		}
	}
	if got.LimitedBy != "" {
		if err := r.print("\n%s is likely to end it", got.LimitedBy); err != nil {
			return err
		}
	}
	for _, note := range got.Notes {
		if err := r.print("note: %s", note); err != nil {
			return err
		}
	}
	return nil
}

// printDays sums the hours up by day.
func (r *runner) printDays(got *wire.Forecast) error {
	var rows [][]string
	var day string
	var shown, clicks, used float64
	flush := func() {
		if day != "" {
			rows = append(rows, []string{day, count(shown), count(clicks), count(used)})
		}
		shown, clicks, used = 0, 0, 0
	}
	for _, h := range got.Hours {
		if d := h.Start[:len(time.DateOnly)]; d != day {
			flush()
			day = d
		}
		shown, clicks, used = shown+h.Showings.Mean, clicks+h.Clicks.Mean, used+h.Redemptions.Mean
	}
	flush()
	if err := r.print(""); err != nil {
		return err
	}
	return r.printTable([]string{"DAY", "SHOWINGS>", "CLICKS>", "REDEMPTIONS>"}, rows)
}

// count writes an expected number: whole from ten on.
func count(x float64) string {
	if x < 10 {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}
