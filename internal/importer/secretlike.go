package importer

import (
	"regexp"
	"strings"
)

var (
	secretWord = regexp.MustCompile(`(?i)(^|_|-|\.)(api_?key|apikey|key|token|secret|secrets|password|passwd|passphrase|pass|pwd|credential|credentials|mnemonic|seed|dsn|auth|authorization|webhook|webhook_url|pat|cookie|salt|jwt|private|database_url|db_url|connection_string|mongo_?uri|postgres_url)($|_|-|\.)`)
	// plainWord names what only sounds like a secret.
	plainWord  = regexp.MustCompile(`(?i)(^|_)(public|max|min|limit|count|size|length|ttl|expir\w*|timeout|name|names|prefix|path|file|dir|url_base|enabled|disabled|type|issuer|audience|algorithm|mode|provider|per|window|budget|id|domain|endpoint|host|port|header)($|_)`)
	secretText = []*regexp.Regexp{
		regexp.MustCompile(`\b(sk|pk|rk)[-_][A-Za-z0-9_-]{10,}`),
		regexp.MustCompile(`\b(ghp|gho|ghs|ghr|github_pat|glpat|hf|xox[abprs]|npm|dop_v1|shpat|gsk|r8)[-_][A-Za-z0-9_-]{10,}`),
		regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{12,}`),
		regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{20,}`),
		regexp.MustCompile(`-----BEGIN`),
		regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.`),
		regexp.MustCompile(`[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@`),
		regexp.MustCompile(`\b(0x)?[0-9a-fA-F]{40,}\b`),
		regexp.MustCompile(`\b\d{6,}:[A-Za-z0-9_-]{25,}`),
		regexp.MustCompile(`https://(hooks\.slack\.com|discord(app)?\.com/api/webhooks)/\S+`),
		regexp.MustCompile(`(?i)\b(bearer|basic) [A-Za-z0-9+/_.=-]{12,}`),
		regexp.MustCompile(`(?i)(password|passwd|pwd|secret|token|api_?key)=[^\s&$]{3,}`),
	}
	opaque    = regexp.MustCompile(`^[A-Za-z0-9+/_=-]{32,}$`)
	hasDigit  = regexp.MustCompile(`[0-9]`)
	hasLower  = regexp.MustCompile(`[a-z]`)
	hasUpper  = regexp.MustCompile(`[A-Z]`)
	truthText = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|none|null)?$`)
	address   = regexp.MustCompile(`^\$?\{?(aws_|data\.|arn:aws)`)
	digestRef = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
)

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
