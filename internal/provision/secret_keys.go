package provision

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// TagSecretKeys says which keys a secret has: "<start of the version> key key".
// It lets a plan and `secrets status` go without reading a value. It is believed
// only while the version is still the current one.
const TagSecretKeys = "karmactl:keys"

// secretSeen is what Find saw, names only.
type secretSeen struct {
	version string
	keys    []string
	// nested are the agent's keys that the nested secret has, or that are given.
	nested []string
	// unread is why the nested secret cannot be read, which is no error of a down.
	unread error
	// deleted is the ARN of one that is scheduled for deletion.
	deleted string
}

// inspect finds out which keys a secret has: from its tag when that speaks of the
// current version, else by reading it.
func (s *Secret) inspect(ctx context.Context, x *secretsmanager.DescribeSecretOutput, tags cloud.Tags) (secretSeen, error) {
	var seen secretSeen
	for version, stages := range x.VersionIdsToStages {
		for _, stage := range stages {
			if stage == stageCurrent {
				seen.version = version
			}
		}
	}
	noted := strings.Fields(tags[TagSecretKeys])
	if x.DeletedDate != nil {
		seen.deleted = aws.ToString(x.ARN)
		if len(noted) > 0 {
			seen.keys = noted[1:]
		}
		return seen, nil
	}
	if seen.version == "" {
		return seen, nil
	}
	if keys, ok := NotedKeys(tags[TagSecretKeys], seen.version); ok {
		seen.keys = keys
		return seen, nil
	}
	text, err := s.secretText(ctx, aws.ToString(x.ARN))
	if cloud.IsNotFound(err) {
		return seen, nil
	}
	seen.keys = flatten([]byte(text)).names()
	return seen, err
}

// NotedKeys are the keys that a tag names, when it speaks of this version.
func NotedKeys(note, version string) ([]string, bool) {
	noted := strings.Fields(note)
	if len(noted) == 0 || noted[0] != start(version) {
		return nil, false
	}
	return noted[1:], true
}

func start(version string) string { return version[:min(8, len(version))] }

// notable are the characters and the length that a tag takes.
var notable = lazyregexp.New(`^[A-Za-z0-9 _.:/=+@-]{1,256}$`)

// note is the tag for what was seen; "" when there is no value, or when a tag
// cannot hold it: then the secret is read each time.
func (seen secretSeen) note() string {
	if seen.version == "" {
		return ""
	}
	note := strings.Join(append([]string{start(seen.version)}, seen.keys...), " ")
	if !notable.MatchString(note) {
		return ""
	}
	return note
}
