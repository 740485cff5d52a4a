package command

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/wire"
)

// decideFlags are the flags of decide that are not members of a request by themselves.
type decideFlags struct {
	location wire.Location
	user     wire.User
	place    wire.PlacementRequest
	purchase wire.Money
}

func (r *runner) decide() *cobra.Command {
	var req wire.Request
	var f decideFlags
	cmd := &cobra.Command{
		Use:     "decide --lat F --lon F",
		Short:   "Ask for offers at a place",
		Example: "  sihai decide --lat 25.7906 --lon -80.1366 --accuracy 35 --home-country CN --languages zh-Hans,en --currency CNY --explain full",
		Args:    cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			given := cmd.Flags().Changed
			if given("lat") != given("lon") {
				return usagef("--lat and --lon go together")
			}
			if given("lat") {
				req.Location = &f.location
			}
			if f.purchase.Currency != "" {
				req.Purchase = &f.purchase
			}
			req.User = &f.user
			req.Placements = []wire.PlacementRequest{f.place}
			d, err := t.Decide(cmd.Context(), req)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(d)
			}
			return r.printDecision(&d)
		}),
	}
	flags := cmd.Flags()
	flags.Float64Var(&f.location.Lat, "lat", 0, "latitude in degrees; without --lat and --lon the location is unknown")
	flags.Float64Var(&f.location.Lon, "lon", 0, "longitude in degrees")
	flags.Float64Var(&f.location.Accuracy, "accuracy", 0, "metres, radius of 68 % confidence")
	flags.StringVar(&f.location.Type, "location-type", "", "gps, ip or user")
	flags.StringVar(&f.user.ID, "user", "", "ID of the user")
	flags.StringVar(&f.user.HomeCountry, "home-country", "", "ISO 3166-1 alpha-2")
	flags.StringSliceVar(&f.user.Languages, "languages", nil, "BCP 47, most preferred first")
	flags.StringSliceVar(&f.user.Segments, "segments", nil, "segments of the user")
	flags.StringVar(&f.user.SpendTier, "spend-tier", "", "spend tier of the user")
	flags.StringVar(&req.Currency, "currency", "", "ISO 4217, of estimated savings")
	flags.Float64Var(&req.Radius, "radius", 0, "metres; asks besides for offers whose venue is that near")
	flags.Int64Var(&f.purchase.Amount, "purchase", 0, "minor units that are about to be paid, with --purchase-currency")
	flags.StringVar(&f.purchase.Currency, "purchase-currency", "", "ISO 4217")
	flags.StringVar(&f.place.ID, "placement", "home", "ID of the placement")
	flags.IntVar(&f.place.Count, "count", 10, "offers asked for")
	flags.StringSliceVar(&f.place.Categories, "categories", nil, "only these merchant category codes")
	flags.StringVar(&req.Explain, "explain", "", "full adds why, and what was rejected")
	flags.StringVar(&req.Time, "at", "", "the moment to decide for, RFC 3339 (default: now)")
	_ = cmd.RegisterFlagCompletionFunc("explain", cobra.FixedCompletions([]string{"none", "full"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// printDecision tells a decision as tables.
func (r *runner) printDecision(d *wire.Decision) error {
	for _, p := range d.Placements {
		if len(p.Offers) == 0 {
			if err := r.print("%s: no offer holds here now", p.ID); err != nil {
				return err
			}
		} else if err := r.printOffers(p.Offers); err != nil {
			return err
		}
		if len(p.Rejected) > 0 {
			if err := r.print(""); err != nil {
				return err
			}
			if err := r.printRejections(p.Rejected); err != nil {
				return err
			}
		}
	}
	return r.print("\ndecision %s at %s, catalog %d, profile %s/%d", d.DecisionID, d.Time, d.CatalogVersion, d.ScoringProfile.Name, d.ScoringProfile.Version)
}

func (r *runner) printOffers(offers []wire.Offer) error {
	rows := make([][]string, len(offers))
	for i := range offers {
		o := &offers[i]
		rows[i] = []string{
			strconv.Itoa(o.Position), o.OfferID, o.Title, o.Venue.Name, metres(o.Venue.Distance), savingText(o.EstimatedSaving),
			strconv.FormatFloat(o.InsideProbability, 'f', 2, 64), strconv.FormatFloat(o.Score, 'f', 4, 64),
		}
	}
	return r.printTable([]string{"#>", "OFFER", "TITLE", "VENUE", "METRES>", "SAVING>", "INSIDE>", "SCORE>"}, rows)
}

func (r *runner) printRejections(rejected []wire.Rejection) error {
	rows := make([][]string, len(rejected))
	for i, x := range rejected {
		rows[i] = []string{x.OfferID, reasonText(x.Reasons)}
	}
	return r.printTable([]string{"REJECTED", "WHY"}, rows)
}

func reasonText(reasons []wire.Reason) string {
	parts := make([]string, len(reasons))
	for i, reason := range reasons {
		parts[i] = strconv.Itoa(reason.Code) + " " + reason.Name
		if reason.Message != "" {
			parts[i] += ": " + reason.Message
		}
	}
	return strings.Join(parts, " · ")
}

func metres(d float64) string { return strconv.FormatFloat(d, 'f', 0, 64) }

// savingText writes an estimate; nothing is known of an absent one.
func savingText(s *wire.Saving) string {
	if s == nil {
		return "-"
	}
	return moneyText(s.Amount, s.Currency)
}
