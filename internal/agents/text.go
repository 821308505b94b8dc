package agents

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// textRule is what a text may be. The pattern means the same to Go and to a
// JSON schema.
type textRule struct {
	pattern *lazyregexp.Regexp
	// most is the longest it may be, in characters; 0 is no limit.
	most    int
	allowed string
	// refuse is a further check; it returns what is allowed instead, or "".
	refuse func(string) string
	// near makes what was probably meant out of a text that does not match; nil is no guess.
	near func(string) string
	// rewrite says how to write a text that is right elsewhere; nil or "" is that it is not one.
	rewrite func(string) string
}

func (t textRule) check(s string) (hint string, ok bool) {
	matches := t.pattern == nil || t.pattern.MatchString(s)
	if !matches && t.rewrite != nil {
		if instead := t.rewrite(s); instead != "" {
			return instead, false
		}
	}
	switch {
	case t.most > 0 && utf8.RuneCountInString(s) > t.most:
		return fmt.Sprintf("%s, at most %d characters", t.allowed, t.most), false
	case !matches:
		return t.guess(s) + t.allowed, false
	case t.refuse != nil:
		if instead := t.refuse(s); instead != "" {
			return instead, false
		}
	}
	return "", true
}

// guess says what was probably meant, where that would be right.
func (t textRule) guess(s string) string {
	if t.near == nil {
		return ""
	}
	meant := t.near(s)
	if !t.pattern.MatchString(meant) {
		return ""
	}
	if _, ok := t.check(meant); !ok {
		return ""
	}
	return didYouMean(strconv.Quote(meant))
}

func (t textRule) schema() schema {
	s := schema{"type": "string"}
	if t.pattern != nil {
		s["pattern"] = t.pattern.String()
	}
	if t.most > 0 {
		s["maxLength"] = t.most
	}
	return s
}

// text is a text that follows a rule.
func text(rule textRule) value[string] {
	v := scalar(rule.schema(), rule.allowed, nil, itself[string])
	v.read = func(r *reader, n *yaml.Node, into *string) {
		n = resolve(n)
		if n.Kind != yaml.ScalarNode {
			r.cannotBe(n, rule.allowed)
			return
		}
		if n.Tag != "!!str" {
			instead := rule.allowed
			if _, ok := rule.check(n.Value); ok {
				instead = fmt.Sprintf("a text: write %q, with the quotes", shorten(n.Value))
			}
			r.cannotBe(n, instead)
			return
		}
		if hint, ok := rule.check(n.Value); !ok {
			r.cannotBe(n, hint)
			return
		}
		*into = n.Value
	}
	return v
}

// anyText is any scalar, kept as it is written: 9001, true and "x" alike.
func anyText(rule textRule) value[string] {
	v := text(rule)
	_, v.blank = rule.check("")
	inner := v.read
	v.read = func(r *reader, n *yaml.Node, into *string) {
		if n = resolve(n); n.Kind == yaml.ScalarNode && n.Tag != "!!str" {
			plain := *n
			plain.Tag = "!!str"
			n = &plain
		}
		inner(r, n, into)
	}
	describe := v.describe
	v.describe = func(d *definitions, preset *string) schema {
		s := describe(d, preset)
		s["type"] = []string{"string", "number", "boolean"}
		return s
	}
	return v
}

var noWordCharacter = lazyregexp.New(`[^a-z0-9]+`)

// hyphened is a text as the name of something in AWS: Karma_Hello is karma-hello. A letter beyond a to z has no
// other to stand for it, and the rest without it, gr-e for größe, is nothing that was meant.
func hyphened(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsLetter(r) }) {
		return ""
	}
	return strings.Trim(noWordCharacter.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

// underscored is a text as the name of a variable: LOG-LEVEL is LOG_LEVEL.
func underscored(s string) string {
	return strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(s)
}

// imageOf is an image's reference without a URL's scheme and in lower case up
// to its tag: registries take a tag's capitals and no repository's.
func imageOf(s string) string {
	if _, rest, is := strings.Cut(s, "://"); is {
		s = rest
	}
	name, tag := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, '/') {
		name, tag = s[:i], s[i:]
	}
	return strings.ToLower(name) + tag
}

// regionOf takes a zone for its region.
func regionOf(s string) string {
	return strings.TrimRight(strings.ToLower(s), "abcdef")
}

// domainOf takes the domain out of a URL.
func domainOf(s string) string {
	s = strings.ToLower(s)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	return strings.TrimSuffix(s, ".")
}
