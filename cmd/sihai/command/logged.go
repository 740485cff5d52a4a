package command

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// loggedFlags say where decisions and what came of them are read from.
type loggedFlags struct {
	name, format, sizes string
	table               tuning.Table
	last                float64
	own                 ownLog
}

// loggedFormats are the formats of logs.
func loggedFormats() []string { return []string{"ndjson", "ranking", "csv"} }

func (f *loggedFlags) add(cmd *cobra.Command, table tuning.Table) {
	f.table = table
	flags := cmd.Flags()
	flags.StringVar(&f.name, "logged", "", "file with decisions and what came of them, also gzipped; - is standard input\n(default: the log of --data or --server)")
	flags.StringVar(&f.format, "format", "", "ndjson, ranking (LibSVM) or csv (default: by the file's name)")
	flags.StringVar(&f.sizes, "groups", "", "ranking: file with the number of rows of each decision (.query, .group), where the rows have no qid")
	flags.StringVar(&f.table.Label, "label", table.Label, "csv: column of what came of a row; own log: tap, redemption, discount or purchase (default: tap)")
	flags.StringVar(&f.table.Query, "query", "", "csv: column of the decision; without it each row is one")
	flags.StringVar(&f.table.User, "user", "", "csv: column of the user")
	flags.StringVar(&f.table.Time, "time", "", "csv: column of the time, RFC 3339 or seconds since 1970")
	flags.StringVar(&f.table.Item, "item", table.Item, "csv: column of the candidate's ID")
	flags.StringVar(&f.table.Merchant, "merchant", "", "csv: column of the merchant")
	flags.StringVar(&f.table.Propensity, "propensity", table.Propensity, "csv: column of the chance with which it was shown")
	flags.StringVar(&f.table.Position, "position", table.Position, "csv: column of the position, from 1")
	flags.StringVar(&f.table.Shown, "shown", "", "csv: column of whether it was shown, 0 or 1")
	flags.StringVar(&f.table.Weight, "weight", "", "csv: column of how much a row counts")
	flags.StringSliceVar(&f.table.Features, "features", nil, "csv: columns that are features (default: all others)")
	flags.StringSliceVar(&f.table.Texts, "texts", nil, "csv: columns of texts, each text a feature of 0 or 1")
	flags.StringSliceVar(&f.table.Ignore, "ignore", nil, "csv: columns that are not read")
	flags.Float64Var(&f.last, "last", 0, "take only the last share of the decisions by time, in (0, 1): what a fit to the rest has not seen")
	f.own.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(loggedFormats(), cobra.ShellCompDirectiveNoFileComp))
}

// loggedFormatOf returns the format that a file's name tells, empty when it tells none.
func loggedFormatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return "ndjson"
	case ".csv":
		return "csv"
	case ".txt", ".svm", ".libsvm", ".letor":
		return "ranking"
	}
	return ""
}

// check tells wrong use, and finds the format.
func (f *loggedFlags) check() error {
	if f.isOwn() {
		if err := f.own.check(f.table.Label); err != nil {
			return err
		}
		return f.checkLast()
	}
	if name := f.own.given(); name != "" {
		return usagef("--%s is of a log of --data or --server, and not of a file", name)
	}
	if f.format == "" {
		if f.format = loggedFormatOf(strings.TrimSuffix(f.name, ".gz")); f.format == "" {
			return usagef("--format is needed: %s does not tell it", f.name)
		}
	}
	switch {
	case f.format != "ndjson" && f.format != "ranking" && f.format != "csv":
		return usagef("--format %q is none of %s", f.format, strings.Join(loggedFormats(), ", "))
	case f.format == "csv" && f.table.Label == "":
		return usagef("--label is needed for csv: which column tells what came of a row?")
	case f.sizes != "" && f.format != "ranking":
		return usagef("--groups is for ranking files")
	}
	return f.checkLast()
}

func (f *loggedFlags) checkLast() error {
	if f.last != 0 && !(f.last > 0 && f.last < 1) {
		return usagef("--last %v is not between 0 and 1", f.last)
	}
	return nil
}

// isOwn reports whether the log is that of a server or a data folder.
func (f *loggedFlags) isOwn() bool { return f.name == "" }

// loggedFile is a data set in a file.
type loggedFile struct {
	r *runner
	f *loggedFlags
}

var _ tuning.Source = loggedFile{}

// Load reads the file, and takes the last part of it where that is asked for.
func (l loggedFile) Load(ctx context.Context) (*tuning.Dataset, error) {
	d, err := l.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.f.name, err)
	}
	if l.f.last == 0 {
		return d, nil
	}
	if d.Times == nil {
		return nil, fmt.Errorf("%s: --last needs times, and no decision has one", l.f.name)
	}
	_, last := d.Split(d.SplitTime(l.f.last))
	return last, nil
}

func (l loggedFile) read(ctx context.Context) (*tuning.Dataset, error) {
	src, err := l.r.openFile(l.f.name)
	if err != nil {
		return nil, err
	}
	defer src.close()
	switch l.f.format {
	case "ndjson":
		return tuning.ReadNDJSON(ctx, src, tuning.ReadOptions{})
	case "csv":
		return tuning.ReadCSV(ctx, src, l.f.table, tuning.ReadOptions{})
	}
	if l.f.sizes == "" {
		return tuning.ReadRanking(ctx, src, nil, tuning.ReadOptions{})
	}
	sizes, err := l.r.openFile(l.f.sizes)
	if err != nil {
		return nil, err
	}
	defer sizes.close()
	return tuning.ReadRanking(ctx, src, sizes, tuning.ReadOptions{})
}
