package command

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine/wire"
)

// shownFaults is how many faults, and how many changes, of an upload a table lists.
const shownFaults = 50

// printImports prints reports as tables: what came of each, what a dry run would change, and the faults.
func (r *runner) printImports(reports []*wire.Import) error {
	var rows, changes, faults [][]string
	moreChanges, moreFaults := 0, 0
	for _, i := range reports {
		rows = append(rows, summaryOf(i))
		lines, more := changesOf(i)
		changes, moreChanges = append(changes, lines...), moreChanges+more+i.MoreChanges
		for n, f := range i.Faults {
			if n == shownFaults {
				moreFaults += len(i.Faults) - n
				break
			}
			faults = append(faults, []string{strconv.Itoa(f.Row), f.Column, f.Code, f.Value, f.Message})
		}
		moreFaults += i.MoreFaults
	}
	if err := r.printTable([]string{"KIND", "STATE", "ROWS>", "ACCEPTED>", "REJECTED>", "ADDED>", "CHANGED>", "SAME>", "ENDED>"}, rows); err != nil {
		return err
	}
	if err := r.printNotes(reports); err != nil {
		return err
	}
	if err := r.printSome([]string{"ROW>", "ID", "CHANGE", "MEMBER", "BEFORE", "AFTER"}, changes, moreChanges, "changes"); err != nil {
		return err
	}
	return r.printSome([]string{"ROW>", "COLUMN", "CODE", "VALUE", "FAULT"}, faults, moreFaults, "faults")
}

func summaryOf(i *wire.Import) []string {
	state := i.State
	if i.DryRun {
		state = "dry run"
	}
	return []string{
		i.Kind, state, strconv.Itoa(i.Rows), strconv.Itoa(i.Accepted), strconv.Itoa(i.Rejected),
		strconv.Itoa(i.Difference.Added), strconv.Itoa(i.Difference.Changed), strconv.Itoa(i.Difference.Same), strconv.Itoa(i.Difference.Ended),
	}
}

// changesOf lists what a dry run would change, a line for each member, and counts the rows that had no room.
func changesOf(i *wire.Import) (lines [][]string, more int) {
	for n, c := range i.Changes {
		if len(lines) >= shownFaults {
			return lines, len(i.Changes) - n
		}
		if len(c.Fields) == 0 {
			lines = append(lines, []string{strconv.Itoa(c.Row), c.ID, c.Change, "", "", ""})
		}
		for _, f := range c.Fields {
			lines = append(lines, []string{strconv.Itoa(c.Row), c.ID, c.Change, f.Path, f.Before, f.After})
		}
	}
	return lines, 0
}

// printNotes prints what is to be said of uploads as a whole.
func (r *runner) printNotes(reports []*wire.Import) error {
	for _, i := range reports {
		notes := []string{i.Detail}
		if len(i.PassedOver) > 0 {
			notes = append(notes, "nothing was read from "+strings.Join(i.PassedOver, ", "))
		}
		if i.State == "queued" {
			notes = append(notes, "import "+i.ID+" is read by the server")
		}
		for _, note := range notes {
			if err := r.printNote(i.Kind, note); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) printNote(kind, note string) error {
	if note == "" {
		return nil
	}
	return r.print("%s: %s", cmp.Or(kind, "import"), note)
}

// printSome prints a table behind an empty line, and how much of it was left out; nothing where there is none.
func (r *runner) printSome(header []string, rows [][]string, more int, what string) error {
	if len(rows) == 0 {
		return nil
	}
	if err := r.print(""); err != nil {
		return err
	}
	if err := r.printTable(header, rows); err != nil || more == 0 {
		return err
	}
	return r.print("and %d %s more; --output json lists all that are told", more, what)
}
