package recorded

import (
	"regexp"
	"strings"
	"sync"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// placeholders are the names in a form of what differs between texts. An id of eight
// digits is of an old account; new ones have seventeen.
var placeholders = map[string]string{
	"16 hex": `[0-9a-f]{16}`, "17 hex": `[0-9a-f]{17}`, "32 hex": `[0-9a-f]{32}`, "64 hex": `[0-9a-f]{64}`, "8 hex": `(?:[0-9a-f]{8}|[0-9a-f]{17})`,
	"uuid": `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "account": `\d{12}`, "region": `[a-z]+(?:-[a-z]+)+-\d`,
	"zone": `[a-z]+(?:-[a-z]+)+-\d[a-z]`, "zone id": `[a-z]+\d-az\d`, "ipv4": `\d+\.\d+\.\d+\.\d+`, "ipv4 cidr": `\d+\.\d+\.\d+\.\d+/\d+`, "n": `\d+`,
	"name": `.+`,
}

// identified are the fields whose texts all have one of the recorded forms: ids,
// ARNs, addresses, zones.
var identified = lazyregexp.New(`(?:Id|Ids\[\]|Arn|ARN|Arns\[\]|ArnList\[\]|CidrIp|CidrBlock|AvailabilityZone|ZoneName|IpAddress|PublicIp|PrivateIp|Digest)$`)

// forms are the texts and the forms of texts that were seen of one field.
type forms struct {
	texts map[string]bool // the texts themselves
	plain map[string]string
	style string // of all texts, when it is one
	// patterns are the forms, by the kind of text that has them.
	patterns map[string][]*regexp.Regexp
	// identified: it is a field of ids, so its texts have one of the forms.
	identified bool

	mu sync.Mutex
	// told is what wrong said of each text, of which an account has few and answers many.
	told map[string]string
}

func newForms(path string, values []string) (*forms, error) {
	f := &forms{texts: map[string]bool{}, plain: map[string]string{}, patterns: map[string][]*regexp.Regexp{}, identified: identified.MatchString(path), told: map[string]string{}}
	for _, v := range values {
		if !strings.Contains(v, "<") {
			if len(f.texts) == 0 {
				f.style = style(v)
			} else if f.style != style(v) {
				f.style = ""
			}
			f.texts[v], f.plain[plain(v)] = true, v
			continue
		}
		if text := pattern(v); text != "" {
			p, err := regexp.Compile("^" + text + "$")
			if err != nil {
				return nil, err
			}
			f.patterns[kind(v)] = append(f.patterns[kind(v)], p)
		}
	}
	return f, nil
}

// kind is what a text names, as far as its beginning tells: the service and the type
// of an ARN, the letters of an id, "1" for a number; "" is anything else.
func kind(text string) string {
	text = strings.NewReplacer("<account>", "1", "<n>", "1", "<ipv4", "1.<").Replace(text)
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		of := parts[5][:max(0, strings.IndexAny(parts[5], ":/"))]
		if strings.Contains(of, "<") { // the type of a container's ARN differs by the form of its id
			of = "container"
		}
		return parts[2] + ":" + of
	}
	switch i := strings.LastIndexByte(text, '-'); {
	case text != "" && strings.Trim(text, "0123456789") == "":
		return "1"
	case i > 0 && !strings.Contains(text[:i], "<") && strings.Trim(text[:i], "abcdefghijklmnopqrstuvwxyz-") == "":
		return text[:i]
	}
	return ""
}

// pattern is a form as a regular expression; "" is a form with something that is not known.
func pattern(form string) string {
	text := ""
	for form != "" {
		before, rest, found := strings.Cut(form, "<")
		text += regexp.QuoteMeta(before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, ">")
		if placeholders[name] == "" {
			return ""
		}
		text, form = text+placeholders[name], after
	}
	return text
}

// wrong says what is wrong with a text; "" is nothing. word tells that it is one of
// a list of words, and not a name.
func (f *forms) wrong(text string, word bool) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	what, ok := f.told[text]
	if !ok {
		what = f.judge(text, word)
		f.told[text] = what
	}
	return what
}

func (f *forms) judge(text string, word bool) string {
	switch {
	case text == "" || f.texts[text]:
	case f.plain[plain(text)] != "":
		return casing
	case (f.identified || strings.HasPrefix(text, "arn:")) && !f.matches(text):
		return form
	case word && len(f.patterns) == 0 && f.style != "" && style(text) != f.style:
		return casing
	}
	return ""
}

// matches tells whether a text has a form of its kind; of a kind that was never seen
// nothing can be told.
func (f *forms) matches(text string) bool {
	of := f.patterns[kind(text)]
	if len(of) == 0 && len(f.texts) == 0 && len(f.patterns) == 1 {
		of = f.patterns[""]
	}
	for _, p := range of {
		if p.MatchString(text) {
			return true
		}
	}
	return len(of) == 0
}

// plain is a word without what its writing can differ in.
func plain(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(word))
}

// style is how a word is written: "A", "a" or "Aa".
func style(word string) string {
	switch word {
	case strings.ToUpper(word):
		return "A"
	case strings.ToLower(word):
		return "a"
	}
	return "Aa"
}
