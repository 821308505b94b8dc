package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ServiceLinkedRoleSpec is nothing: the role is AWS's own in every part.
type ServiceLinkedRoleSpec struct{}

// ServiceLinkedRole is the role through which a service of AWS works in the
// account. A fresh account has none, and the first call that needs one fails or
// is slow. It belongs to the account: no tags, and it is never deleted.
type ServiceLinkedRole struct {
	engine.Ref
	*Env
	// Service is the first part of the principal: ecs, elasticloadbalancing, autoscaling,
	// ecs.application-autoscaling.
	Service string
}

// serviceLinkedRoleNames are AWS's own names:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
var serviceLinkedRoleNames = map[string]string{
	"ecs":                         "AWSServiceRoleForECS",
	"elasticloadbalancing":        "AWSServiceRoleForElasticLoadBalancing",
	"autoscaling":                 "AWSServiceRoleForAutoScaling",
	"ecs.application-autoscaling": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}

func (r *ServiceLinkedRole) Key() engine.Key             { return engine.Key("slr/" + r.Service) }
func (r *ServiceLinkedRole) Needs() []engine.Node        { return nil }
func (r *ServiceLinkedRole) Want() ServiceLinkedRoleSpec { return ServiceLinkedRoleSpec{} }

// Find looks by AWS's own name.
func (r *ServiceLinkedRole) Find(ctx context.Context, look engine.Look) (engine.Found[ServiceLinkedRoleSpec], error) {
	name := serviceLinkedRoleNames[r.Service]
	there := engine.Found[ServiceLinkedRoleSpec]{Phase: engine.Ready, ID: name}
	roles, listed, err := r.roles(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[ServiceLinkedRoleSpec]{}, err
	}
	for _, role := range roles {
		if aws.ToString(role.RoleName) == name {
			return there, nil
		}
	}
	if listed {
		return engine.Found[ServiceLinkedRoleSpec]{}, nil
	}
	_, err = r.Clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return engine.Found[ServiceLinkedRoleSpec]{}, cloud.IgnoreNotFound(err)
	}
	return there, nil
}

func (r *ServiceLinkedRole) Diff(_, _ ServiceLinkedRoleSpec) []engine.Change { return nil }

// Create makes the role. Another stack, or the service itself, may be quicker.
func (r *ServiceLinkedRole) Create(ctx context.Context, _ ServiceLinkedRoleSpec, _ string) (string, error) {
	_, err := r.Clients.IAM.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String(r.Service + ".amazonaws.com")})
	if taken := cloud.Is(err, "InvalidInput") && cloud.Says(err, "has been taken in this account"); err != nil && !taken {
		return "", err
	}
	return serviceLinkedRoleNames[r.Service], nil
}

func (r *ServiceLinkedRole) Update(context.Context, string, ServiceLinkedRoleSpec, ServiceLinkedRoleSpec) error {
	return nil
}

// Delete is never asked for: the caller keeps these, because other stacks of the
// account live on them.
func (r *ServiceLinkedRole) Delete(context.Context, string) error { return nil }
