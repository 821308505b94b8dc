package cloud

import (
	"fmt"
	"strings"
)

// Count is a number of things in words: "1 task", "3 tasks", "2 addresses".
func Count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
