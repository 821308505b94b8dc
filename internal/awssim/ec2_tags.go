package awssim

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ec2Tags reads the tags of a create for one resource type. AWS refuses a
// specification for another type.
func ec2Tags(specs []types.TagSpecification, kind types.ResourceType) (cloud.Tags, error) {
	tags := cloud.Tags{}
	for _, spec := range specs {
		if spec.ResourceType != kind {
			return nil, fail("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		for _, t := range spec.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	return tags, checkTags(tags)
}

// checkTags holds AWS's limits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
func checkTags(tags cloud.Tags) error {
	if len(tags) > 50 {
		return fail("TagLimitExceeded", "More than 50 tags")
	}
	for k, v := range tags {
		if strings.HasPrefix(k, "aws:") || k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256 {
			return fail("InvalidParameterValue", "Tag %q is not valid", k)
		}
	}
	return nil
}

func toEC2Tags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

// ec2Filters applies filters; a name that is not among the known is an error,
// as an unknown filter is in AWS.
func ec2Filters(filters []types.Filter, tags cloud.Tags, known map[string]string) (bool, error) {
	for _, f := range filters {
		name := aws.ToString(f.Name)
		var have string
		switch {
		case strings.HasPrefix(name, "tag:"):
			v, ok := tags[strings.TrimPrefix(name, "tag:")]
			if !ok {
				return false, nil
			}
			have = v
		case name == "tag-key":
			if !slices.ContainsFunc(f.Values, func(k string) bool { _, ok := tags[k]; return ok }) {
				return false, nil
			}
			continue
		default:
			v, ok := known[name]
			if !ok {
				return false, fail("InvalidParameterValue", "The filter '%s' is invalid", name)
			}
			have = v
		}
		if !slices.Contains(f.Values, have) {
			return false, nil
		}
	}
	return true, nil
}

// takeFilter takes out a filter on something of which there may be many: any of
// them may match. The values are nil when it is not asked for.
func takeFilter(filters []types.Filter, name string) (values []string, rest []types.Filter) {
	for _, f := range filters {
		if aws.ToString(f.Name) == name {
			values = append([]string{}, f.Values...)
		} else {
			rest = append(rest, f)
		}
	}
	return values, rest
}

// wanted tells whether an id is among those asked for; none asked is all.
func wanted(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

// only checks that every id asked for is known, with AWS's own error.
func only[T any](ids []string, have map[string]T, seen func(T) bool, code string) error {
	for _, id := range ids {
		if v, ok := have[id]; !ok || !seen(v) {
			return fail(code, "The ID '%s' does not exist", id)
		}
	}
	return nil
}
