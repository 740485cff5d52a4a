package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) experiments() *cobra.Command {
	cmd := &cobra.Command{Use: "experiments", Short: "Compare scoring profiles on live travellers: make, start and stop experiments, and tell what came of them", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(r.experimentsList(), r.experimentsCreate(), r.experimentsStart(), r.experimentsStop(), r.experimentsResults())
	return cmd
}

func (r *runner) experimentsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List experiments by ID", Args: cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			list, err := all(func(p client.Page) (wire.List[wire.Experiment], error) { return t.Experiments(cmd.Context(), p) })
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(list)
			}
			rows := make([][]string, len(list))
			for i := range list {
				e := &list[i]
				rows[i] = []string{e.ID, e.State, strconv.Itoa(len(e.Arms)), e.Primary.Metric, e.Start, e.End, e.Reason}
			}
			return r.printTable([]string{"EXPERIMENT", "STATE", "ARMS>", "METRIC", "START", "END", "REASON"}, rows)
		}),
	}
}

func (r *runner) experimentsCreate() *cobra.Command {
	return &cobra.Command{
		Use: "create FILE", Short: "Make an experiment of a file in JSON; it is a draft until it is started", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			f, err := r.openFile(args[0])
			if err != nil {
				return err
			}
			defer f.close()
			data, err := io.ReadAll(f)
			if err != nil {
				return fmt.Errorf("read %s: %w", args[0], err)
			}
			var e wire.Experiment
			if err := json.Unmarshal(data, &e); err != nil {
				return fmt.Errorf("read %s: %w", args[0], err)
			}
			made, err := t.CreateExperiment(cmd.Context(), e)
			return r.toldExperiment(&made, err)
		}),
	}
}

func (r *runner) experimentsStart() *cobra.Command {
	return &cobra.Command{
		Use: "start ID", Short: "Assign users from now on, or from the experiment's start on", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			e, err := t.StartExperiment(cmd.Context(), args[0])
			return r.toldExperiment(&e, err)
		}),
	}
}

func (r *runner) experimentsStop() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "stop ID", Short: "End an experiment at once", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			e, err := t.StopExperiment(cmd.Context(), args[0], reason)
			return r.toldExperiment(&e, err)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	return cmd
}

// toldExperiment prints an experiment.
func (r *runner) toldExperiment(e *wire.Experiment, err error) error {
	if err != nil {
		return err
	}
	if r.flags.output == "json" {
		return r.printJSON(e)
	}
	text := fmt.Sprintf("experiment %s: %s", e.ID, e.State)
	if e.Start != "" {
		text += ", from " + e.Start
	}
	if e.End != "" {
		text += ", until " + e.End
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return r.print("%s", text)
}

func (r *runner) experimentsResults() *cobra.Command {
	return &cobra.Command{
		Use: "results ID", Short: "Tell what came of an experiment so far; the intervals of differences hold on every day it is looked at", Args: cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			got, err := t.ExperimentResults(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(got)
			}
			return r.printResults(&got)
		}),
	}
}

// printResults tells the arms and their differences as tables.
func (r *runner) printResults(got *wire.ExperimentResults) error {
	until := "not begun"
	if got.Until != "" {
		until = "until " + got.Until
	}
	if err := r.print("experiment %s: %s, %s\n", got.Experiment.ID, got.Experiment.State, until); err != nil {
		return err
	}
	header := []string{"ARM", "PROFILE", "SHARE>", "USERS>", "DECISIONS>", "SHOWN>", "TAPPED>", "REDEEMED>"}
	for _, rate := range got.Arms[0].Rates {
		header = append(header, measureName(rate.Metric, rate.Currency)+">")
	}
	var rows [][]string
	for _, a := range got.Arms {
		row := []string{a.Name, fmt.Sprintf("%s %d", a.Profile.Name, a.Profile.Version), strconv.FormatFloat(a.Share, 'g', 4, 64)}
		for _, n := range []int64{a.Users, a.Decisions, a.Shown, a.Clicks, a.Redeemed} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		for _, rate := range a.Rates {
			row = append(row, toldBounds(rate.Bounds))
		}
		rows = append(rows, row)
	}
	if err := r.printTable(header, rows); err != nil {
		return err
	}
	rows = nil
	for _, c := range got.Comparisons {
		harm := ""
		if c.Role == "guard" {
			harm = strconv.FormatFloat(c.Harm, 'g', 4, 64)
		}
		rows = append(rows, []string{c.Arm, measureName(c.Metric, c.Currency), c.Role, toldBounds(c.Difference), harm, c.Verdict})
	}
	if err := r.print(""); err != nil {
		return err
	}
	if err := r.printTable([]string{"ARM", "METRIC", "ROLE", "DIFFERENCE>", "HARM>", "VERDICT"}, rows); err != nil {
		return err
	}
	if got.Mismatch.Warning != "" {
		return r.print("\nwarning: %s", got.Mismatch.Warning)
	}
	return nil
}

func measureName(metric, currency string) string {
	if currency == "" {
		return metric
	}
	return metric + " " + currency
}

// toldBounds writes a number and the bounds between which it lies.
func toldBounds(b wire.Bounds) string {
	number := func(x *float64) string {
		if x == nil {
			return "?"
		}
		return strconv.FormatFloat(*x, 'g', 4, 64)
	}
	if b.Value == nil {
		return "-"
	}
	if b.Low == nil || b.High == nil {
		return number(b.Value)
	}
	return fmt.Sprintf("%s (%s to %s)", number(b.Value), number(b.Low), number(b.High))
}
