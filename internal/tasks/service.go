package tasks

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// ServicesAPI is what reading services needs of *ecs.Client.
type ServicesAPI interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
}

// servicesDescribed is how many services one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
const servicesDescribed = 10

// Services reads services by name. One that is not there is left out; ECS still
// tells of a deleted one, as INACTIVE.
func Services(ctx context.Context, api ServicesAPI, cluster string, names []string) ([]types.Service, error) {
	var all []types.Service
	for part := range slices.Chunk(names, servicesDescribed) {
		out, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: part})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Services {
			if aws.ToString(s.Status) != "INACTIVE" {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// Primary is the deployment that a service goes towards, or nil.
func Primary(s types.Service) *types.Deployment {
	for i, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return &s.Deployments[i]
		}
	}
	return nil
}

// TargetGroup is the ARN of the target group that a service registers its tasks in;
// "" when it has none.
func TargetGroup(s types.Service) string {
	for _, lb := range s.LoadBalancers {
		return aws.ToString(lb.TargetGroupArn)
	}
	return ""
}

// UsesSpot tells whether a service puts tasks on Fargate Spot.
func UsesSpot(s types.Service) bool {
	return slices.ContainsFunc(s.CapacityProviderStrategy, func(i types.CapacityProviderStrategyItem) bool {
		return aws.ToString(i.CapacityProvider) == "FARGATE_SPOT"
	})
}

// DrySince is since when Spot has no capacity for a service whose tasks it should run; zero
// when it has, or lacks none. The event that says so comes again while it lasts.
func DrySince(s types.Service) time.Time {
	var since time.Time
	d := Primary(s)
	if d == nil || !UsesSpot(s) || d.RunningCount+d.PendingCount >= d.DesiredCount {
		return since
	}
	for _, e := range s.Events {
		m := aws.ToString(e.Message)
		if c, known := CauseOf("", m); known && c.Kind == KindCapacity {
			since = aws.ToTime(e.CreatedAt)
		} else if strings.Contains(m, "has started ") || strings.Contains(m, "has reached a steady state") {
			break
		}
	}
	return since
}

// recentEvents is how many of a service's last events count: ECS keeps a hundred.
const recentEvents = 10

// notStarted are the events that say why ECS starts no task. Despite its name
// "unable to place" is about every start that failed, images and secrets included:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
var notStarted = []string{"was unable to place a task. Reason:", "failed to launch a task with (error", "unable to assume the role"}

// NotStarted is the newest of a service's recent events that says why no task
// starts; "" when there is none since the primary deployment began, or when the
// service has been steady since.
func NotStarted(s types.Service) string {
	d := Primary(s)
	for _, e := range s.Events[:min(recentEvents, len(s.Events))] {
		m := aws.ToString(e.Message)
		if strings.Contains(m, "has reached a steady state") || d != nil && d.CreatedAt != nil && e.CreatedAt != nil && e.CreatedAt.Before(*d.CreatedAt) {
			return ""
		}
		if slices.ContainsFunc(notStarted, func(text string) bool { return strings.Contains(m, text) }) {
			return m
		}
	}
	return ""
}

// unhealthyReason is in the event that tells of a target's failed check:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html
var unhealthyReason = lazyregexp.New(`is unhealthy in .* due to \(reason (.+)\)`)

// Unhealthy is why the load balancer last found a task of a service unhealthy, such
// as "Health checks failed with these codes: [404]"; "" when no recent event says so.
func Unhealthy(s types.Service) string {
	for _, e := range s.Events[:min(recentEvents, len(s.Events))] {
		if m := unhealthyReason.FindStringSubmatch(aws.ToString(e.Message)); m != nil {
			return m[1]
		}
	}
	return ""
}

var (
	// targetGroupARN is a target group as events name it; its own name is enough.
	targetGroupARN = lazyregexp.New(`arn:[\w-]+:elasticloadbalancing:[^ ]*:targetgroup/([^/ )]+)/[0-9a-f]+`)
	wholeTaskID    = lazyregexp.New(`\(task ([0-9a-f]{8})[0-9a-f]{24}\)`)
)

// withoutService is an event without "(service NAME) ", with which each begins.
func withoutService(message string) string {
	if rest, is := strings.CutPrefix(message, "(service "); is {
		if _, said, ok := strings.Cut(rest, ") "); ok {
			return said
		}
	}
	return message
}

// PlainReason has target groups by their names.
func PlainReason(s string) string { return targetGroupARN.ReplaceAllString(s, "$1") }

// PlainEvent shortens a service's event: without the name that each begins with,
// target groups by their names, task ids as Short.
func PlainEvent(message string) string {
	return wholeTaskID.ReplaceAllString(PlainReason(withoutService(message)), "(task $1)")
}
