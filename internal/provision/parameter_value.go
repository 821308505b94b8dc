package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/engine"
)

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
