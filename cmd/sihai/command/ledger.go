package command

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) ledger() *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "Verify and export what budgets and codes were used for", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(r.ledgerVerify(), r.ledgerExport())
	return cmd
}

func (r *runner) ledgerVerify() *cobra.Command {
	var merchant string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compute every balance again from its movements and compare; fails when something does not agree",
		Args:  cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			a, err := t.Audit(cmd.Context(), merchant)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				err = r.printJSON(a)
			} else {
				err = r.print("%d accounts, %d movements, %d balances", a.Accounts, a.Movements, a.Balances)
				for _, fault := range a.Faults {
					if err == nil {
						err = r.print("%s", fault)
					}
				}
			}
			if err == nil && len(a.Faults) > 0 {
				err = fmt.Errorf("the ledger does not agree with its movements: %d faults", len(a.Faults))
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "of one merchant only")
	return cmd
}

func (r *runner) ledgerExport() *cobra.Command {
	var merchant, after string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write every movement as a line of JSON, by merchant, campaign and number",
		Long: "Write every movement as a line of JSON, by merchant, campaign and number. An export that was broken off goes on with --after and the\n" +
			"last whole line's merchant_id/campaign_id/number.",
		Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			var last []byte
			err := t.ExportMovements(cmd.Context(), merchant, after, func(line []byte) error {
				if _, err := r.Out.Write(line); err != nil {
					return fmt.Errorf("write movement: %w", err)
				}
				last = append(last[:0], line...)
				return nil
			})
			var m wire.Movement
			if err != nil && json.Unmarshal(last, &m) == nil {
				err = fmt.Errorf("%w\ngo on with --after %s/%s/%d", err, m.MerchantID, m.CampaignID, m.Number)
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "of one merchant only")
	cmd.Flags().StringVar(&after, "after", "", "merchant/campaign/number of the movement to go on after")
	return cmd
}
