package agents

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// environmentKeyRule is what a key under environments may be: a name, or how the names of
// several begin and an asterisk. An asterisk alone would make a stack of every typing error.
var environmentKeyRule = textRule{
	pattern: lazyregexp.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*(-?\*)?$`), near: hyphened, most: 16,
	allowed: "lower-case letters, digits and single hyphens, starting with a letter; pr-* is every name that begins with pr-",
}

// overlayOf is what the file says differently in an environment: under its name, or under the
// longest pattern that the name fits, which is then returned. named is false where it is
// under neither.
func overlayOf(overlays *yaml.Node, environment string) (overlay *yaml.Node, pattern string, named bool) {
	for k, v := range pairs(overlays) {
		if k.Value == environment && !IsPattern(environment) {
			return v, "", true
		}
		if fits(k.Value, environment) && len(k.Value) > len(pattern) {
			overlay, pattern, named = v, k.Value, true
		}
	}
	return overlay, pattern, named
}

// fits tells whether a name begins as a pattern does, and is longer.
func fits(pattern, name string) bool {
	begin, is := strings.CutSuffix(pattern, "*")
	return is && begin != "" && len(name) > len(begin) && strings.HasPrefix(name, begin)
}

// IsPattern tells whether a key under environments stands for several.
func IsPattern(key string) bool { return strings.HasSuffix(key, "*") }

// apart puts the environment's name before whatever the file names outright, so that
// environments of one pattern do not meet: agents.example.com is pr-12.agents.example.com.
func (c *Config) apart() {
	if c.Pattern == "" {
		return
	}
	before := func(name string) string {
		if rest, wild := strings.CutPrefix(name, "*."); wild {
			return "*." + c.Environment + "." + rest
		}
		return c.Environment + "." + name
	}
	domain := c.LoadBalancer.Domain
	if domain != "" {
		c.LoadBalancer.Domain = before(domain)
	}
	if c.Network.Namespace != "" {
		c.Network.Namespace = before(c.Network.Namespace)
	}
	for i := range c.Agents {
		for j, h := range c.Agents[i].Hosts {
			if above, below := strings.CutSuffix(h, domain); domain != "" && below && (above == "" || strings.HasSuffix(above, ".")) {
				c.Agents[i].Hosts[j] = above + c.LoadBalancer.Domain // which the certificate of the domain covers
			} else {
				c.Agents[i].Hosts[j] = before(h)
			}
		}
	}
}

// StateAt is where the environment's state is when a place is given for all: environments of a
// pattern are below it, as the file cannot name each a place of its own.
func (c *Config) StateAt(place string) string {
	switch {
	case c.Pattern == "" || place == "":
		return place
	case strings.HasPrefix(place, "s3://"):
		return strings.TrimRight(place, "/") + "/" + c.Environment
	}
	if ext := filepath.Ext(place); len(ext) > 1 {
		return strings.TrimSuffix(place, ext) + "." + c.Environment + ext
	}
	return place // a folder: the stack's name is put below it anyway
}

// checkPattern: the names of an environment that a pattern allows are not in the file, and are
// looked at when one is chosen.
func checkPattern(r *reader, c *Config, root *yaml.Node) {
	if c.Pattern == "" {
		return
	}
	if hint, ok := environmentRule.check(c.Environment); !ok {
		where := root
		for k := range pairs(child(root, "environments")) {
			if k.Value == c.Pattern {
				where = k
			}
		}
		r.problem(where, fmt.Sprintf("%q fits %s, and is no name for an environment", shorten(c.Environment), c.Pattern), hint)
	}
	const most = 64
	if d := c.LoadBalancer.Domain; d != "" && len(d) > most && r.sound("load_balancer/domain") {
		r.problem(r.at("load_balancer", "domain"), fmt.Sprintf("%s has %d characters with the name of the environment", d, len(d)),
			fmt.Sprintf("a domain of at most %d: ACM takes %d", most-len(c.Environment)-1, most))
	}
}
