package rollout

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// deploymentsDescribed is how many deployments one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html
const deploymentsDescribed = 20

// Reads are the reads that agents share whose deployments are followed at the same
// time: one call has 20 deployments, 10 services or 100 tasks.
type Reads struct {
	ecs     *ecs.Client
	cluster string
	// only is the one service that is followed; "" is several.
	only  string
	clock engine.Clock
	// began is what the rounds of all that follow are counted from.
	began time.Time
	last  *cloud.Inventory

	mu       sync.Mutex
	arns     []string
	services []string
	// health is when the health of a target group was asked for within the last second.
	health []time.Time
}

// NewReads makes the reads of several services of a cluster.
func NewReads(api *ecs.Client, clock engine.Clock, cluster string) *Reads {
	return &Reads{ecs: api, cluster: cluster, clock: clock, began: clock.Now(), last: cloud.NewInventory(clock)}
}

// mayAskHealth tells whether the health of one more target group may be asked for now.
func (r *Reads) mayAskHealth(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.health = slices.DeleteFunc(r.health, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if len(r.health) >= healthRate {
		return false
	}
	r.health = append(r.health, now)
	return true
}

// follow adds a deployment of a service.
func (r *Reads) follow(arn, service string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arns, r.services = append(r.arns, arn), append(r.services, service)
}

// unfollow takes it out.
func (r *Reads) unfollow(arn, service string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.arns, arn); i >= 0 {
		r.arns, r.services = slices.Delete(r.arns, i, i+1), slices.Delete(r.services, slices.Index(r.services, service), slices.Index(r.services, service)+1)
	}
}

// nextTick is the next moment at which all that ask at this pace ask: the first of them
// reads for the others.
func (r *Reads) nextTick(pace time.Duration) time.Time {
	return r.began.Add((r.clock.Now().Sub(r.began)/pace + 1) * pace)
}

// followed are the deployments and services that are followed.
func (r *Reads) followed() (arns, services []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.arns), slices.Clone(r.services)
}

// deployment is one deployment as it was at a time or later.
func (r *Reads) deployment(ctx context.Context, arn string, notOlder time.Time) (*types.ServiceDeployment, error) {
	fetch := func(ctx context.Context) ([]types.ServiceDeployment, error) {
		arns, _ := r.followed()
		return r.describe(ctx, arns)
	}
	all, err := cloud.List(ctx, r.last, "deployment", notOlder, fetch)
	if err != nil {
		return nil, err
	}
	is := func(d types.ServiceDeployment) bool { return aws.ToString(d.ServiceDeploymentArn) == arn }
	i := slices.IndexFunc(all, is)
	if i < 0 { // it was added after the others were read
		if all, err = r.describe(ctx, []string{arn}); err != nil {
			return nil, err
		}
		if i = slices.IndexFunc(all, is); i < 0 {
			return nil, fmt.Errorf("deployment %s is gone", arn)
		}
	}
	return &all[i], nil
}

func (r *Reads) describe(ctx context.Context, arns []string) ([]types.ServiceDeployment, error) {
	var all []types.ServiceDeployment
	for part := range slices.Chunk(arns, deploymentsDescribed) {
		out, err := r.ecs.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: part})
		if err != nil {
			return nil, err
		}
		all = append(all, out.ServiceDeployments...)
	}
	return all, nil
}

// service is one active service as it was at a time or later, or nil.
func (r *Reads) service(ctx context.Context, name string, notOlder time.Time) (*types.Service, error) {
	s, err := r.described(ctx, name, notOlder)
	if s == nil || aws.ToString(s.Status) != "ACTIVE" {
		return nil, err
	}
	return s, err
}

// described is one service, active or being deleted, as it was at a time or later, or nil.
func (r *Reads) described(ctx context.Context, name string, notOlder time.Time) (*types.Service, error) {
	all, err := cloud.List(ctx, r.last, "service", notOlder, func(ctx context.Context) ([]types.Service, error) {
		_, services := r.followed()
		return tasks.Services(ctx, r.ecs, r.cluster, services)
	})
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		if aws.ToString(s.ServiceName) == name {
			return &all[i], nil
		}
	}
	return nil, nil
}

// running are the tasks of a service that are to run, the oldest first, as they were
// at a time or later. Which tasks there are is as old as listed allows: a task that
// is not listed yet is missing.
func (r *Reads) running(ctx context.Context, service string, listed, notOlder time.Time) ([]types.Task, error) {
	arns, err := cloud.List(ctx, r.last, "task-arn", listed, func(ctx context.Context) ([]string, error) {
		return tasks.List(ctx, r.ecs, r.cluster, r.only, types.DesiredStatusRunning)
	})
	if err != nil {
		return nil, err
	}
	all, err := cloud.List(ctx, r.last, "task", notOlder, func(ctx context.Context) ([]types.Task, error) {
		return tasks.Describe(ctx, r.ecs, r.cluster, arns)
	})
	if err != nil {
		return nil, err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(t types.Task) bool {
		return aws.ToString(t.Group) != "service:"+service || aws.ToString(t.DesiredStatus) != string(types.DesiredStatusRunning)
	})
	slices.SortStableFunc(own, func(x, y types.Task) int { return aws.ToTime(x.CreatedAt).Compare(aws.ToTime(y.CreatedAt)) })
	return own, nil
}
