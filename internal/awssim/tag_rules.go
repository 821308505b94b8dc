package awssim

import (
	"strings"
	"unicode/utf8"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// tagged is one thing that the Resource Groups Tagging API knows.
type tagged struct {
	ARN  string
	Tags cloud.Tags
}

// tagText is what most services take in tags, for keys and values alike.
var tagText = lazyregexp.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// validTags holds the limits that all services share, in characters; the code is the service's own.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
func validTags(tags cloud.Tags, code string) error {
	if len(tags) > 50 {
		return fail(code, "A resource can have up to 50 tags")
	}
	for k, v := range tags {
		if k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256 || strings.HasPrefix(strings.ToLower(k), "aws:") || !tagText.MatchString(k) || !tagText.MatchString(v) {
			return fail(code, "Tag %q is not valid", k)
		}
	}
	return nil
}

// retag sets and removes tags, or leaves them when the result would not be valid.
func retag(tags cloud.Tags, set cloud.Tags, gone []string, code string) error {
	next := cloud.Tags{}
	for k, v := range tags {
		next[k] = v
	}
	for k, v := range set {
		next[k] = v
	}
	if err := validTags(next, code); err != nil {
		return err
	}
	for k, v := range set {
		tags[k] = v
	}
	for _, k := range gone {
		delete(tags, k)
	}
	return nil
}
