package awssim

import (
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// tagged is one thing that the Resource Groups Tagging API knows.
type tagged struct {
	ARN  string
	Tags cloud.Tags
}

// tagText is what most services take in tags, for keys and values alike.
var tagText = newPattern(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// validTags holds the limits that all services share; the code is the service's own.
func validTags(tags cloud.Tags, code string) error {
	if len(tags) > 50 {
		return fail(code, "A resource can have up to 50 tags")
	}
	for k, v := range tags {
		if k == "" || len(k) > 128 || len(v) > 256 || strings.HasPrefix(strings.ToLower(k), "aws:") || !tagText.MatchString(k) || !tagText.MatchString(v) {
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

// page cuts one page out of a listing; the token is the place in it.
func page[T any](all []T, token *string, limit int) (items []T, next *string) {
	from := 0
	if token != nil {
		for _, c := range *token {
			from = from*10 + int(c-'0')
		}
	}
	from = min(max(from, 0), len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = new(strconv.Itoa(to))
	}
	return all[from:to], next
}
