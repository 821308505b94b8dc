package awssim

import (
	"encoding/json"
	"path"
	"slices"
	"sort"
	"strings"
	"time"
)

// lifecycleDelay is how long an image stays that a lifecycle policy expires: ECR
// does so within 24 hours.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
const lifecycleDelay = 24 * time.Hour

// lifecycleRule is one rule of a repository's lifecycle policy.
type lifecycleRule struct {
	RulePriority int
	Selection    struct {
		TagStatus, CountType, CountUnit string
		CountNumber                     int
		TagPrefixList, TagPatternList   []string
	}
	Action struct{ Type string }
}

func lifecycleRules(policy string) ([]lifecycleRule, error) {
	var doc struct{ Rules []lifecycleRule }
	err := json.Unmarshal([]byte(policy), &doc)
	return doc.Rules, err
}

// inOrder are the rules of a policy, the first one first.
func inOrder(policy string) ([]lifecycleRule, error) {
	rules, err := lifecycleRules(policy)
	sort.Slice(rules, func(i, j int) bool { return rules[i].RulePriority < rules[j].RulePriority })
	return rules, err
}

// settleRepositories expires images as the lifecycle policies say. ECS does not tell
// ECR what runs, so an image that runs goes like any other.
func (s *Sim) settleRepositories() {
	for _, r := range s.world.Repositories {
		if len(r.Images) == 0 {
			continue
		}
		rules, _ := s.lifecycles.read(r.Lifecycle, inOrder) // none, or one that was checked when it was put
		left := sorted(r.Images)
		slices.SortFunc(left, func(a, b *RepositoryImage) int { return b.Pushed.Compare(a.Pushed) })
		for _, rule := range rules {
			var of []*RepositoryImage // an image is of the first rule that selects it
			left = slices.DeleteFunc(left, func(i *RepositoryImage) bool {
				if rule.selects(i) {
					of = append(of, i)
					return true
				}
				return false
			})
			for n, i := range of {
				if due := rule.due(of, n); !due.IsZero() && !s.now().Before(due.Add(lifecycleDelay)) {
					delete(r.Images, i.Digest)
				}
			}
		}
	}
}

func (r lifecycleRule) selects(i *RepositoryImage) bool {
	switch r.Selection.TagStatus {
	case "untagged":
		return len(i.Tags) == 0
	case "tagged":
		return slices.ContainsFunc(i.Tags, func(tag string) bool {
			return slices.ContainsFunc(r.Selection.TagPrefixList, func(p string) bool { return strings.HasPrefix(tag, p) }) ||
				slices.ContainsFunc(r.Selection.TagPatternList, func(p string) bool { ok, _ := path.Match(p, tag); return ok })
		})
	}
	return true
}

// due is when the nth of a rule's images, the newest first, became one too many or
// too old; zero when it is neither.
func (r lifecycleRule) due(of []*RepositoryImage, n int) time.Time {
	most := r.Selection.CountNumber
	switch {
	case r.Selection.CountType == "sinceImagePushed":
		return of[n].Pushed.Add(time.Duration(most) * 24 * time.Hour)
	case n >= most:
		return of[n-most].Pushed
	}
	return time.Time{}
}
