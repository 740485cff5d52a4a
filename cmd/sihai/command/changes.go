package command

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) changes() *cobra.Command {
	cmd := &cobra.Command{Use: "changes", Short: "Stage changes of campaigns, and approve, reject or cancel those that wait", Args: cobra.NoArgs, RunE: help}
	var merchant string
	cmd.PersistentFlags().StringVar(&merchant, "merchant", "", "whose; a merchant's key need not say")
	cmd.AddCommand(r.changesStage(&merchant), r.changesList(&merchant), r.changesShow(&merchant))
	for _, verb := range []struct{ name, short string }{
		{"approve", "Approve a change that another key asked for"},
		{"reject", "Reject a change that another key asked for"},
		{"cancel", "Take a change back that was not made yet"},
	} {
		cmd.AddCommand(r.changesSettle(verb.name, verb.short, &merchant))
	}
	return cmd
}

func (r *runner) changesStage(merchant *string) *cobra.Command {
	var at, file, status string
	cmd := &cobra.Command{
		Use:   "stage CAMPAIGN --at TIME (--file FILE | --status STATUS)",
		Short: "Change a campaign at a moment",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			change := wire.Change{LiveAt: at, Status: status}
			if (file == "") == (status == "") {
				return usagef("say either --file or --status")
			}
			if file != "" {
				data, err := os.ReadFile(file)
				if err != nil {
					return fmt.Errorf("read campaign: %w", err)
				}
				change.Campaign = new(wire.Campaign)
				if err := json.Unmarshal(data, change.Campaign); err != nil {
					return fmt.Errorf("read campaign %s: %w", file, err)
				}
			}
			made, err := t.StageChange(cmd.Context(), *merchant, args[0], change)
			return r.toldChange(&made, err)
		}),
	}
	cmd.Flags().StringVar(&at, "at", "", "when it goes live, as 2026-12-01T00:00:00-05:00")
	cmd.Flags().StringVar(&file, "file", "", "the campaign as it is to be, in JSON")
	cmd.Flags().StringVar(&status, "status", "", "enabled, disabled or archived, and nothing else changes")
	if err := cmd.MarkFlagRequired("at"); err != nil {
		panic(err) // the flag is some lines above
	}
	return cmd
}

func (r *runner) changesList(merchant *string) *cobra.Command {
	var campaign, state string
	cmd := &cobra.Command{
		Use: "list", Short: "List changes that wait or waited, oldest first", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			changes, err := all(func(p client.Page) (wire.List[wire.Change], error) {
				return t.Changes(cmd.Context(), *merchant, campaign, state, p)
			})
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(changes)
			}
			rows := make([][]string, len(changes))
			for i, c := range changes {
				rows[i] = []string{c.ID, c.CampaignID, c.State, c.LiveAt, c.CreatedBy, c.DecidedBy}
			}
			return r.printTable([]string{"CHANGE", "CAMPAIGN", "STATE", "LIVE AT", "ASKED BY", "DECIDED BY"}, rows)
		}),
	}
	cmd.Flags().StringVar(&campaign, "campaign", "", "of one campaign only")
	cmd.Flags().StringVar(&state, "state", "", "pending, scheduled, made, failed, rejected or cancelled")
	return cmd
}

func (r *runner) changesShow(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Tell what a change would change now", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			c, err := t.Change(cmd.Context(), *merchant, args[0])
			return r.toldChange(&c, err)
		}),
	}
}

func (r *runner) changesSettle(verb, short string, merchant *string) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			c, err := t.SettleChange(cmd.Context(), *merchant, args[0], verb, note)
			return r.toldChange(&c, err)
		}),
	}
	cmd.Flags().StringVar(&note, "note", "", "why")
	return cmd
}

// toldChange prints a change.
func (r *runner) toldChange(c *wire.Change, err error) error {
	if err != nil {
		return err
	}
	if r.flags.output == "json" {
		return r.printJSON(c)
	}
	text := fmt.Sprintf("change %s of campaign %s: %s", c.ID, c.CampaignID, c.State)
	if c.LiveAt != "" {
		text += ", live at " + c.LiveAt
	}
	if c.Version > 0 {
		text += fmt.Sprintf(", version %d", c.Version)
	}
	err = r.print("%s", text)
	for _, line := range changeLines(c.Difference) {
		if err == nil {
			err = r.print("  %s", line)
		}
	}
	for _, f := range c.Errors {
		if err == nil {
			err = r.print("  %s: %s", f.Path, f.Message)
		}
	}
	return err
}
