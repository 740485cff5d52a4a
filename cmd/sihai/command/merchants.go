package command

import (
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) merchants() *cobra.Command {
	cmd := &cobra.Command{Use: "merchants", Short: "List merchants, make or rename one", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(r.merchantsPut(), r.merchantsList())
	return cmd
}

func (r *runner) merchantsPut() *cobra.Command {
	var names map[string]string
	var approval string
	cmd := &cobra.Command{
		Use:   "put ID --name LANGUAGE=NAME …",
		Short: "Make a merchant, or give it other names",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			if !cmd.Flags().Changed("approval") {
				known, err := t.Merchant(cmd.Context(), args[0])
				if err != nil && !isNotFound(err) {
					return err
				}
				approval = known.Approval
			}
			m, err := t.PutMerchant(cmd.Context(), wire.Merchant{ID: args[0], Name: names, Approval: approval})
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(m)
			}
			return r.print("merchant %s, version %d", m.ID, m.Version)
		}),
	}
	cmd.Flags().StringVar(&approval, "approval", "", "second_key: changes of campaigns wait for another key of the merchant; empty: they do not; as it is when left out")
	cmd.Flags().StringToStringVar(&names, "name", nil, "its name by language: en=Sunny,zh-Hans=阳光")
	return cmd
}

func (r *runner) merchantsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List merchants", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			merchants, err := all(func(p client.Page) (wire.List[wire.Merchant], error) { return t.Merchants(cmd.Context(), p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(merchants)
			}
			rows := make([][]string, len(merchants))
			for i, m := range merchants {
				rows[i] = []string{m.ID, oneText(m.Name)}
			}
			return r.printTable([]string{"MERCHANT", "NAME"}, rows)
		}),
	}
}

// isNotFound reports whether a server said that there is no such thing.
func isNotFound(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

// oneText writes a text in English, or else in each of its languages.
func oneText(t wire.Text) string {
	if text := t["en"]; text != "" || len(t) == 0 {
		return text
	}
	var parts []string
	for _, tag := range sortedKeys(t) {
		parts = append(parts, t[tag])
	}
	return strings.Join(parts, " · ")
}
