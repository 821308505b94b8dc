package importer

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var (
	secretWord = lazyregexp.New(`(?i)(^|_|-|\.)(api_?key|apikey|key|token|secret|secrets|password|passwd|passphrase|pass|pwd|credential|credentials|mnemonic|seed|dsn|auth|authorization|webhook|webhook_url|pat|cookie|salt|jwt|private|database_url|db_url|connection_string|mongo_?uri|postgres_url)($|_|-|\.)`)
	// plainWord names what only sounds like a secret.
	plainWord  = lazyregexp.New(`(?i)(^|_)(public|max|min|limit|count|size|length|ttl|expir\w*|timeout|name|names|prefix|path|file|dir|url_base|enabled|disabled|type|issuer|audience|algorithm|mode|provider|per|window|budget|id|domain|endpoint|host|port|header)($|_)`)
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
	truthText = lazyregexp.New(`(?i)^(true|false|yes|no|on|off|none|null)?$`)
	address   = lazyregexp.New(`^\$?\{?(aws_|data\.|arn:aws)`)
	digestRef = lazyregexp.New(`sha256:[0-9a-f]{64}`)
)

// secretTag is why a tag stays behind.
const secretTag = "it looks like a secret, and everybody who may list resources reads tags"

// looksSecret tells whether a text looks like a secret whatever it is called.
func looksSecret(text string) bool {
	text = digestRef.ReplaceAllString(text, "")
	for _, p := range secretText {
		if p.MatchString(text) {
			return true
		}
	}
	return opaque.MatchString(text) && hasDigit.MatchString(text) && hasLower.MatchString(text) && hasUpper.MatchString(text)
}

// secretVariable tells whether an environment variable looks like a secret by its
// name or its text. What only counts, switches or names something is none.
func secretVariable(name, text string) bool {
	if looksSecret(text) {
		return true
	}
	if !secretWord.MatchString(name) || address.MatchString(text) {
		return false
	}
	if plainWord.MatchString(name) {
		return false
	}
	return text == "" || !truthText.MatchString(text)
}

// secretKey is the key of a variable in the agent's own secret: OPENAI_API_KEY is openai_api_key.
func secretKey(variable string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.', r == '-':
			return r
		}
		return '_'
	}, variable))
}
