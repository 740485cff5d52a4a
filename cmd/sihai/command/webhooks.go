package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) webhooks() *cobra.Command {
	cmd := &cobra.Command{
		Use: "webhooks", Short: "Tell a merchant's own server what happened, and see what it was told",
		Long: "Tell a merchant's own server what happened, and see what it was told. A running server sends; on a data folder what is asked for is sent with the next start.",
		Args: cobra.NoArgs, RunE: help,
	}
	var merchant string
	cmd.PersistentFlags().StringVar(&merchant, "merchant", "", "whose; a merchant's own key need not say")
	cmd.AddCommand(r.webhooksCreate(&merchant), r.webhooksList(&merchant), r.webhooksEnable(&merchant, "enable", false), r.webhooksEnable(&merchant, "disable", true),
		r.webhooksDelete(&merchant), r.webhooksRotate(&merchant), r.webhooksTest(&merchant), r.webhooksDeliveries(&merchant), r.webhooksReplay(&merchant))
	return cmd
}

func (r *runner) webhooksCreate(merchant *string) *cobra.Command {
	var w wire.Webhook
	cmd := &cobra.Command{
		Use: "create URL", Short: "Make a webhook and print its ID and its secret, which is told this once", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			w.URL, w.MerchantID = args[0], *merchant
			made, err := t.CreateWebhook(cmd.Context(), w)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(made)
			}
			return r.print("%s %s", made.ID, made.Secret)
		}),
	}
	cmd.Flags().StringSliceVar(&w.Types, "type", nil, "what it is told, more than once or separated by commas (default: everything)")
	cmd.Flags().StringVar(&w.Note, "note", "", "what it is for")
	return cmd
}

func (r *runner) webhooksList(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List webhooks, without their secrets", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			hooks, err := all(func(p client.Page) (wire.List[wire.Webhook], error) { return t.Webhooks(cmd.Context(), *merchant, p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(hooks)
			}
			rows := make([][]string, len(hooks))
			for i, w := range hooks {
				state := "enabled"
				if w.Disabled {
					state = "disabled"
				}
				rows[i] = []string{w.ID, w.URL, strings.Join(w.Types, ","), state, w.FailingSince, w.DisabledReason, w.Note}
			}
			return r.printTable([]string{"WEBHOOK", "URL", "TYPES", "STATE", "FAILING SINCE", "REASON", "NOTE"}, rows)
		}),
	}
}

// told prints a webhook, or a line about it.
func (r *runner) told(w wire.Webhook, format string, args ...any) error {
	if r.flags.output == "json" {
		return r.printJSON(w)
	}
	return r.print(format, args...)
}

func (r *runner) webhooksEnable(merchant *string, verb string, disabled bool) *cobra.Command {
	short := "Send to a webhook again"
	if disabled {
		short = "Send nothing to a webhook until it is enabled"
	}
	return &cobra.Command{
		Use: verb + " WEBHOOK", Short: short, Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			w, err := t.Webhook(cmd.Context(), *merchant, args[0])
			if err != nil {
				return err
			}
			w.Disabled = disabled
			if w, err = t.PutWebhook(cmd.Context(), w); err != nil {
				return err
			}
			return r.told(w, "%sd %s", verb, w.ID)
		}),
	}
}

func (r *runner) webhooksDelete(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "delete WEBHOOK", Short: "Delete a webhook", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			if err := t.DeleteWebhook(cmd.Context(), *merchant, args[0]); err != nil {
				return err
			}
			return r.print("deleted %s", args[0])
		}),
	}
}

func (r *runner) webhooksRotate(merchant *string) *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use: "rotate WEBHOOK", Short: "Make another secret and print it, which is told this once", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			w, err := t.RotateWebhook(cmd.Context(), *merchant, args[0], overlap)
			if err != nil {
				return err
			}
			return r.told(w, "%s", w.Secret)
		}),
	}
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the secret of before is in force besides")
	return cmd
}

func (r *runner) webhooksTest(merchant *string) *cobra.Command {
	return &cobra.Command{
		Use: "test WEBHOOK", Short: "Let an event of type test be sent", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			d, err := t.TestWebhook(cmd.Context(), *merchant, args[0])
			if err != nil {
				return err
			}
			return r.printDeliveries([]wire.Delivery{d})
		}),
	}
}

func (r *runner) webhooksDeliveries(merchant *string) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "deliveries WEBHOOK", Short: "List what a webhook was sent, newest event first", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			l, err := t.Deliveries(cmd.Context(), *merchant, args[0], client.Page{Limit: limit})
			if err != nil {
				return err
			}
			return r.printDeliveries(l.Data)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "how many, 1 to 1000")
	return cmd
}

func (r *runner) webhooksReplay(merchant *string) *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use: "replay WEBHOOK [DELIVERY]", Short: "Send an event again, or every one since a time", Args: cobra.RangeArgs(1, 2),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			if (len(args) == 2) == (since != "") {
				return usagef("name a delivery, or a time with --since")
			}
			if len(args) == 2 {
				d, err := t.ReplayDelivery(cmd.Context(), *merchant, args[0], args[1])
				if err != nil {
					return err
				}
				return r.printDeliveries([]wire.Delivery{d})
			}
			at, err := time.Parse(time.RFC3339, since)
			if err != nil {
				return usagef("--since %q is not a time such as 2026-11-24T09:00:00-05:00", since)
			}
			n, err := t.ReplayWebhook(cmd.Context(), *merchant, args[0], at)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(wire.WebhookReplayed{Events: n})
			}
			return r.print("%d events at most are sent again", n)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "time from which on events are sent again")
	return cmd
}

func (r *runner) printDeliveries(list []wire.Delivery) error {
	if r.flags.output == "json" {
		return r.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, d := range list {
		last := ""
		if n := len(d.Attempts); n > 0 {
			if last = d.Attempts[n-1].Error; last == "" {
				last = strconv.Itoa(d.Attempts[n-1].Status)
			}
		}
		rows[i] = []string{d.ID, d.Type, d.Time, d.State, strconv.Itoa(len(d.Attempts)), last, d.NextAt, d.EventID}
	}
	return r.printTable([]string{"DELIVERY", "TYPE", "TIME", "STATE", "TRIES>", "LAST", "NEXT", "EVENT"}, rows)
}
