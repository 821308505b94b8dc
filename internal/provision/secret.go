package provision

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// recoveryDays is how long a deleted secret can be had back; AWS takes 7 to 30.
// The name is taken for as long, and nothing is charged.
const recoveryDays = 7

// SecretSpec is what we own of a flat secret. Values are not part of it.
type SecretSpec struct {
	// Keys are the names that have a value, sorted and joined by a space.
	Keys string
	// Noted: the tag says the same.
	Noted bool
	// Outdated are the keys with another value than the one that is to overwrite
	// it, for `secrets sync` and `secrets set` alone.
	Outdated string
	Tags     cloud.Tags
}

// Secret is the flat secret of one agent, {"private_key": …}: of a nested one ECS
// cannot read an entry. It costs $0.40 a month, so there is none until there is a
// value to keep: the first copy out of the user's nested secret, or what
// `karmactl secrets set` puts there. Values that are there are overwritten only by
// a command that has a SecretInput.
type Secret struct {
	engine.Ref
	*Env
	Agent  agents.Agent
	Nested *NestedSecret
	Input  *SecretInput

	mu      sync.Mutex
	seen    secretSeen
	actions map[string]Action
}

// SecretName is the name of an agent's flat secret: karmacadabra/validator. An
// environment other than prod has its own: karmacadabra/staging/validator.
func (h *Env) SecretName(agent string) string { return h.agentPath(agent) }

// agentPath is what repositories and secrets of an agent are called.
func (h *Env) agentPath(agent string) string {
	if env := h.environment(); env != "prod" {
		return h.Project + "/" + env + "/" + agent
	}
	return h.Project + "/" + agent
}

func (h *Env) environment() string { return strings.TrimPrefix(h.Stack, h.Project+"-") }

func (s *Secret) Key() engine.Key      { return engine.Key("secret/" + s.Agent.Name) }
func (s *Secret) OfAgent() string      { return s.Agent.Name }
func (s *Secret) Needs() []engine.Node { return nil }

func (s *Secret) look() secretSeen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// available are the keys that the secret has, or will have after the first copy.
func (s *Secret) available() []string {
	seen := s.look()
	if len(seen.keys) > 0 {
		return seen.keys
	}
	return seen.nested
}

// Wanted when there is a value to keep, or one that can be had back.
func (s *Secret) Wanted(context.Context) (bool, string, error) {
	seen := s.look()
	return len(seen.nested) > 0 || seen.deleted != "", "there is no value to keep yet: karmactl secrets set makes it", seen.unread
}

// Restored begins the note of a secret that is scheduled for deletion and comes back as it was; its key is the rest.
const Restored = "restored, with all values: "

// Notes tell that a deleted secret comes back.
func (s *Secret) Notes() []string {
	if s.look().deleted == "" {
		return nil
	}
	return []string{Restored + string(s.Key())}
}

// Want is what is there, or the first copy.
func (s *Secret) Want() SecretSpec {
	return SecretSpec{Keys: strings.Join(s.available(), " "), Noted: true, Tags: s.TagsOf(s.Key())}
}

// Find asks for the secret by name. One that is scheduled for deletion is gone, and
// can be had back.
func (s *Secret) Find(ctx context.Context, look engine.Look) (engine.Found[SecretSpec], error) {
	var found engine.Found[SecretSpec]
	var seen secretSeen
	x, err := s.describe(ctx, look)
	if err != nil {
		return found, err
	}
	if x != nil {
		if found, seen, err = s.found(ctx, look, x); err != nil {
			return found, err
		}
	}
	if len(seen.keys) == 0 {
		nested, err := s.Nested.Keys(ctx, look.NotOlder, s.Agent.Name)
		if err != nil && found.Phase != engine.Absent {
			return found, err
		}
		seen.unread = err
		seen.nested = s.Input.with(intersect(s.Agent.OwnKeys(), nested))
	}
	if s.Input != nil && seen.deleted == "" {
		s.keepFirst(s.firstActions(seen))
	}
	s.mu.Lock()
	s.seen = seen
	s.mu.Unlock()
	return found, nil
}

// describe is nil when there is no such secret. ListSecrets may be five minutes behind,
// in the SDK's words, and DescribeSecret, of which AWS takes 10,000 calls a second, is not.
func (s *Secret) describe(ctx context.Context, look engine.Look) (*secretsmanager.DescribeSecretOutput, error) {
	name := s.SecretName(s.Agent.Name)
	all, err := cloud.List(ctx, s.Inventory, "secret "+name, look.NotOlder, func(ctx context.Context) ([]*secretsmanager.DescribeSecretOutput, error) {
		out, err := s.Clients.SecretsManager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
		if cloud.IsNotFound(err) {
			return nil, nil
		}
		return []*secretsmanager.DescribeSecretOutput{out}, err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// found is what a description says of the secret, which is foreign when it has not our tags.
func (s *Secret) found(ctx context.Context, look engine.Look, x *secretsmanager.DescribeSecretOutput) (found engine.Found[SecretSpec], seen secretSeen, err error) {
	name, arn, tags := aws.ToString(x.Name), aws.ToString(x.ARN), fromSecretTags(x.Tags)
	if !tags.Ours(s.Stack, s.Key()) && look.ID != arn {
		return found, seen, s.foreign(s.Key(), "secret "+name, arn)
	}
	if seen, err = s.inspect(ctx, x, tags); err != nil || seen.deleted != "" {
		return found, seen, err
	}
	found = engine.Found[SecretSpec]{
		Phase: engine.Ready, ID: arn, Outputs: map[string]string{"name": name, "version": seen.version},
		Spec: SecretSpec{Keys: strings.Join(seen.keys, " "), Noted: tags[TagSecretKeys] == seen.note(), Tags: tags},
	}
	delete(found.Spec.Tags, TagSecretKeys)
	if s.Input == nil || seen.version == "" {
		return found, seen, nil
	}
	text, err := s.secretText(ctx, arn)
	if err != nil {
		return found, seen, err
	}
	d, err := s.compare(ctx, text)
	found.Spec.Outdated = strings.Join(d.outdated, " ")
	return found, seen, err
}

// Diff compares names and tags. Which keys there are is the user's to say, once
// there are any: a deleted secret that comes back may have others than its tag said.
func (s *Secret) Diff(have, want SecretSpec) []engine.Change {
	var first []engine.Change
	if have.Keys == "" {
		first = essential(field("keys", have.Keys, want.Keys))
	}
	return changes(
		first,
		essential(field("values", have.Outdated, want.Outdated)),
		field("keys_noted", have.Noted, want.Noted),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the secret with the first copy in it, or has the deleted one back
// as it was. The token is the version: a repeated call gives the same one.
func (s *Secret) Create(ctx context.Context, want SecretSpec, token string) (string, error) {
	seen := s.look()
	if seen.deleted != "" {
		return s.restore(ctx, seen.deleted)
	}
	values, text, err := s.firstCopy(ctx)
	if err != nil {
		return "", err
	}
	tags := maps.Clone(want.Tags)
	if note := (secretSeen{version: token, keys: values.names()}).note(); note != "" {
		tags[TagSecretKeys] = note
	}
	out, err := s.Clients.SecretsManager.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(s.SecretName(s.Agent.Name)), SecretString: &text, ClientRequestToken: aws.String(token),
		Description: aws.String("Values of the agent " + s.Agent.Name + ", kept by karmactl"), Tags: toSecretTags(tags),
	})
	if err != nil {
		return "", values.unquoted(err)
	}
	return aws.ToString(out.ARN), nil
}

// restore has the deleted secret back, and overwrites what it is asked to.
func (s *Secret) restore(ctx context.Context, arn string) (string, error) {
	if _, err := s.Clients.SecretsManager.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &arn}); err != nil {
		return "", err
	}
	if s.Input == nil {
		return arn, nil
	}
	if _, err := s.write(ctx, arn); err != nil {
		return "", err
	}
	return arn, nil
}

// Update makes the first copy when there is no value yet, overwrites the values that
// it is asked to, and sets the tags.
func (s *Secret) Update(ctx context.Context, id string, have, want SecretSpec) error {
	seen := s.look()
	if have.Keys == "" && want.Keys != "" || have.Outdated != "" {
		now, err := s.write(ctx, id)
		if err != nil {
			return err
		}
		seen.version, seen.keys, have.Noted = now.version, now.keys, false
	}
	set, gone := have.Tags.Changed(want.Tags)
	switch note := seen.note(); {
	case have.Noted:
	case note != "":
		set[TagSecretKeys] = note
	default:
		gone = append(gone, TagSecretKeys)
	}
	if len(set) > 0 {
		if _, err := s.Clients.SecretsManager.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: &id, Tags: toSecretTags(set)}); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return failure(s.Clients.SecretsManager.UntagResource(ctx, &secretsmanager.UntagResourceInput{SecretId: &id, TagKeys: gone}))
}

// Delete schedules the secret for deletion: within seven days the next `up` has
// it back. A repeat of a call whose reply was lost finds it marked already.
func (s *Secret) Delete(ctx context.Context, id string) error {
	_, err := s.Clients.SecretsManager.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &id, RecoveryWindowInDays: aws.Int64(recoveryDays)})
	if cloud.Is(err, "InvalidRequestException") && strings.Contains(err.Error(), "marked for deletion") {
		return nil
	}
	return err
}

func toSecretTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromSecretTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
