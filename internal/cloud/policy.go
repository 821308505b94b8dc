package cloud

import (
	"net/url"
	"strings"
)

// PolicyText is a policy as JSON, of what IAM answers: URL-encoded by RFC 3986.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
func PolicyText(document string) string {
	if plain, err := url.PathUnescape(document); err == nil && strings.HasPrefix(document, "%") {
		return plain
	}
	return document
}
