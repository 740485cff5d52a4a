package command

import (
	"encoding/json"
	"fmt"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
)

// printJSON writes a value as indented JSON, with characters beyond ASCII as they are.
func (r *runner) printJSON(value any) error {
	enc := json.NewEncoder(r.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// printTable writes rows under a header, columns as wide as their widest cell on a terminal: a Chinese character is two wide.
func (r *runner) printTable(header []string, rows [][]string) error {
	_, err := fmt.Fprintln(r.Out, newTable(header, rows).String())
	return err
}

// newTable draws a table without colours, so that it is the same in a file.
func newTable(header []string, rows [][]string) *table.Table {
	cell := lipgloss.NewStyle().Padding(0, 1)
	return table.New().
		Border(lipgloss.RoundedBorder()).
		Headers(header...).
		Rows(rows...).
		Wrap(false).
		StyleFunc(func(int, int) lipgloss.Style { return cell })
}
