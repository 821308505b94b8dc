package logs

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON just far enough for a page of events: it copies nothing that has no escapes.
type scanner struct {
	b []byte
	i int
}

// next skips white space and tells the next byte; 0 at the end.
func (s *scanner) next() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) eat(c byte) bool {
	if s.next() != c {
		return false
	}
	s.i++
	return true
}

func (s *scanner) null() bool {
	if s.next() == 'n' && bytes.HasPrefix(s.b[s.i:], []byte("null")) {
		s.i += 4
		return true
	}
	return false
}

// object calls member at each value.
func (s *scanner) object(member func(key []byte) bool) bool {
	if !s.eat('{') {
		return false
	}
	if s.eat('}') {
		return true
	}
	for {
		key, ok := s.str(nil)
		if !ok || !s.eat(':') || !member(key) {
			return false
		}
		if s.eat('}') {
			return true
		}
		if !s.eat(',') {
			return false
		}
	}
}

// array calls element at each value.
func (s *scanner) array(element func() bool) bool {
	if !s.eat('[') {
		return false
	}
	if s.eat(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if s.eat(']') {
			return true
		}
		if !s.eat(',') {
			return false
		}
	}
}

// number reads an integer.
func (s *scanner) number() (int64, bool) {
	c := s.next()
	minus := c == '-'
	if minus {
		s.i++
	}
	var n int64
	from := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		n = n*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	if minus {
		n = -n
	}
	if s.i < len(s.b) && (s.b[s.i] == '.' || s.b[s.i]|0x20 == 'e') {
		return 0, false
	}
	return n, s.i > from && s.i-from < 19
}

// skip passes over any value.
func (s *scanner) skip(depth int) bool {
	if depth > 100 {
		return false
	}
	switch s.next() {
	case '{':
		return s.object(func([]byte) bool { return s.skip(depth + 1) })
	case '[':
		return s.array(func() bool { return s.skip(depth + 1) })
	case '"':
		_, ok := s.str(nil)
		return ok
	}
	from := s.i
	for s.i < len(s.b) && !bytes.ContainsRune([]byte(",]} \t\r\n"), rune(s.b[s.i])) {
		s.i++
	}
	return s.i > from
}

// str reads a string. One with escapes is written out behind what *into holds, or by itself when into is nil.
func (s *scanner) str(into *[]byte) ([]byte, bool) {
	if !s.eat('"') {
		return nil, false
	}
	n := bytes.IndexByte(s.b[s.i:], '"')
	if n < 0 {
		return nil, false
	}
	raw := s.b[s.i : s.i+n]
	esc := bytes.IndexByte(raw, '\\')
	if esc < 0 {
		s.i += n + 1
		return raw, true
	}
	var own []byte
	if into == nil {
		into = &own
	}
	return s.unescape(into)
}

func (s *scanner) unescape(into *[]byte) ([]byte, bool) {
	out := *into
	from := len(out)
	for {
		n := bytes.IndexAny(s.b[s.i:], "\"\\")
		if n < 0 {
			return nil, false
		}
		out = append(out, s.b[s.i:s.i+n]...)
		s.i += n + 1
		if s.b[s.i-1] == '"' {
			*into = out
			return out[from:], true
		}
		if s.i >= len(s.b) {
			return nil, false
		}
		c := s.b[s.i]
		s.i++
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case '"', '\\', '/':
		case 'u':
			r, ok := s.escapedRune()
			if !ok {
				return nil, false
			}
			out = utf8.AppendRune(out, r)
			continue
		default:
			return nil, false
		}
		out = append(out, c)
	}
}

// escapedRune reads what follows \u, and the second half of a pair. A half without the other is U+FFFD.
func (s *scanner) escapedRune() (rune, bool) {
	r, ok := s.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if at := s.i; bytes.HasPrefix(s.b[at:], []byte(`\u`)) {
		s.i += 2
		second, ok := s.hex4()
		if !ok {
			return 0, false
		}
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			return pair, true
		}
		s.i = at
	}
	return utf8.RuneError, true
}

func (s *scanner) hex4() (rune, bool) {
	if s.i+4 > len(s.b) {
		return 0, false
	}
	var r rune
	for _, c := range s.b[s.i : s.i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	s.i += 4
	return r, true
}
