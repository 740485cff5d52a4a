package command

import "github.com/spf13/cobra"

// verbs lists every verb; cobra adds help and completion.
func (r *runner) verbs() []*cobra.Command {
	return []*cobra.Command{
		r.demo(),
		r.serve(),
		r.importing(),
		r.exporting(),
		r.decide(),
		r.replay(),
		r.keys(),
		r.merchants(),
		r.campaigns(),
		r.changes(),
		r.audit(),
		r.rates(),
		r.ledger(),
		r.report(),
		r.forecast(),
		r.tune(),
		r.evaluate(),
		r.ope(),
		r.experiments(),
		r.simulate(),
		r.webhooks(),
		r.users(),
		r.bench(),
		r.config(),
		r.version(),
	}
}
