package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// importFlags are the flags of import.
type importFlags struct {
	client.Upload
	take, fixed []string
	template    string
	example     bool   // print a file to begin from
	faults      string // file for the faults
	noWait      bool
}

func (r *runner) importing() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE --merchant M",
		Short: "Upload venues or campaigns: all rows go in, or none",
		Long: "Upload venues or campaigns from NDJSON, CSV or GeoJSON, also packed by gzip or zstd; - is standard input. All rows go in, or none; every fault is\n" +
			"told by row and column, and the same file again changes nothing. CSV columns are named by the path of a member (title.en, discount.percent,\n" +
			"geofences.circle.radius) or as in a promotions feed of Google Merchant Center; the items of a list are separated by |. Delimiter, encoding and decimal\n" +
			"mark are found from the file. --map and --set take a foreign file's columns to those. --campaign FILE is a campaign as JSON in which {column} stands\n" +
			"for a row's value: with it, a file of venues makes a campaign at each of them in the same command. --template prints a file to begin from.",
		Example: "  sihai import --template --kind venues --format csv > venues.csv\n" +
			"  sihai import venues.csv --merchant sunny --kind venues --map code=id --map name=name.en --map lat --map lng=lon --set category=5812\n" +
			"  sihai import promotions.tsv --merchant sunny --prune --dry-run --faults faults.csv",
		Args: func(cmd *cobra.Command, args []string) error {
			if f.example {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.example {
			return r.do(func(*cobra.Command, []string) error { return r.printTemplate(f.Kind, f.Format) })(cmd, args)
		}
		return r.on(func(cmd *cobra.Command, args []string, t *target) error {
			return r.runImport(cmd.Context(), t, f, args[0])
		})(cmd, args)
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Merchant, "merchant", "", "whose; a merchant's own key need not say")
	flags.StringVar(&f.Kind, "kind", "campaigns", "venues or campaigns")
	flags.StringVar(&f.Format, "format", "", "ndjson, csv or geojson (default: by the file's name)")
	flags.BoolVar(&f.DryRun, "dry-run", false, "tell what would happen, member by member, and change nothing")
	flags.BoolVar(&f.Partial, "partial", false, "let the good rows in although others are faulty")
	flags.BoolVar(&f.Prune, "prune", false, "the file is all there is: archive the campaigns, or delete the venues, that it does not name")
	flags.Float64Var(&f.PruneShare, "prune-share", 0, "of what there is, above which --prune refuses (default 0.2)")
	flags.StringVar(&f.faults, "faults", "", "write the faults to this file, as a table to hand back")
	flags.BoolVar(&f.Async, "async", false, "let the server read the file once it has all of it, which outlives this command")
	flags.BoolVar(&f.noWait, "no-wait", false, "with --async: end once the server has the file")
	flags.StringVar(&f.Feed.Delimiter, "delimiter", "", "of CSV: a character, or tab, comma, semicolon, pipe (default: found from the header)")
	flags.StringVar(&f.Feed.Encoding, "encoding", "", strings.Join(wire.Encodings(), ", ")+" (default: found from the file)")
	flags.StringVar(&f.Feed.Decimal, "decimal", "", "mark of CSV's numbers: point or comma (default: found from the file)")
	flags.StringVar(&f.Feed.Language, "language", "", "of texts of CSV whose column names none (default: en)")
	flags.StringArrayVar(&f.take, "map", nil, "FROM=TO: take the CSV column FROM as TO, and leave out columns that no --map names")
	flags.StringArrayVar(&f.fixed, "set", nil, "COLUMN=VALUE: the same value in every row")
	flags.StringVar(&f.template, "campaign", "", "file with a campaign to make of each row of a CSV file of venues")
	flags.BoolVar(&f.example, "template", false, "print a file of the kind and format with an example in it")
	_ = cmd.RegisterFlagCompletionFunc("encoding", cobra.FixedCompletions(wire.Encodings(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("decimal", cobra.FixedCompletions([]string{"point", "comma"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"venues", "campaigns"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(wire.Formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *runner) runImport(ctx context.Context, t *target, f importFlags, name string) error {
	cols, err := parseColumns(f.take, f.fixed)
	if err != nil {
		return err
	}
	switch {
	case f.Async && t.app != nil:
		return usagef("--async is for a running server: without one this command reads the file itself")
	case f.noWait && !f.Async:
		return usagef("--no-wait is for --async")
	case f.Async && f.template != "":
		return usagef("--async and --campaign cannot hold together: the campaigns need their venues to be there")
	}
	if f.Format == "" {
		if f.Format = formatOf(unpackedName(name)); f.Format == "" {
			return usagef("--format is needed: %s does not tell it%s", name, workbookHint(name))
		}
	}
	foreign := len(cols.take)+len(cols.fixed) > 0
	if (foreign || f.template != "") && f.Format != "csv" {
		return usagef("--map, --set and --campaign are for CSV files")
	}
	if f.template == "" {
		if foreign { // the file is written anew
			cols.feed, f.Feed.Encoding, f.Feed.Delimiter = f.Feed, "", ""
		}
		report, err := r.upload(ctx, t, f, name, pickRows(foreign, cols))
		return r.printReports(err, f.faults, report)
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
	cols.feed = f.Feed
	first := f
	if foreign {
		first.Feed.Encoding, first.Feed.Delimiter = "", ""
	}
	venues, err := r.upload(ctx, t, first, name, pickRows(foreign, cols))
	if err != nil {
		return r.printReports(err, f.faults, venues)
	}
	second := f
	second.Kind, second.Format, second.Feed = "campaigns", "ndjson", engine.FeedOptions{}
	campaigns, err := r.upload(ctx, t, second, name, func(src io.Reader) io.ReadCloser {
		return piped(func(dst io.Writer) error {
			rows, err := cols.open(src)
			if err != nil {
				return err
			}
			return made.ndjson(dst, rows)
		})
	})
	return r.printReports(err, f.faults, venues, campaigns)
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
func (r *runner) upload(ctx context.Context, t *target, u importFlags, name string, read func(io.Reader) io.ReadCloser) (*wire.Import, error) {
	f, err := r.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.close()
	src := read(f)
	defer func() { _ = src.Close() }() // ends the writer of a pipe
	report, err := t.Import(ctx, u.Upload, src)
	var refused *client.Problem
	if errors.As(err, &refused) && refused.Import != nil {
		return refused.Import, errRefused
	}
	if err == nil && u.Async && !u.noWait {
		report, err = r.follow(ctx, t, report)
	}
	if err != nil && !errors.Is(err, errRefused) {
		return nil, f.failure(ctx, u.Merchant, err)
	}
	return &report, err
}

// follow waits for the end of an import that the server reads. Interrupted it says where the import can be asked for: that goes on.
func (r *runner) follow(ctx context.Context, t *target, report wire.Import) (wire.Import, error) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for report.State == "queued" || report.State == "staging" || report.State == "committed" {
		select {
		case <-ctx.Done():
			return report, fmt.Errorf("import %s goes on at the server: %w", report.ID, ctx.Err())
		case <-ticks.C:
		}
		now, err := t.ImportReport(ctx, report.MerchantID, report.ID)
		if err != nil {
			return report, fmt.Errorf("import %s goes on at the server: %w", report.ID, err)
		}
		report = now
		if r.Terminal && report.Progress != nil && report.Progress.Size > 0 {
			_, _ = fmt.Fprintf(r.Err, "\r%s: %d rows, %d %%  ", report.State, report.Rows, 100*report.Progress.Read/report.Progress.Size)
		}
	}
	if r.Terminal {
		_, _ = fmt.Fprint(r.Err, "\r\033[K")
	}
	if report.State != "done" {
		return report, errRefused
	}
	return report, nil
}

// followEvery is how often a server is asked how far an import is.
const followEvery = 300 * time.Millisecond

// errRefused ends an upload whose report says why.
var errRefused = errors.New("nothing was changed")

// printReports prints what came of uploads, and writes their faults to a file if one is named; failed is the error to return, after the reports.
func (r *runner) printReports(failed error, faults string, reports ...*wire.Import) error {
	var there []*wire.Import
	for _, report := range reports {
		if report != nil {
			there = append(there, report)
		}
	}
	if len(there) == 0 {
		return failed
	}
	if faults != "" {
		if err := writeFaults(faults, there); err != nil {
			return errors.Join(err, failed)
		}
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

// writeFaults writes the faults of uploads as a table.
func writeFaults(name string, reports []*wire.Import) error {
	var all []wire.RowFault
	for _, report := range reports {
		all = append(all, report.Faults...)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(wire.WriteFaults(f, all), f.Close())
}
