package geo

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a shape.
type Fault struct {
	Path    string // from the shape's root, as in "coordinates[0][3][1]"; empty: the shape as a whole
	Code    string // stable, snake_case: "required", "wrong_type", "out_of_range", "too_many", "invalid", "unknown_field"
	Message string
}

// Faults is the error of a shape with at least one fault: all of them, in the order of the input. Of more than MaxFaults there are the first, and one
// without a path, "too_many", that says so.
type Faults []Fault

// MaxFaults is the number of faults of one shape that are told.
const MaxFaults = 1_000

// Error tells every fault on one line.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, fault := range f {
		parts[i] = strings.TrimPrefix(fault.Path+": "+fault.Message, ": ")
	}
	return strings.Join(parts, "; ")
}

func (f *Faults) add(path, code, format string, args ...any) {
	switch {
	case len(*f) < MaxFaults:
		*f = append(*f, Fault{path, code, fmt.Sprintf(format, args...)})
	case len(*f) == MaxFaults:
		*f = append(*f, Fault{"", "too_many", fmt.Sprintf("there are more than these %d faults", MaxFaults)})
	}
}
