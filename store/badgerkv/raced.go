//go:build race

package badgerkv

// raced says that the race detector watches, see Engine.rewrite.
const raced = true
