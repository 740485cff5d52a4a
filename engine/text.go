package engine

import (
	"maps"
	"slices"
)

// Text is one text in several languages: BCP 47 tag → wording. Nil and empty stand for no text.
type Text map[string]string

// Languages returns the tags of t in ascending order.
func (t Text) Languages() []string { return slices.Sorted(maps.Keys(t)) }
