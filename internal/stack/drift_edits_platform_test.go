package stack

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// allowsNothing is a policy that allows nothing.
const allowsNothing = `{"Version":"2012-10-17","Statement":[]}`

func platformDrifts() []drift {
	role := func(edit func(*awssim.IAMRole)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Roles, "role/execution/validator", roleTags, edit) }
	}
	task := func(edit func(*awssim.IAMRole)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Roles, "role/task/validator", roleTags, edit) }
	}
	cluster := func(edit func(*awssim.Cluster)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { edit(w.Clusters["karmacadabra-prod"]); return true }
	}
	repository := func(edit func(*awssim.Repository)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Repositories, "repository/validator", repositoryTags, edit) }
	}
	secret := func(edit func(*awssim.Secret)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Secrets, "secret/validator", secretTags, edit) }
	}
	bucket := func(edit func(*awssim.Bucket)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			for _, b := range w.Buckets {
				edit(b)
			}
			return len(w.Buckets) == 1
		}
	}
	return append(scalingDrifts(), []drift{
		{"role/execution/validator", "policy", role(func(r *awssim.IAMRole) {
			r.Inline["karmactl"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
		})},
		{"role/execution/validator", "policy", role(func(r *awssim.IAMRole) { clear(r.Inline) })},
		{"role/execution/validator", "trust", role(func(r *awssim.IAMRole) { r.Trust = allowsNothing })},
		{"role/task/validator", "permissions", task(func(r *awssim.IAMRole) { delete(r.Inline, "karmactl-permissions") })},
		{"role/task/validator", "policies", task(func(r *awssim.IAMRole) { r.Attached = nil })},
		{"role/task/validator", "permissions_boundary", task(func(r *awssim.IAMRole) { r.Boundary = "" })},
		{"cluster", "container_insights", cluster(func(c *awssim.Cluster) { c.Insights = "enhanced" })},
		{"cluster", "capacity_providers", cluster(func(c *awssim.Cluster) { c.Providers = []string{"FARGATE"} })},
		{"cluster", "service_connect_namespace", cluster(func(c *awssim.Cluster) { c.Namespace = "" })},
		{"repository/validator", "scan_on_push", repository(func(r *awssim.Repository) { r.ScanOnPush = !r.ScanOnPush })},
		{"repository/validator", "tag_mutability", repository(func(r *awssim.Repository) {
			if r.Mutability == "MUTABLE" {
				r.Mutability = "IMMUTABLE"
			} else {
				r.Mutability = "MUTABLE"
			}
		})},
		{"repository/validator", "lifecycle_policy", repository(func(r *awssim.Repository) { r.Lifecycle = "" })},
		{"secret/validator", "keys_noted", secret(func(s *awssim.Secret) { delete(s.Tags, provision.TagSecretKeys) })},
		// Deleted for good and made again by hand, without a value.
		{"secret/validator", "keys", secret(func(s *awssim.Secret) { s.Versions = nil; delete(s.Tags, provision.TagSecretKeys) })},
		{"state-bucket", "versioned", bucket(func(b *awssim.Bucket) { b.Versioning = "Suspended" })},
		{"state-bucket", "public_access_blocked", bucket(func(b *awssim.Bucket) { b.Access = nil })},
		{"state-bucket", "expire_days", bucket(func(b *awssim.Bucket) { b.Lifecycle = nil })},
		{"state-bucket", "tags", bucket(func(b *awssim.Bucket) { delete(b.Tags, "karmactl:purpose") })},
	}...)
}

func scalingDrifts() []drift {
	bounds := func(edit func(*awssim.ScalableTarget)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.ScalableTargets, "scalable-target/validator", scalableTags, edit)
		}
	}
	policyOf := func(metric string, edit func(*aastypes.TargetTrackingScalingPolicyConfiguration)) func(*awssim.World) bool {
		return bounds(func(x *awssim.ScalableTarget) {
			for _, p := range x.Policies {
				if strings.Contains(p.Name, metric) {
					edit(&p.Config)
				}
			}
		})
	}
	policy := func(edit func(*aastypes.TargetTrackingScalingPolicyConfiguration)) func(*awssim.World) bool {
		return policyOf("cpu", edit)
	}
	return []drift{
		{"scaling-policy/validator/requests", "of", policyOf("requests", func(c *aastypes.TargetTrackingScalingPolicyConfiguration) {
			c.PredefinedMetricSpecification.ResourceLabel = aws.String("app/other/1/targetgroup/other/2")
		})},
		{"scalable-target/validator", "min", bounds(func(x *awssim.ScalableTarget) { x.Min = 2 })},
		{"scalable-target/validator", "max", bounds(func(x *awssim.ScalableTarget) { x.Max = 9 })},
		{"scaling-policy/validator/cpu", "target", policy(func(c *aastypes.TargetTrackingScalingPolicyConfiguration) { c.TargetValue = aws.Float64(10) })},
		{"scaling-policy/validator/cpu", "in_cooldown", policy(func(c *aastypes.TargetTrackingScalingPolicyConfiguration) { c.ScaleInCooldown = aws.Int32(1) })},
		{"scaling-policy/validator/cpu", "out_cooldown", policy(func(c *aastypes.TargetTrackingScalingPolicyConfiguration) { c.ScaleOutCooldown = aws.Int32(1) })},
		{"scaling-policy/validator/cpu", "scale_in", policy(func(c *aastypes.TargetTrackingScalingPolicyConfiguration) { c.DisableScaleIn = aws.Bool(true) })},
		{"scaling-policy/validator/cpu", "metric", policy(func(c *aastypes.TargetTrackingScalingPolicyConfiguration) {
			c.PredefinedMetricSpecification = &aastypes.PredefinedMetricSpecification{PredefinedMetricType: aastypes.MetricTypeALBRequestCountPerTarget}
		})},
	}
}
