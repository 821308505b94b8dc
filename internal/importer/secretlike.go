package importer

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var (
	secretWord = lazyregexp.New(`(?i)(^|_|-|\.)(api_?key|apikey|key|token|secret|secrets|password|passwd|passphrase|pass|pwd|credential|credentials|mnemonic|seed|dsn|auth|authorization|webhook|webhook_url|pat|cookie|salt|jwt|private|database_url|db_url|connection_string|mongo_?uri|postgres_url)($|_|-|\.)`)
	// plainWord names what only sounds like a secret.
	plainWord = lazyregexp.New(`(?i)(^|_)(public|max|min|limit|count|size|length|ttl|expir\w*|timeout|name|names|prefix|path|file|dir|url_base|enabled|disabled|type|issuer|audience|algorithm|mode|provider|per|window|budget|id|domain|endpoint|host|port|header)($|_)`)
	truthText = lazyregexp.New(`(?i)^(true|false|yes|no|on|off|none|null)?$`)
	address   = lazyregexp.New(`^\$?\{?(aws_|data\.|arn:aws)`)
)

// secretTag is why a tag stays behind.
const secretTag = "it looks like a secret, and everybody who may list resources reads tags"

// looksSecret tells whether a text looks like a secret whatever it is called.
func looksSecret(text string) bool { return agents.LooksSecret(text) }

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
