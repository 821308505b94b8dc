package logs

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// traceStarts is how a traceback begins: of Python, Go, Java and Node.js. Nothing in it is a level, yet it is an error.
var traceStarts = lazyregexp.New(`^\s*(Traceback \(most recent call last\)|panic: |fatal error: |goroutine \d+ \[|Exception\b|Unhandled (exception|rejection)|Uncaught |([\w$]+\.)*\w*(Error|Exception)\b(: |$))`)

// traceGoes is how a traceback continues when each line is an event of its own, as the awslogs driver writes them: lines
// that are indented or empty, Go's calls, Java's causes, Python's joints between two, and the error itself.
var traceGoes = lazyregexp.New(`^(\s|$|[\w./*()]+\(.*\)$|created by |exit status \d|goroutine \d+ \[|\[signal |Caused by: |\.\.\. \d+ more|During handling of |The above exception |Traceback |[\w.$]+(Error|Exception|Exit|Interrupt|Warning)\b|[A-Za-z_][\w.]*: )`)

func beginsTrace(plain string) bool { return traceStarts.MatchString(plain) }

// traces knows of which streams the last event belongs to a traceback. Events of a stream come to it in their order.
type traces map[Stream]bool

// goesOn reports whether an event is part of the traceback before it, and notes what it is.
func (t traces) goesOn(s Stream, plain string) bool {
	inside := t[s]
	switch {
	case inside && traceGoes.MatchString(plain) && levelWord(head(plain)) == LevelAny:
		// The error itself is a traceback's last line, unless another traceback follows.
		t[s] = strings.HasPrefix(plain, " ") || strings.HasPrefix(plain, "\t") || !errorLine.MatchString(plain)
		return true
	case beginsTrace(plain):
		t[s] = true
	case inside:
		delete(t, s)
	}
	return false
}

// errorLine is Python's last line of a traceback.
var errorLine = lazyregexp.New(`^[\w.]+(:|$)`)
