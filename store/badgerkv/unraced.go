//go:build !race

package badgerkv

const raced = false
