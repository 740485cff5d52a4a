package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) users() *cobra.Command {
	cmd := &cobra.Command{Use: "users", Short: "Erase what is known of users", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(r.usersErase(), r.usersErasures())
	return cmd
}

func (r *runner) usersErase() *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use: "erase USER", Short: "Erase what is known of a user",
		Long: "Erase what is known of a user. A server does it meanwhile; on a data folder it is done when the command ends.",
		Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			e, err := t.EraseUser(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if t.app != nil {
				if err := t.app.sweeper.Sweep(cmd.Context()); err != nil {
					return err
				}
				if e, err = t.Erasure(cmd.Context(), e.ID); err != nil {
					return err
				}
			} else if wait {
				if e, err = awaitErasure(cmd.Context(), t.Client, e); err != nil {
					return err
				}
			}
			if r.flags.output == "json" {
				return r.printJSON(e)
			}
			return r.print("%s: %s; %d decisions, %d events and %d redemptions named the user", e.ID, e.State, e.Decisions, e.Events, e.Redemptions)
		}),
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "until no file of the server holds the user")
	return cmd
}

// erasureEvery is how often a server is asked how far it has come.
const erasureEvery = 200 * time.Millisecond

func awaitErasure(ctx context.Context, c *client.Client, e wire.Erasure) (wire.Erasure, error) {
	for e.State != "done" {
		select {
		case <-ctx.Done():
			return e, fmt.Errorf("wait for erasure %s, which goes on: %w", e.ID, ctx.Err())
		case <-time.After(erasureEvery):
		}
		var err error
		if e, err = c.Erasure(ctx, e.ID); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (r *runner) usersErasures() *cobra.Command {
	return &cobra.Command{
		Use: "erasures", Short: "List erasures, oldest first", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			list, err := all(func(p client.Page) (wire.List[wire.Erasure], error) { return t.Erasures(cmd.Context(), p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(list)
			}
			rows := make([][]string, len(list))
			for i, e := range list {
				rows[i] = []string{e.ID, e.State, e.AskedAt, e.FinishedAt, fmt.Sprint(e.Decisions), fmt.Sprint(e.Events), fmt.Sprint(e.Redemptions)}
			}
			return r.printTable([]string{"ERASURE", "STATE", "ASKED", "FINISHED", "DECISIONS>", "EVENTS>", "REDEMPTIONS>"}, rows)
		}),
	}
}
