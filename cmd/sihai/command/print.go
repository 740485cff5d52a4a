package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

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

// print writes lines for people.
func (r *runner) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(r.Out, format+"\n", args...); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// printTable writes rows under a header, without a frame. A column whose name ends in > stands to the right. Widths count what a terminal shows, so that
// Chinese lines up.
func (r *runner) printTable(header []string, rows [][]string) error {
	right := make([]bool, len(header))
	names := make([]string, len(header))
	for i, name := range header {
		names[i], right[i] = strings.CutSuffix(name, ">")
	}
	for _, row := range rows {
		for i := range row {
			row[i] = strings.Map(shown, row[i])
		}
	}
	cell := lipgloss.NewStyle().PaddingRight(2)
	t := table.New().
		Border(lipgloss.NormalBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(true).
		Headers(names...).Rows(rows...).Wrap(false).
		StyleFunc(func(_, column int) lipgloss.Style {
			if right[column] {
				return cell.Align(lipgloss.Right)
			}
			return cell
		})
	var out strings.Builder
	for line := range strings.Lines(t.Render()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return r.print("%s", strings.TrimRight(out.String(), "\n"))
}

// shown replaces what would steer a terminal instead of being read: texts are other people's.
func shown(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}
