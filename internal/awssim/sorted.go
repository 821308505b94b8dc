package awssim

import (
	"maps"
	"slices"
)

// sorted lists a table in the order of its ids, so that answers repeat.
func sorted[T any](table map[string]T) []T {
	out := make([]T, 0, len(table))
	for _, id := range slices.Sorted(maps.Keys(table)) {
		out = append(out, table[id])
	}
	return out
}
