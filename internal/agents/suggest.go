package agents

import (
	"slices"
	"strconv"
	"strings"
)

// suggest says which option was probably meant, then what there is.
func suggest(word string, options []string) string {
	all := either(options)
	if near := Nearest(word, options); near != "" {
		return didYouMean(strconv.Quote(near)) + all
	}
	return "allowed: " + all
}

// Nearest returns the option closest to word, or "" when none is close.
func Nearest(word string, options []string) string {
	word = strings.ToLower(word)
	best, bestDistance := "", 1+max(1, min(3, len(word)/3))
	for _, o := range options {
		if d := distance(word, strings.ToLower(o)); d < bestDistance {
			best, bestDistance = o, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	// An abbreviation or a longer form: "mem", "log_retention".
	i := slices.IndexFunc(options, func(o string) bool {
		return strings.HasPrefix(o, word) || len(o) >= 3 && strings.HasPrefix(word, o)
	})
	if i >= 0 {
		return options[i]
	}
	return ""
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours, in bytes. Long words are far.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
