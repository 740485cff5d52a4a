package scoring

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a profile. Its codes are those of the faults of package engine, which this package does
// not know: "required", "unknown_field", "out_of_range", "too_long", "invalid".
type Fault struct {
	Path    string // "weights.distance"
	Code    string
	Message string
}

// Faults is the error of a profile with at least one fault: all of them, in the order of the profile's fields and of the
// names of its weights.
type Faults []Fault

// Error tells every fault on one line.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, fault := range f {
		parts[i] = fault.Path + ": " + fault.Message
	}
	return strings.Join(parts, "; ")
}

func (f *Faults) add(path, code, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}
