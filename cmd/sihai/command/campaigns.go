package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) campaigns() *cobra.Command {
	cmd := &cobra.Command{Use: "campaigns", Short: "List campaigns, follow their versions, and switch them on and off", Args: cobra.NoArgs, RunE: help}
	var merchant string
	cmd.PersistentFlags().StringVar(&merchant, "merchant", "", "whose; a merchant's key need not say")
	cmd.AddCommand(r.campaignsList(&merchant), r.campaignsShow(&merchant), r.campaignsRevisions(&merchant), r.campaignsRestore(&merchant))
	for _, verb := range []struct{ name, short string }{
		{"enable", "Let a campaign run in its flight"},
		{"disable", "Keep a campaign back until it is enabled again"},
		{"archive", "Put a campaign away for good"},
	} {
		cmd.AddCommand(r.campaignsStatus(verb.name, verb.short, &merchant))
	}
	return cmd
}

func (r *runner) campaignsList(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List campaigns with their states", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			campaigns, err := all(func(p client.Page) (wire.List[wire.Campaign], error) { return t.Campaigns(cmd.Context(), *merchant, p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(campaigns)
			}
			rows := make([][]string, len(campaigns))
			for i, c := range campaigns {
				rows[i] = []string{c.ID, oneText(c.Title), c.State, strconv.FormatUint(c.Version, 10), c.UpdatedAt, c.UpdatedBy}
			}
			return r.printTable([]string{"CAMPAIGN", "TITLE", "STATE", "VERSION>", "CHANGED", "BY"}, rows)
		}),
	}
}

func (r *runner) campaignsShow(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Print a campaign as JSON", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			c, err := t.Campaign(cmd.Context(), *merchant, args[0])
			if err != nil {
				return err
			}
			return r.printJSON(c)
		}),
	}
}

func (r *runner) campaignsRevisions(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "revisions ID", Short: "Tell what each version of a campaign changed, newest first", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			versions, err := all(func(p client.Page) (wire.List[wire.Revision], error) {
				return t.Revisions(cmd.Context(), *merchant, args[0], p)
			})
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(versions)
			}
			var rows [][]string
			for _, v := range versions {
				rows = append(rows, []string{strconv.FormatUint(v.Version, 10), v.UpdatedAt, v.UpdatedBy, ""})
				for i, line := range changeLines(v.Changes) {
					if i == 0 {
						rows[len(rows)-1][3] = line
						continue
					}
					rows = append(rows, []string{"", "", "", line})
				}
			}
			return r.printTable([]string{"VERSION>", "TIME", "BY", "CHANGED"}, rows)
		}),
	}
}

// changeLines writes what is another as lines: "discount.percent: 10 → 15".
func changeLines(changes []wire.FieldChange) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = fmt.Sprintf("%s: %s → %s", c.Path, plainValue(c.Before), plainValue(c.After))
	}
	return lines
}

func plainValue(v any) string {
	if v == nil {
		return "–"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.Trim(string(data), `"`)
}

func (r *runner) campaignsRestore(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "restore ID VERSION", Short: "Make an earlier version of a campaign the next one", Args: cobra.ExactArgs(2),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			version, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil || version == 0 {
				return usagef("%q is no version", args[1])
			}
			c, err := t.Restore(cmd.Context(), *merchant, args[0], version)
			return r.toldCampaign(&c, err)
		}),
	}
}

func (r *runner) campaignsStatus(verb, short string, merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			c, err := t.SetStatus(cmd.Context(), *merchant, args[0], verb)
			return r.toldCampaign(&c, err)
		}),
	}
}

// toldCampaign prints what became of a campaign, or the change that waits for an approval.
func (r *runner) toldCampaign(c *wire.Campaign, err error) error {
	var waits *client.Pending
	switch {
	case errors.As(err, &waits):
		return r.toldChange(&waits.Change, nil)
	case err != nil:
		return err
	case r.flags.output == "json":
		return r.printJSON(c)
	}
	return r.print("campaign %s, version %d, %s", c.ID, c.Version, c.State)
}
