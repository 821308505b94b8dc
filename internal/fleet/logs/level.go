package logs

import (
	"fmt"
	"strings"
)

// Level is how grave a message is.
type Level int

// The levels, least grave first. LevelAny asks for no level, and is the level of a message that shows none.
const (
	LevelAny Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelFatal
)

// levelWords are the names of levels as loggers write them, Python's and pino's numbers included.
var levelWords = map[string]Level{
	"trace": LevelDebug, "debug": LevelDebug, "info": LevelInfo, "notice": LevelInfo, "warn": LevelWarn, "warning": LevelWarn,
	"err": LevelError, "error": LevelError, "fatal": LevelFatal, "critical": LevelFatal, "panic": LevelFatal,
	"10": LevelDebug, "20": LevelDebug, "30": LevelInfo, "40": LevelWarn, "50": LevelError, "60": LevelFatal,
}

// ParseLevel reads a level's name.
func ParseLevel(s string) (Level, error) {
	if s == "" {
		return LevelAny, nil
	}
	if l := levelWords[strings.ToLower(s)]; l != LevelAny && s[0] > '9' {
		return l, nil
	}
	return LevelAny, fmt.Errorf("unknown log level %q: use debug, info, warn, error or fatal", s)
}

// LevelOf finds the level of a message, whatever its colours: the field level, levelname or severity when the message is
// a JSON object, else the first upper-case or bracketed level word near its beginning. A traceback is an error.
func LevelOf(message string) Level {
	m := strings.TrimLeft(Plain(message), " \t")
	if strings.HasPrefix(m, "{") {
		if l := levelField(m); l != LevelAny {
			return l
		}
	}
	l := levelWord(head(m))
	if l < LevelError && beginsTrace(m) {
		return LevelError
	}
	return l
}

// head is as much of a message as may name its level.
func head(m string) string { return m[:min(len(m), 160)] }

func levelField(m string) Level {
	found := LevelAny
	s := scanner{b: []byte(m)}
	s.object(func(key []byte) bool {
		switch strings.ToLower(string(key)) {
		case "level", "levelname", "severity", "lvl", "log.level":
		default:
			return s.skip(0)
		}
		if s.next() == '"' {
			v, ok := s.str(nil)
			found = max(found, levelWords[strings.ToLower(Plain(string(v)))])
			return ok
		}
		from := s.i
		ok := s.skip(0)
		found = max(found, levelWords[string(s.b[from:s.i])])
		return ok
	})
	return found
}

// levelWord takes a word in capitals anywhere (ERROR), and one in any case that a colon, a bracket or "level="
// sets apart, so that prose such as "no error" is not a level.
func levelWord(m string) Level {
	for i := 0; i < len(m); {
		if !isLetter(m[i]) {
			i++
			continue
		}
		from := i
		for i < len(m) && isLetter(m[i]) {
			i++
		}
		word := m[from:i]
		joined := from > 0 && m[from-1] == '_' || i < len(m) && m[i] == '_' // ERROR_COUNT is a name
		if joined || len(word) > len("critical") {
			continue
		}
		l := levelWords[strings.ToLower(word)]
		if l == LevelAny {
			continue
		}
		apart := i < len(m) && (m[i] == ':' || m[i] == ']') || from > 0 && (m[from-1] == '[' || m[from-1] == '=')
		if apart || word == strings.ToUpper(word) {
			return l
		}
	}
	return LevelAny
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
