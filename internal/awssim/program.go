package awssim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// program is what a simulated command says, how long it takes and how it ends.
type program struct {
	lines []programLine
	takes time.Duration
	code  int32
	// exits: it says itself how it ends.
	exits bool
	// deaf: a first process that handles no signal does not end on SIGTERM, so that ECS ends it with SIGKILL.
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
	deaf bool
}

type programLine struct {
	after time.Duration
	text  string
}

// programOf reads a command. The simulated AWS runs no programs; of a shell it knows echo, seq,
// sleep, exit and kill, one after the other, so that a rehearsal can say and end as it likes;
// and trap and `& wait`, which change nothing where no one stops the container.
// `test A -ge B || ` goes before any of them, with $NAME of the overrides' environment.
// Anything else is one line that names the command, two seconds and exit code 0.
func programOf(command []string) program {
	text := strings.Join(command, " ")
	if n := len(command); n > 2 && command[n-2] == "-c" {
		text = command[n-1]
	}
	p, heeds := program{}, strings.Contains(text, "trap ")
	for statement := range strings.SplitSeq(strings.ReplaceAll(text, "&&", ";"), ";") {
		if test, otherwise, is := strings.Cut(statement, "||"); is {
			var a, b int
			if n, _ := fmt.Sscanf(strings.TrimSpace(test), "test %d -ge %d", &a, &b); n == 2 && a >= b {
				continue
			}
			statement = otherwise
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(statement), " & wait"), " ")
		rest = strings.Trim(strings.TrimSpace(rest), `'"`)
		n, err := strconv.Atoi(strings.TrimPrefix(rest, "-"))
		p.deaf = p.deaf || !heeds && (word == "sleep" || word == "tail")
		switch {
		case word == "echo":
			p.say(rest)
		case word == "seq" && err == nil:
			for i := range n {
				p.say(fmt.Sprint(i + 1))
			}
		case word == "sleep" && err == nil:
			p.takes += time.Duration(n) * time.Second
		case word == "trap":
		case word == "exit" && err == nil:
			p.code, p.exits = int32(n&255), true // what a process leaves behind is a byte
			return p
		case word == "kill" && err == nil:
			p.code = int32(128 + n&127)
			return p
		case word != "":
			p.say("simulated: " + strings.TrimSpace(statement))
			p.takes += 2 * time.Second
		}
	}
	return p
}

func (p *program) say(text string) {
	p.lines = append(p.lines, programLine{p.takes, text})
	p.takes += time.Millisecond
}
