package tuning

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a source.
type Fault struct {
	Line    int    // from 1; 0: the source as a whole
	Path    string // in the line: "candidates[2].features.distance", or the name of a column; empty: the line as a whole
	Code    string // "syntax", "required", "unknown_field", "invalid", "out_of_range", "duplicate", "too_long", "too_many"
	Message string // for people
}

// Error tells the fault with its line and path.
func (f Fault) Error() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Faults is the error of a source with at least one fault, in the order of its lines.
type Faults struct {
	List []Fault // the first MaxFaults
	More int     // how many follow
}

// MaxFaults is how many faults of a source are kept.
const MaxFaults = 1000

// Error tells the first faults on a line each, and how many there are.
func (f *Faults) Error() string {
	const told = 10
	var b strings.Builder
	for i, fault := range f.List[:min(told, len(f.List))] {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.Error())
	}
	if more := len(f.List) - told + f.More; len(f.List) > told {
		fmt.Fprintf(&b, "\nand %d faults more", more)
	}
	return b.String()
}

// faults gathers what is wrong.
type faults struct {
	found Faults
	total int
}

func (f *faults) add(line int, path, code, format string, args ...any) {
	f.total++
	if len(f.found.List) == MaxFaults {
		f.found.More++
		return
	}
	f.found.List = append(f.found.List, Fault{line, path, code, fmt.Sprintf(format, args...)})
}

// err returns nil, or *Faults.
func (f *faults) err() error {
	if f.total == 0 {
		return nil
	}
	return &f.found
}
