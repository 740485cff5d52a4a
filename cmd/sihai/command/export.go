package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func (r *runner) exporting() *cobra.Command {
	var merchant, kind, format, out string
	cmd := &cobra.Command{
		Use:   "export --merchant M",
		Short: "Write a merchant's venues or campaigns to a file that can be imported again",
		Long: "Write a merchant's venues or campaigns as NDJSON, CSV or GeoJSON. Imported again as it is, the file changes nothing. What changes while it is written may\n" +
			"be in it or not.",
		Example: "  sihai export --merchant sunny --kind venues --format csv --out venues.csv",
		Args:    cobra.NoArgs,
		RunE: r.on(func(cmd *cobra.Command, _ []string, t *target) error {
			if format == "" {
				if format = formatOf(out); format == "" {
					format = "ndjson"
				}
			}
			if !slices.Contains(wire.Formats(), format) || kind != "venues" && kind != "campaigns" {
				return usagef("--format is one of %s, --kind is venues or campaigns", strings.Join(wire.Formats(), ", "))
			}
			return r.runExport(cmd.Context(), t, export{merchant, kind, format}, out)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&merchant, "merchant", "", "whose; a merchant's own key need not say")
	flags.StringVar(&kind, "kind", "campaigns", "venues or campaigns")
	flags.StringVar(&format, "format", "", "ndjson, csv or geojson (default: by the name of --out, or ndjson)")
	flags.StringVar(&out, "out", "", "file to write (default: standard output)")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"venues", "campaigns"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(wire.Formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// export is what is written, and how.
type export struct{ merchant, kind, format string }

func (r *runner) runExport(ctx context.Context, t *target, e export, out string) (err error) {
	if e.merchant == "" && e.kind == "venues" {
		page, err := t.Merchants(ctx, client.Page{Limit: 2})
		if err != nil {
			return err
		}
		if len(page.Data) != 1 {
			return usagef("--merchant is needed")
		}
		e.merchant = page.Data[0].ID
	}
	dst := r.Out
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		dst = f
	}
	buffered := bufio.NewWriterSize(dst, 1<<16)
	if e.kind == "venues" {
		err = writeRows(ctx, buffered, e.format, func(p client.Page) (wire.List[wire.Venue], error) { return t.Venues(ctx, e.merchant, p) })
	} else {
		err = writeRows(ctx, buffered, e.format, func(p client.Page) (wire.List[wire.Campaign], error) { return t.Campaigns(ctx, e.merchant, p) })
	}
	return errors.Join(err, buffered.Flush())
}

// writeRows writes every row of a list. A table needs to know its columns first: its rows wait in a temporary file.
func writeRows[T any](ctx context.Context, dst io.Writer, format string, page func(client.Page) (wire.List[T], error)) error {
	if format != "csv" {
		w, err := wire.NewRowWriter(dst, format, nil)
		if err != nil {
			return err
		}
		if err := eachRow(ctx, page, func(row T) error { return w.Write(row) }); err != nil {
			return err
		}
		return w.Close()
	}
	waiting, err := os.CreateTemp("", "sihai-export-*")
	if err != nil {
		return fmt.Errorf("keep rows: %w", err)
	}
	defer func() {
		_ = waiting.Close()
		_ = os.Remove(waiting.Name())
	}()
	var columns wire.Columns
	kept := bufio.NewWriterSize(waiting, 1<<16)
	enc := json.NewEncoder(kept)
	err = eachRow(ctx, page, func(row T) error {
		columns.Add(row)
		return enc.Encode(row)
	})
	if err == nil {
		err = kept.Flush()
	}
	if err == nil {
		_, err = waiting.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	w, err := wire.NewRowWriter(dst, format, &columns)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bufio.NewReaderSize(waiting, 1<<16))
	for {
		var row T
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			return w.Close()
		} else if err != nil {
			return fmt.Errorf("read kept rows: %w", err)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
}

// eachRow calls do for every row of a list, page by page.
func eachRow[T any](ctx context.Context, page func(client.Page) (wire.List[T], error), do func(T) error) error {
	p := client.Page{Limit: 1000}
	for {
		rows, err := page(p)
		if err != nil {
			return err
		}
		for _, row := range rows.Data {
			if err := do(row); err != nil {
				return err
			}
		}
		if p.Cursor = rows.NextCursor; p.Cursor == "" {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// printTemplate prints a file with an example that can be imported as it is.
func (r *runner) printTemplate(kind, format string) error {
	if format == "" {
		format = "csv"
	}
	if !slices.Contains(wire.Formats(), format) || kind != "venues" && kind != "campaigns" {
		return usagef("--format is one of %s, --kind is venues or campaigns", strings.Join(wire.Formats(), ", "))
	}
	return wire.WriteTemplate(r.Out, kind, format)
}
