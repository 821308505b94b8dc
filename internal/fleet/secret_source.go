package fleet

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// secretSource is a secret or a parameter, without its value.
type secretSource struct {
	name      string
	arn       string
	parameter bool
	version   string
	changed   time.Time
	// keys are the keys that karmactl's tag names; noted: it speaks of this version.
	keys  []string
	noted bool
}

// look finds the source; one that is not there, or is being deleted, has no version.
func (x *secretSource) look(ctx context.Context, h *provision.Env) error {
	if path, is := tasks.Parameter(x.name); is {
		return x.lookParameter(ctx, h, path)
	}
	d, err := h.Clients.SecretsManager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &x.name})
	if cloud.IsNotFound(err) || err == nil && d.DeletedDate != nil {
		return nil
	}
	if err != nil {
		return err
	}
	x.arn = aws.ToString(d.ARN)
	// The secret's own date changes with its tags too: the version's does not.
	versions, err := cloud.Pages(ctx, secretsmanager.NewListSecretVersionIdsPaginator(h.Clients.SecretsManager, &secretsmanager.ListSecretVersionIdsInput{SecretId: &x.name}),
		func(out *secretsmanager.ListSecretVersionIdsOutput) []smtypes.SecretVersionsListEntry {
			return out.Versions
		})
	if err != nil {
		return err
	}
	for _, v := range versions {
		if slices.Contains(v.VersionStages, "AWSCURRENT") {
			x.version, x.changed = aws.ToString(v.VersionId), aws.ToTime(v.CreatedDate).UTC()
		}
	}
	for _, t := range d.Tags {
		if aws.ToString(t.Key) == provision.TagSecretKeys {
			x.keys, x.noted = provision.NotedKeys(aws.ToString(t.Value), x.version)
		}
	}
	return nil
}

func (x *secretSource) lookParameter(ctx context.Context, h *provision.Env, path string) error {
	x.parameter = true
	out, err := h.Clients.SSM.DescribeParameters(ctx, &ssm.DescribeParametersInput{ParameterFilters: []ssmtypes.ParameterStringFilter{
		{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{path}},
	}})
	if err != nil {
		return err
	}
	for _, p := range out.Parameters {
		x.arn = h.Account.ARN("ssm", "parameter/"+strings.TrimPrefix(path, "/"))
		x.version, x.changed = strconv.FormatInt(p.Version, 10), aws.ToTime(p.LastModifiedDate).UTC()
	}
	return nil
}

// is tells whether a reference of a task definition is to this source.
func (x *secretSource) is(from string) bool {
	return x.arn != "" && (from == x.arn || from == x.name || strings.HasPrefix(from, x.arn+":"))
}

// value is what is known of one of its values.
func (x *secretSource) value(v agents.Secret) SecretValue {
	out := SecretValue{Env: v.Env, Container: v.Container, Key: v.Key, From: v.From, Source: x.name, Value: NotKnown, Version: x.version}
	switch {
	case x.version == "":
		out.Value = NoValue
		return out
	case x.parameter || v.Key == "":
		out.Value = HasValue
	case x.noted && slices.Contains(x.keys, v.Key):
		out.Value = HasValue
	case x.noted:
		out.Value = NoValue
	}
	if len(out.Version) > 8 {
		out.Version = out.Version[:8]
	}
	out.Changed = &x.changed
	return out
}
