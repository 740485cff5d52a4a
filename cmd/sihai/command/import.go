package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// importFlags are the flags of import.
type importFlags struct {
	client.Upload
	take, fixed []string
	template    string
}

func (r *runner) importing() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE --merchant M",
		Short: "Upload venues or campaigns: all rows go in, or none",
		Long: "Upload venues or campaigns from NDJSON, CSV or GeoJSON, also gzipped; - is standard input. All rows go in, or none; every fault is told by\n" +
			"row and column. CSV columns are named by the path of a member (title.en, discount.percent, geofences.circle.radius), and the items of a list\n" +
			"are separated by |. --map and --set take a foreign file's columns to those. --campaign FILE is a campaign as JSON in which {column} stands for\n" +
			"a row's value: with it, a file of venues makes a campaign at each of them in the same command.",
		Example: "  sihai import venues.csv --merchant sunny --kind venues --map code=id --map name=name.en --map lat --map lng=lon --set category=5812",
		Args:    cobra.ExactArgs(1),
		RunE: r.on(func(cmd *cobra.Command, args []string, t *target) error {
			return r.runImport(cmd.Context(), t, f, args[0])
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Merchant, "merchant", "", "whose; a merchant's own key need not say")
	flags.StringVar(&f.Kind, "kind", "campaigns", "venues or campaigns")
	flags.StringVar(&f.Format, "format", "", "ndjson, csv or geojson (default: by the file's name)")
	flags.BoolVar(&f.DryRun, "dry-run", false, "tell what would happen, and change nothing")
	flags.BoolVar(&f.Partial, "partial", false, "let the good rows in although others are faulty")
	flags.StringArrayVar(&f.take, "map", nil, "FROM=TO: take the CSV column FROM as TO, and leave out columns that no --map names")
	flags.StringArrayVar(&f.fixed, "set", nil, "COLUMN=VALUE: the same value in every row")
	flags.StringVar(&f.template, "campaign", "", "file with a campaign to make of each row of a CSV file of venues")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"venues", "campaigns"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(wire.Formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *runner) runImport(ctx context.Context, t *target, f importFlags, name string) error {
	cols, err := parseColumns(f.take, f.fixed)
	if err != nil {
		return err
	}
	if f.Format == "" {
		if f.Format = formatOf(strings.TrimSuffix(name, ".gz")); f.Format == "" {
			return usagef("--format is needed: %s does not tell it", name)
		}
	}
	foreign := len(cols.take)+len(cols.fixed) > 0
	if (foreign || f.template != "") && f.Format != "csv" {
		return usagef("--map, --set and --campaign are for CSV files")
	}
	if f.template == "" {
		report, err := r.upload(ctx, t, f.Upload, name, pickRows(foreign, cols))
		return r.printReports(err, report)
	}
	if f.Kind != "venues" || name == "-" {
		return usagef("--campaign is for a file of --kind venues, which is read twice")
	}
	data, err := os.ReadFile(f.template)
	if err != nil {
		return err
	}
	made, err := parseTemplate(data)
	if err != nil {
		return fmt.Errorf("%s: %w", f.template, err)
	}
	venues, err := r.upload(ctx, t, f.Upload, name, pickRows(foreign, cols))
	if err != nil {
		return r.printReports(err, venues)
	}
	second := f.Upload
	second.Kind, second.Format = "campaigns", "ndjson"
	campaigns, err := r.upload(ctx, t, second, name, func(src io.Reader) io.ReadCloser {
		return piped(func(dst io.Writer) error {
			rows, err := cols.open(src)
			if err != nil {
				return err
			}
			return made.ndjson(dst, rows)
		})
	})
	return r.printReports(err, venues, campaigns)
}

// pickRows returns how a file is read: as it is, or under other columns.
func pickRows(foreign bool, cols columns) func(io.Reader) io.ReadCloser {
	return func(src io.Reader) io.ReadCloser {
		if !foreign {
			return io.NopCloser(src)
		}
		return piped(func(dst io.Writer) error {
			rows, err := cols.open(src)
			if err != nil {
				return err
			}
			return rows.csv(dst)
		})
	}
}

// upload sends a file. A report comes with a refusal too; without any there is nil.
func (r *runner) upload(ctx context.Context, t *target, u client.Upload, name string, read func(io.Reader) io.ReadCloser) (*wire.Import, error) {
	f, err := r.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.close()
	src := read(f)
	defer func() { _ = src.Close() }() // ends the writer of a pipe
	report, err := t.Import(ctx, u, src)
	var refused *client.Problem
	if errors.As(err, &refused) && refused.Import != nil {
		return refused.Import, errRefused
	}
	if err != nil {
		return nil, err
	}
	return &report, nil
}

// errRefused ends an upload whose report says why.
var errRefused = errors.New("nothing was changed")

// printReports prints what came of uploads; failed is the error to return, after the reports.
func (r *runner) printReports(failed error, reports ...*wire.Import) error {
	var there []*wire.Import
	for _, report := range reports {
		if report != nil {
			there = append(there, report)
		}
	}
	if len(there) == 0 {
		return failed
	}
	print := r.printImports
	if r.flags.output == "json" {
		print = func(reports []*wire.Import) error {
			if len(reports) == 1 {
				return r.printJSON(reports[0])
			}
			return r.printJSON(reports)
		}
	}
	return errors.Join(print(there), failed)
}

// shownFaults is how many faults of an upload a table lists.
const shownFaults = 50

func (r *runner) printImports(reports []*wire.Import) error {
	var rows, faults [][]string
	more := 0
	for _, i := range reports {
		state := i.State
		if i.DryRun {
			state = "dry run"
		}
		rows = append(rows, []string{
			i.Kind, state, strconv.Itoa(i.Rows), strconv.Itoa(i.Accepted), strconv.Itoa(i.Rejected),
			strconv.Itoa(i.Difference.Added), strconv.Itoa(i.Difference.Changed), strconv.Itoa(i.Difference.Same),
		})
		for n, f := range i.Faults {
			if n == shownFaults {
				more += len(i.Faults) - n
				break
			}
			faults = append(faults, []string{strconv.Itoa(f.Row), f.Column, f.Code, f.Message})
		}
		more += i.MoreFaults
	}
	if err := r.printTable([]string{"KIND", "STATE", "ROWS>", "ACCEPTED>", "REJECTED>", "ADDED>", "CHANGED>", "SAME>"}, rows); err != nil || len(faults) == 0 {
		return err
	}
	if err := r.print(""); err != nil {
		return err
	}
	if err := r.printTable([]string{"ROW>", "COLUMN", "CODE", "FAULT"}, faults); err != nil || more == 0 {
		return err
	}
	return r.print("and %d faults more; --output json lists up to 10,000", more)
}
