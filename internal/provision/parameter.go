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
		return "", engine.Advise(fmt.Errorf("the nested secret no longer has %s for %s", p.Name, p.AgentName), "karmactl secrets set "+p.AgentName+" "+p.Name)
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
