package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) audit() *cobra.Command {
	var merchant string
	var limit int
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Tell who changed what and when, newest first",
		Long:  "Tell who changed what and when, newest first: of a merchant and what it owns, or without --merchant of what no merchant owns.",
		Args:  cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			if limit < 1 {
				return usagef("--limit %d is below 1", limit)
			}
			entries := []wire.AuditEntry{}
			for p := (client.Page{Limit: min(limit, 1000)}); ; {
				page, err := t.AuditEntries(cmd.Context(), merchant, p)
				if err != nil {
					return err
				}
				entries = append(entries, page.Data...)
				if p.Cursor = page.NextCursor; p.Cursor == "" || len(entries) >= limit {
					break
				}
			}
			entries = entries[:min(limit, len(entries))]
			if r.flags.output == "json" {
				return r.printJSON(entries)
			}
			rows := make([][]string, len(entries))
			for i, e := range entries {
				rows[i] = []string{e.Time, e.By, e.Action, e.Kind, e.ID, versionsText(e.VersionFrom, e.VersionTo), e.Detail}
			}
			return r.printTable([]string{"TIME", "BY", "ACTION", "KIND", "ID", "VERSION", "DETAIL"}, rows)
		}),
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "whose; a merchant's key need not say")
	cmd.Flags().IntVar(&limit, "limit", 100, "the newest so many")
	return cmd
}

func versionsText(from, to uint64) string {
	switch {
	case from == 0 && to == 0:
		return ""
	case from == 0:
		return fmt.Sprint(to)
	case to == 0:
		return fmt.Sprintf("%d → –", from)
	}
	return fmt.Sprintf("%d → %d", from, to)
}
