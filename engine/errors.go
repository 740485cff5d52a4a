package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	// ErrNotFound is returned when a resource does not exist, or is not the caller's to know of.
	ErrNotFound = errors.New("not found")
	// ErrExists is returned when a resource that was to be new is there already.
	ErrExists = errors.New("already exists")
	// ErrStale is returned when a resource has another version than the write asked for.
	ErrStale = errors.New("version is stale")
	// ErrOnceConflict is returned when an idempotency key was used before with another body.
	ErrOnceConflict = errors.New("idempotency key was used with another body")
	// ErrOnceBusy is returned while a request of the same idempotency key is still in progress.
	ErrOnceBusy = errors.New("a request with this idempotency key is in progress")
	// ErrInUse is returned when a resource cannot be deleted because another one names it.
	ErrInUse = errors.New("in use")
	// ErrEnded is returned when something is to be called off that cannot be any more.
	ErrEnded = errors.New("has ended, or cannot be called off")
	// ErrNewerFormat is returned when a store was written by a later release in a format that this one does not know.
	ErrNewerFormat = errors.New("store has a newer format")
	// ErrUnavailable is returned when a part that the call needs is not ready, full or closing; the same call may succeed later.
	ErrUnavailable = errors.New("temporarily unavailable")
	// ErrNoRoom is returned when what is to come in would not fit into the memory of the process; nothing of it came in.
	ErrNoRoom = errors.New("no room in memory")
	// ErrDiskFull is returned by what would write while the disk is full. Nothing was written; the same call may succeed once there is room.
	ErrDiskFull = errors.New("the disk is full: nothing was written, and the same request may succeed once there is room")
	// ErrSettled is returned when a staged change was decided already.
	ErrSettled = errors.New("the change is settled already")
	// ErrOverlap is returned when an experiment would have users in common with another one that was started.
	ErrOverlap = errors.New("another experiment has some of these users at that time")
	// ErrOwnChange is returned when the key that asked for a change decides on it.
	ErrOwnChange = errors.New("another key has to decide")
	// ErrTooLittle is returned when the logs do not hold enough yet for an answer.
	ErrTooLittle = errors.New("too little was logged so far")
	// ErrForgotten is returned when a recorded decision is to be made again of which the exact position or the user is no longer on record.
	ErrForgotten = errors.New("the decision cannot be made again: its exact position or its user is no longer on record, since exact positions and users are kept for a set time at most")
	// ErrCorrupt is returned for stored bytes that do not decode.
	ErrCorrupt = errors.New("stored value is corrupt")
)

// Fault is one thing wrong with an input.
type Fault struct {
	Path    string // dotted, with indexes: "placements[0].count"; empty: the input as a whole
	Code    string // stable, snake_case: "unknown_field", "required", "out_of_range"
	Message string // for people: what is wrong and what was expected
}

// Faults is the error of an input with at least one fault: all of them, in the order of the input.
type Faults []Fault

// Error tells every fault on one line.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, fault := range f {
		parts[i] = fault.Message
		if fault.Path != "" {
			parts[i] = fault.Path + ": " + fault.Message
		}
	}
	return strings.Join(parts, "; ")
}

// Add appends a fault; the message is formatted as by fmt.Sprintf.
func (f *Faults) Add(path, code, format string, args ...any) {
	*f = append(*f, Fault{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Merge returns f and those of more that tell of something else: a fault at a path that one of f names, lies under or holds is
// taken to follow from it and left out. It lets a decoder and the rules behind it tell everything at once.
func (f Faults) Merge(more Faults) Faults {
	merged := f[:len(f):len(f)]
	for _, fault := range more {
		if !slices.ContainsFunc(f, func(known Fault) bool { return related(known.Path, fault.Path) }) {
			merged = append(merged, fault)
		}
	}
	return merged
}

// Under returns f with its paths put under a path.
func (f Faults) Under(path string) Faults {
	if path == "" {
		return f
	}
	out := make(Faults, len(f))
	for i, fault := range f {
		switch {
		case fault.Path == "":
			fault.Path = path
		case fault.Path[0] == '[':
			fault.Path = path + fault.Path
		default:
			fault.Path = path + "." + fault.Path
		}
		out[i] = fault
	}
	return out
}

// related reports whether one of two paths is the other or holds it. The input as a whole holds nothing in particular.
func related(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, under := strings.CutPrefix(b, a)
	return under && (rest == "" || a != "" && (rest[0] == '.' || rest[0] == '['))
}

// Err returns f as an error, or nil when there is no fault.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
