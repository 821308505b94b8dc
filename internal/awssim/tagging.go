package awssim

import (
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

func (s *Sim) taggingNoun() noun {
	return noun{
		ops: []operation{
			on("Resource Groups Tagging API.GetResources", s.getResources, "TagFilters", "ResourceTypeFilters", "ResourceARNList").pages("ResourceTagMappingList", 50, 100),
		},
	}
}

// everyTagged are all things that the tagging API lists.
func (s *Sim) everyTagged() []tagged {
	var all []tagged
	s.each(func(t thing) {
		if t.arn != "" && !t.gone && s.visible(t.since) {
			all = append(all, tagged{t.arn, t.tags})
		}
	})
	sort.Slice(all, func(i, j int) bool { return all[i].ARN < all[j].ARN })
	return all
}

func (s *Sim) getResources(in *tagging.GetResourcesInput) (*tagging.GetResourcesOutput, error) {
	if len(in.ResourceARNList) > 0 && (len(in.TagFilters) > 0 || len(in.ResourceTypeFilters) > 0) {
		return nil, fail("InvalidParameterException", "ResourceARNList cannot be combined with filters")
	}
	var hits []tagged
	for _, t := range s.everyTagged() {
		if (len(in.ResourceARNList) == 0 || slices.Contains(in.ResourceARNList, t.ARN)) && tagFilters(in.TagFilters, t) && ofTypes(in.ResourceTypeFilters, t.ARN) {
			hits = append(hits, t)
		}
	}
	out := &tagging.GetResourcesOutput{PaginationToken: aws.String("")} // AWS says the end with an empty token
	for _, t := range hits {
		m := types.ResourceTagMapping{ResourceARN: &t.ARN}
		for k, v := range t.Tags {
			m.Tags = append(m.Tags, types.Tag{Key: &k, Value: &v})
		}
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, m)
	}
	return out, nil
}

func tagFilters(filters []types.TagFilter, t tagged) bool {
	for _, f := range filters {
		v, ok := t.Tags[aws.ToString(f.Key)]
		if !ok || len(f.Values) > 0 && !slices.Contains(f.Values, v) {
			return false
		}
	}
	return true
}

// ofTypes compares service or service:type with an ARN.
func ofTypes(kinds []string, arn string) bool {
	if len(kinds) == 0 {
		return true
	}
	parts := strings.SplitN(arn, ":", 6)
	for _, k := range kinds {
		service, kind, typed := strings.Cut(k, ":")
		if parts[2] == service && (!typed || strings.HasPrefix(parts[5], kind+"/") || strings.HasPrefix(parts[5], kind+":")) {
			return true
		}
	}
	return false
}
