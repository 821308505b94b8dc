package insights

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// token is a word, a number, a string, a regular expression or a sign. Kind is w, n, s, r or the sign itself.
type token struct {
	kind, text string
	at         int
}

var lexis = lazyregexp.New("^(?:" +
	"([@a-zA-Z_][@\\w.]*|`[^`]+`)" + // 1: word
	`|(\d+(?:\.\d+)?[a-z]*)` + // 2: number, or a length of time
	`|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')` + // 3: string
	`|(/(?:[^/\\\n]|\\.)+/i?)` + // 4: regular expression
	`|(!=|<=|>=|=~|[=<>()\[\],|*+%-])` + // 5: sign
	")")

func tokensOf(text string) ([]token, error) {
	var all []token
	for i := 0; i < len(text); {
		if c := text[i]; c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		if text[i] == '#' {
			i += len(strings.SplitN(text[i:], "\n", 2)[0])
			continue
		}
		m := lexis.FindStringSubmatch(text[i:])
		if m == nil {
			return nil, fmt.Errorf("unexpected symbol found %c at line %d and position %d", text[i], strings.Count(text[:i], "\n")+1, i-strings.LastIndexByte(text[:i], '\n'))
		}
		t := token{at: i}
		switch {
		case m[1] != "":
			t.kind, t.text = "w", strings.Trim(m[1], "`")
		case m[2] != "":
			t.kind, t.text = "n", m[2]
		case m[3] != "":
			t.kind, t.text = "s", unquote(m[3])
		case m[4] != "":
			t.kind, t.text = "r", m[4]
		default:
			t.kind, t.text = m[5], m[5]
		}
		all = append(all, t)
		i += len(m[0])
	}
	return append(all, token{kind: "end", text: "end of query", at: len(text)}), nil
}

func unquote(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`).Replace(s[1 : len(s)-1])
}

// parser reads tokens.
type parser struct {
	text   string
	tokens []token
	steps  Query
}

// Parse reads a query. The error is worded as AWS words it, with line and position.
func Parse(text string) (Query, error) {
	tokens, err := tokensOf(text)
	if err != nil {
		return Query{}, err
	}
	p := &parser{text: text, tokens: tokens}
	for {
		if err := p.step(); err != nil {
			return Query{}, err
		}
		if p.take("end") {
			return p.steps, nil
		}
		if !p.take("|") {
			return Query{}, p.unexpected()
		}
	}
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != "end" {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take passes over a sign.
func (p *parser) take(kind string) bool {
	ok := p.peek().kind == kind
	if ok {
		p.next()
	}
	return ok
}

// word passes over a word of the language, in any case.
func (p *parser) word(w string) bool {
	ok := p.peek().kind == "w" && strings.EqualFold(p.peek().text, w)
	if ok {
		p.next()
	}
	return ok
}

func (p *parser) unexpected() error {
	t := p.peek()
	return fmt.Errorf("unexpected symbol found %s at line %d and position %d", t.text, strings.Count(p.text[:t.at], "\n")+1, t.at-strings.LastIndexByte(p.text[:t.at], '\n'))
}

// step reads one command.
func (p *parser) step() error {
	t := p.peek()
	if t.kind != "w" {
		return p.unexpected()
	}
	p.next()
	switch strings.ToLower(t.text) {
	case "fields", "display":
		return p.columns(strings.EqualFold(t.text, "display"))
	case "filter":
		e, err := p.expression()
		p.steps.add(filterStep{e})
		return err
	case "parse":
		return p.parseStep()
	case "stats":
		return p.stats()
	case "sort":
		return p.sort()
	case "limit", "head":
		n, err := strconv.Atoi(p.peek().text)
		if err != nil || n < 1 || n > MaxRows {
			return fmt.Errorf("limit must be between 1 and %d", MaxRows)
		}
		p.next()
		p.steps.add(limitStep(n))
		return nil
	}
	p.tokens = append([]token{t}, p.tokens...)
	return p.unexpected()
}

// named is an expression and what its column is called.
type named struct {
	name string
	expression
}

// list reads expressions with their names, apart by commas.
func (p *parser) list(one func() (expression, error)) ([]named, error) {
	var all []named
	for {
		from := p.peek().at
		e, err := one()
		if err != nil {
			return nil, err
		}
		n := named{strings.Trim(strings.TrimSpace(p.text[from:p.peek().at]), "`"), e}
		if p.word("as") {
			if p.peek().kind != "w" {
				return nil, p.unexpected()
			}
			n.name = p.next().text
		}
		all = append(all, n)
		if !p.take(",") {
			return all, nil
		}
	}
}

func (p *parser) columns(only bool) error {
	all, err := p.list(p.expression)
	p.steps.add(columnsStep{all, only})
	return err
}

// parseStep reads parse FIELD /regexp with names/, or parse FIELD "with * for" as what.
func (p *parser) parseStep() error {
	s := parseStep{field: "@message"}
	if p.peek().kind == "w" {
		s.field = p.next().text
	}
	t := p.next()
	switch t.kind {
	case "r":
		re, err := compile(t.text)
		if err != nil {
			return err
		}
		s.re, s.names = re, re.SubexpNames()[1:]
		if len(s.names) == 0 || slices.Contains(s.names, "") {
			return fmt.Errorf("parse needs named groups, and only those: (?<name>...)")
		}
	case "s":
		if !p.word("as") {
			return p.unexpected()
		}
		parts := strings.Split(t.text, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		glob := strings.Join(parts, "(.*?)")
		if strings.HasSuffix(glob, "(.*?)") {
			glob += "$"
		}
		var err error
		if s.re, err = regexp.Compile("(?s)" + glob); err != nil {
			return err
		}
		for len(s.names) == 0 || p.take(",") {
			if p.peek().kind != "w" {
				return p.unexpected()
			}
			s.names = append(s.names, p.next().text)
		}
		if s.re.NumSubexp() != len(s.names) {
			return fmt.Errorf("parse has %d wildcards and %d names", s.re.NumSubexp(), len(s.names))
		}
	default:
		p.tokens = append([]token{t}, p.tokens...)
		return p.unexpected()
	}
	p.steps.add(s)
	return nil
}

func compile(text string) (*regexp.Regexp, error) {
	text = strings.TrimPrefix(text, "/")
	flags := ""
	if rest, ok := strings.CutSuffix(text, "/i"); ok {
		text, flags = rest, "(?i)"
	}
	re, err := regexp.Compile(flags + strings.ReplaceAll(strings.TrimSuffix(text, "/"), `\/`, "/"))
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression: %w", err)
	}
	return re, nil
}

func (p *parser) sort() error {
	var by sortStep
	for {
		e, err := p.expression()
		if err != nil {
			return err
		}
		k := sortKey{by: e}
		if k.descending = p.word("desc"); !k.descending {
			p.word("asc")
		}
		by = append(by, k)
		if !p.take(",") {
			p.steps.add(by)
			return nil
		}
	}
}

// lengthOfTime reads 5m, 30s, 1h, 1d.
func lengthOfTime(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err == nil && n > 0
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}
