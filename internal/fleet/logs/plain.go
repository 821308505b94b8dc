package logs

import "strings"

// Plain is a message without its escape sequences: what a person sees of it, and what filters and levels look at.
func Plain(s string) string {
	at := strings.IndexByte(s, 0x1b)
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		s = s[at+escapeSequence(s[at:]):]
		at = strings.IndexByte(s, 0x1b)
	}
	b.WriteString(s)
	return b.String()
}

// escapeSequence is the length of the control sequence (ECMA-48: ESC [ parameters, intermediates, final byte) at the
// beginning of s, or of the lone ESC.
func escapeSequence(s string) int {
	if len(s) < 2 || s[1] != '[' {
		return 1
	}
	i := 2
	for i < len(s) && s[i] >= 0x20 && s[i] < 0x40 {
		i++
	}
	if i < len(s) && s[i] >= 0x40 && s[i] < 0x7f {
		return i + 1
	}
	return 1
}
