package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Claim puts karmactl's two tags on a resource that another program made, and changes
// nothing else of it. What AWS gives no tags is karmactl's with what it belongs to.
func (h *Env) Claim(ctx context.Context, key engine.Key, id string) error {
	return h.retag(ctx, key, id, nil, cloud.TagsFor(h.Stack, key, nil))
}

// Disclaim takes these two tags off again.
func (h *Env) Disclaim(ctx context.Context, key engine.Key, id string) error {
	err := h.retag(ctx, key, id, cloud.TagsFor(h.Stack, key, nil), nil)
	return cloud.IgnoreNotFound(err)
}

// retag makes the tags have of a resource into want, by the service that has them.
func (h *Env) retag(ctx context.Context, key engine.Key, id string, have, want cloud.Tags) error {
	switch key.Kind() {
	case "vpc", "igw", "subnet", "route-table", "eip", "nat", "sg", "endpoint":
		return updateEC2Tags(ctx, h.Clients.EC2, id, have, want)
	case "alb", "listener", "rule", "target-group":
		return updateELBTags(ctx, h.Clients.ELB, id, have, want)
	case "service", "task-definition":
		return updateECSTags(ctx, h.Clients.ECS, id, have, want)
	case "cluster":
		return updateECSTags(ctx, h.Clients.ECS, h.Account.ARN("ecs", "cluster/"+id), have, want)
	case "repository":
		return h.repositoryTags().update(ctx, h.Account.ARN("ecr", "repository/"+id), have, want)
	case "log-group":
		return h.logGroupTags().update(ctx, h.Account.ARN("logs", "log-group:"+id), have, want)
	case "alarm":
		return h.alarmTags().update(ctx, h.Account.ARN("cloudwatch", "alarm:"+id), have, want)
	case "certificate":
		return (&Certificate{Env: h}).Update(ctx, id, CertificateSpec{Tags: have}, CertificateSpec{Tags: want})
	case "namespace":
		return h.retagNamespace(ctx, id, have, want)
	case "scalable-target":
		all, err := cloud.List(ctx, h.Inventory, "scalable-target", time.Time{}, (&ScalableTarget{Env: h}).list)
		if err != nil {
			return err
		}
		for _, t := range all {
			if aws.ToString(t.ResourceId) == id {
				return h.scalableTargetTags().update(ctx, aws.ToString(t.ScalableTargetARN), have, want)
			}
		}
	}
	return nil // it has no tags in AWS
}

func (h *Env) retagNamespace(ctx context.Context, name string, have, want cloud.Tags) error {
	for _, kind := range []types.NamespaceType{types.NamespaceTypeHttp, types.NamespaceTypeDnsPrivate} {
		ns, err := (&Namespace{Env: h}).ofType(ctx, name, kind)
		if err != nil {
			return err
		}
		if ns != nil {
			return h.namespaceTags().update(ctx, aws.ToString(ns.Arn), have, want)
		}
	}
	return nil
}
