package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) keys() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Make, list and revoke API keys", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(r.keysCreate(), r.keysList(), r.keysRevoke())
	return cmd
}

// help is what a command that only groups others does.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// on runs work on the target and closes it.
func (r *runner) on(work func(cmd *cobra.Command, args []string, t *target) error) func(*cobra.Command, []string) error {
	return r.do(func(cmd *cobra.Command, args []string) (err error) {
		t, err := r.open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.close()) }()
		return work(cmd, args, t)
	})
}

func (r *runner) keysCreate() *cobra.Command {
	var k wire.Key
	cmd := &cobra.Command{
		Use:   "create --role ROLE [--merchant M]",
		Short: "Make a key and print its secret, which is told this once",
		Args:  cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			made, err := t.CreateKey(cmd.Context(), k)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(made)
			}
			return r.print("%s", made.Secret)
		}),
	}
	cmd.Flags().StringVar(&k.Role, "role", "", "app, merchant, analyst or operator")
	cmd.Flags().StringVar(&k.MerchantID, "merchant", "", "whose key it is, of role merchant")
	cmd.Flags().StringVar(&k.Note, "note", "", "what it is for")
	cmd.Flags().StringSliceVar(&k.Partners, "partners", nil, "acquirers that the wallet works with, of role app; where a request names none")
	if err := cmd.MarkFlagRequired("role"); err != nil {
		panic(err) // the flag is some lines above
	}
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"app", "merchant", "analyst", "operator"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *runner) keysList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List keys, without their secrets", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			keys, err := all(func(p client.Page) (wire.List[wire.Key], error) { return t.Keys(cmd.Context(), p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(keys)
			}
			rows := make([][]string, len(keys))
			for i, k := range keys {
				rows[i] = []string{k.ID, k.Role, k.MerchantID, k.CreatedAt, k.RevokedAt, k.Note}
			}
			return r.printTable([]string{"KEY", "ROLE", "MERCHANT", "CREATED", "REVOKED", "NOTE"}, rows)
		}),
	}
}

func (r *runner) keysRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke KEY", Short: "Revoke a key by its ID", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			k, err := t.RevokeKey(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(k)
			}
			return r.print("revoked %s at %s", k.ID, k.RevokedAt)
		}),
	}
}

// all reads every page of a list.
func all[T any](page func(client.Page) (wire.List[T], error)) ([]T, error) {
	items := []T{}
	p := client.Page{Limit: 1000}
	for {
		list, err := page(p)
		if err != nil {
			return nil, err
		}
		items = append(items, list.Data...)
		if list.NextCursor == "" {
			return items, nil
		}
		p.Cursor = list.NextCursor
	}
}
