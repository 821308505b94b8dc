package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// maxParameterBytes is what a parameter of the standard tier takes:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const maxParameterBytes = 4096

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
