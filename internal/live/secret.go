package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// SecretOf is what a variable's valueFrom names: a secret by its ARN, without the key and
// version behind it, or a parameter by its name.
func SecretOf(from string) (name string, parameter bool) {
	if _, path, is := strings.Cut(from, ":parameter/"); is {
		if strings.Contains(path, "/") {
			path = "/" + path // one of a hierarchy has its first slash in its name
		}
		return path, true
	}
	if !strings.HasPrefix(from, "arn:") {
		return from, true
	}
	// arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY:STAGE:VERSION]
	parts := strings.SplitN(from, ":", 8)
	return strings.Join(parts[:min(len(parts), 7)], ":"), false
}

// secrets looks whether what the containers take their secrets from is there. Values are not read.
func (r *reader) secrets(ctx context.Context) error {
	seen := map[string]bool{}
	for _, s := range r.fleet.Services {
		for _, c := range s.Definition.ContainerDefinitions {
			for _, x := range c.Secrets {
				name, parameter := SecretOf(aws.ToString(x.ValueFrom))
				if seen[name] {
					continue
				}
				seen[name] = true
				there, err := r.secret(ctx, name, parameter)
				if err != nil {
					return err
				}
				if !there {
					r.fleet.MissingSecrets = append(r.fleet.MissingSecrets, name)
				}
			}
		}
	}
	return nil
}

func (r *reader) secret(ctx context.Context, name string, parameter bool) (bool, error) {
	if parameter {
		out, err := r.clients.SSM.DescribeParameters(ctx, &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
			{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{name}},
		}})
		return err == nil && len(out.Parameters) > 0, err
	}
	out, err := r.clients.SecretsManager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &name})
	if cloud.IsNotFound(err) {
		return false, nil
	}
	return err == nil && out.DeletedDate == nil, err
}
