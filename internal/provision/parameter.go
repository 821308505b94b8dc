package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ParameterSpec is what we own of a parameter. Its value is not part of it.
type ParameterSpec struct {
	// Outdated: it has another value than the one that is to overwrite it.
	Outdated bool
	// EncryptedWith is the key of a SecureString that was found. A user may have given it
	// one of his own, which is kept.
	EncryptedWith string
	Tags          cloud.Tags
}

// Parameter is one value of one agent in the Parameter Store, instead of a key
// in a flat secret: a SecureString of the standard tier, which is free. A deleted
// parameter cannot be had back. There is none until there is a value to keep.
type Parameter struct {
	engine.Ref
	*Env
	AgentName string
	Name      string
	Nested    *NestedSecret
	Input     *SecretInput

	mu sync.Mutex
	// there: it has a value. nested: the nested secret has one, or one is given.
	there, nested bool
	// unread is why the nested secret cannot be read, which is no error of a down.
	unread error
	action Action
}

// ParameterName is the name of an agent's parameter: /karmacadabra/prod/validator/private_key.
func (h *Env) ParameterName(agent, key string) string {
	return "/" + h.Project + "/" + h.environment() + "/" + agent + "/" + key
}

func (p *Parameter) Key() engine.Key      { return engine.Key("parameter/" + p.AgentName + "/" + p.Name) }
func (p *Parameter) OfAgent() string      { return p.AgentName }
func (p *Parameter) Needs() []engine.Node { return nil }
func (p *Parameter) name() string         { return p.ParameterName(p.AgentName, p.Name) }
func (p *Parameter) Want() ParameterSpec  { return ParameterSpec{Tags: p.TagsOf(p.Key())} }

// Find looks among the stack's parameters, whose listing has no tags.
func (p *Parameter) Find(ctx context.Context, look engine.Look) (engine.Found[ParameterSpec], error) {
	var found engine.Found[ParameterSpec]
	all, err := cloud.List(ctx, p.Inventory, "parameter", look.NotOlder, p.list)
	if err != nil {
		return found, err
	}
	if i := slices.IndexFunc(all, func(m types.ParameterMetadata) bool { return aws.ToString(m.Name) == p.name() }); i >= 0 {
		tags, err := p.ownTags(ctx, look, p.Key(), "parameter "+p.name(), p.Account.ARN("ssm", "parameter"+p.name()), func(ctx context.Context, _ *string) (cloud.Tags, error) {
			name := p.name()
			return p.parameterTags().read(ctx, &name)
		})
		if err != nil {
			return found, err
		}
		if tags != nil {
			found = engine.Found[ParameterSpec]{Phase: engine.Ready, ID: p.name(), Spec: ParameterSpec{EncryptedWith: aws.ToString(all[i].KeyId), Tags: tags}}
			if found.Spec.Outdated, err = p.outdated(ctx); err != nil {
				return found, err
			}
		}
	}
	p.seek(ctx, look, found.Phase != engine.Absent)
	return found, nil
}

func (p *Parameter) list(ctx context.Context) ([]types.ParameterMetadata, error) {
	return cloud.Pages(ctx, ssm.NewDescribeParametersPaginator(p.Clients.SSM, &ssm.DescribeParametersInput{MaxResults: aws.Int32(50), ParameterFilters: []types.ParameterStringFilter{{
		Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{"/" + p.Project + "/" + p.environment()},
	}}}), func(out *ssm.DescribeParametersOutput) []types.ParameterMetadata { return out.Parameters })
}

// Diff compares tags, and tells whether there is a value to overwrite.
func (p *Parameter) Diff(have, want ParameterSpec) []engine.Change {
	return changes(essential(field("outdated", have.Outdated, want.Outdated)), cloud.DiffTags(have.Tags, want.Tags))
}

// Create makes the first copy. It never overwrites: one that turns out to be there
// is left as it is.
func (p *Parameter) Create(ctx context.Context, want ParameterSpec, _ string) (string, error) {
	value, ok, err := p.value(ctx)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("the nested secret no longer has %s for %s: run karmactl secrets set %s %s", p.Name, p.AgentName, p.AgentName, p.Name)
	}
	_, err = p.Clients.SSM.PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(p.name()), Value: &value, Type: types.ParameterTypeSecureString, Tier: types.ParameterTierStandard, Tags: toSSMTags(want.Tags),
	})
	if err != nil && !cloud.Is(err, "ParameterAlreadyExists") {
		return "", secretValues{p.Name: value}.unquoted(err)
	}
	return p.name(), nil
}

// Update overwrites the value where that is asked for, and sets the tags.
func (p *Parameter) Update(ctx context.Context, id string, have, want ParameterSpec) error {
	if have.Outdated {
		if err := p.overwrite(ctx, id, have.EncryptedWith); err != nil {
			return err
		}
	}
	return p.parameterTags().update(ctx, id, have.Tags, want.Tags)
}

// Delete deletes the parameter for good.
func (p *Parameter) Delete(ctx context.Context, id string) error {
	return failure(p.Clients.SSM.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &id}))
}

// ParameterOf makes a parameter from what follows its kind in a key.
func ParameterOf(h *Env, name string) *Parameter {
	agent, key, _ := strings.Cut(name, "/")
	return &Parameter{Env: h, AgentName: agent, Name: key}
}

// maxParameterBytes is what a parameter of the standard tier takes:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const maxParameterBytes = 4096

// seek notes whether there is a value: in the parameter, or else in the nested secret or the input.
func (p *Parameter) seek(ctx context.Context, look engine.Look, there bool) {
	var nested []string
	var unread error
	if !there {
		nested, unread = p.Nested.Keys(ctx, look.NotOlder, p.AgentName)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unread = unread
	p.there, p.nested = there, slices.Contains(p.Input.with(nested), p.Name)
	if p.action == "" {
		p.action = actionOf(p.there, p.nested, false)
	}
}

// available tells whether the parameter has a value, or will have after the first copy.
func (p *Parameter) available() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.there || p.nested
}

// Wanted when the nested secret has the value.
func (p *Parameter) Wanted(context.Context) (bool, string, error) {
	wanted := p.available()
	p.mu.Lock()
	defer p.mu.Unlock()
	return wanted, "there is no value to keep yet: karmactl secrets set makes it", p.unread
}

// value is what the parameter is to have: the given one, else the nested secret's.
// An empty one is none: a parameter cannot have it.
func (p *Parameter) value(ctx context.Context) (string, bool, error) {
	v, given := "", false
	if p.Input != nil {
		v, given = p.Input.given[p.Name]
	}
	if !given {
		values, err := p.Nested.values(ctx, p.AgentName, []string{p.Name})
		if err != nil {
			return "", false, err
		}
		v = values[p.Name]
	}
	if len(v) > maxParameterBytes {
		return "", false, fmt.Errorf("%s of %s is more than the %d bytes that a parameter takes: shorten it, or keep it in Secrets Manager (secrets.store: secretsmanager)", p.Name, p.AgentName, maxParameterBytes)
	}
	return v, v != "", nil
}

// outdated compares the value with the one that is to overwrite it.
func (p *Parameter) outdated(ctx context.Context) (bool, error) {
	if p.Input == nil {
		return false, nil
	}
	want, wanted, err := p.value(ctx)
	if err != nil {
		return false, err
	}
	out, err := p.Clients.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(p.name()), WithDecryption: aws.Bool(true)})
	if err != nil {
		return false, err
	}
	action := actionOf(true, wanted, aws.ToString(out.Parameter.Value) == want)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.action == "" {
		p.action = action
	}
	return action == ValueUpdated, nil
}

// overwrite makes a new version. The type and the tier stay what they are, and the key
// where it is named: a SecureString without one is encrypted with AWS's own.
func (p *Parameter) overwrite(ctx context.Context, id, encryptedWith string) error {
	value, ok, err := p.value(ctx)
	if err != nil || !ok {
		return err
	}
	in := &ssm.PutParameterInput{Name: &id, Value: &value, Overwrite: aws.Bool(true)}
	if encryptedWith != "" {
		in.KeyId = &encryptedWith
	}
	_, err = p.Clients.SSM.PutParameter(ctx, in)
	return secretValues{p.Name: value}.unquoted(err)
}

// keyActions is what the first look saw.
func (p *Parameter) keyActions() []KeyAction {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []KeyAction{{Agent: p.AgentName, Key: p.Name, Action: p.action}}
}
