package wire

import "github.com/sihai-network/sihai/engine"

// Problem is an error as RFC 9457 has it, with every fault of the input.
type Problem struct {
	Type   string  `json:"type" doc:"always about:blank: see code" example:"about:blank"`
	Title  string  `json:"title" doc:"the status in words"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Code   string  `json:"code" doc:"stable, snake_case" example:"invalid_input"`
	Errors []Fault `json:"errors,omitempty"`
	// Reasons are why the ledger refused.
	Reasons []Reason `json:"reasons,omitempty" doc:"of code refused: why, by code"`
}

// Fault is one thing wrong with an input.
type Fault struct {
	Path    string `json:"path" doc:"dotted, with indexes; empty: the input as a whole" example:"placements[0].count"`
	Code    string `json:"code" example:"out_of_range"`
	Message string `json:"message"`
}

// FaultsOf returns faults as they are sent.
func FaultsOf(faults engine.Faults) []Fault {
	out := make([]Fault, len(faults))
	for i, f := range faults {
		out[i] = Fault(f)
	}
	return out
}

// List is a page of a list.
type List[T any] struct {
	Data       []T    `json:"data"`
	NextCursor string `json:"next_cursor,omitempty" doc:"asks for the next page; left out on the last"`
}

// ListOf returns a page, each item made by one.
func ListOf[E, T any](items []E, next string, one func(*E) T) List[T] {
	out := List[T]{Data: make([]T, len(items)), NextCursor: next}
	for i := range items {
		out.Data[i] = one(&items[i])
	}
	return out
}
