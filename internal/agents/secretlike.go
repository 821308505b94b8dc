package agents

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var (
	secretText = []*lazyregexp.Regexp{
		lazyregexp.New(`\b(sk|pk|rk)[-_][A-Za-z0-9_-]{10,}`),
		lazyregexp.New(`\b(ghp|gho|ghs|ghr|github_pat|glpat|hf|xox[abprs]|npm|dop_v1|shpat|gsk|r8)[-_][A-Za-z0-9_-]{10,}`),
		lazyregexp.New(`\b(AKIA|ASIA)[A-Z0-9]{12,}`),
		lazyregexp.New(`\bAIza[A-Za-z0-9_-]{20,}`),
		lazyregexp.New(`-----BEGIN`),
		lazyregexp.New(`\beyJ[A-Za-z0-9_-]{8,}\.`),
		lazyregexp.New(`[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@`),
		lazyregexp.New(`\b(0x)?[0-9a-fA-F]{40,}\b`),
		lazyregexp.New(`\b\d{6,}:[A-Za-z0-9_-]{25,}`),
		lazyregexp.New(`https://(hooks\.slack\.com|discord(app)?\.com/api/webhooks)/\S+`),
		lazyregexp.New(`(?i)\b(bearer|basic) [A-Za-z0-9+/_.=-]{12,}`),
		lazyregexp.New(`(?i)(password|passwd|pwd|secret|token|api_?key)=[^\s&$]{3,}`),
	}
	opaque    = lazyregexp.New(`^[A-Za-z0-9+/_=-]{32,}$`)
	hasDigit  = lazyregexp.New(`[0-9]`)
	hasLower  = lazyregexp.New(`[a-z]`)
	hasUpper  = lazyregexp.New(`[A-Z]`)
	digestRef = lazyregexp.New(`sha256:[0-9a-f]{64}`)
	// publicHex is a commit or the address of a wallet or contract.
	publicHex = lazyregexp.New(`^(0x)?[0-9a-fA-F]{40}$`)
)

// LooksSecret tells whether a text looks like a secret whatever it is called.
func LooksSecret(text string) bool {
	text = digestRef.ReplaceAllString(text, "")
	for _, p := range secretText {
		if p.MatchString(text) {
			return true
		}
	}
	return opaque.MatchString(text) && hasDigit.MatchString(text) && hasLower.MatchString(text) && hasUpper.MatchString(text)
}

// openSecrets warns of values in env that look like secrets: everyone who may read task definitions reads them, and the
// file is in a repository. The values are not repeated.
func (c *Config) openSecrets() []string {
	who := map[string][]string{}
	look := func(where string, env map[string]string) {
		for name, value := range env {
			if LooksSecret(value) && !publicHex.MatchString(value) {
				who[name] = append(who[name], where)
			}
		}
	}
	for _, a := range c.Owners() {
		look(a.Name, a.Env)
		for _, s := range a.Containers() {
			look(a.Name+"'s "+s.Name, s.Env)
		}
	}
	var out []string
	for name, names := range who {
		out = append(out, fmt.Sprintf("env %s of %s looks like a secret, and everyone who may read the task definition reads it: put it under secrets, then karmactl secrets set AGENT KEY", name, strings.Join(names, ", ")))
	}
	slices.Sort(out)
	return out
}
