package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// ForeignResource is something that karmactl did not make inside of something
// that it did make: a database in its subnet, a service in its cluster.
type ForeignResource struct {
	// In are the keys of what it is inside of, or uses.
	In []engine.Key
	// What names it, for a person.
	What string
}

// ForeignResources finds what would lose its network, its cluster or its load
// balancer if the stack went. It reads and never writes.
func (h *Env) ForeignResources(ctx context.Context) ([]ForeignResource, error) {
	var out []ForeignResource
	for _, find := range []func(context.Context) ([]ForeignResource, error){h.foreignInterfaces, h.foreignServices, h.foreignTasks, h.foreignListeners} {
		found, err := find(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// foreignInterfaces are network interfaces in the stack's VPC that do not go with
// the stack's own resources.
func (h *Env) foreignInterfaces(ctx context.Context) ([]ForeignResource, error) {
	interfaces, err := h.networkInterfaces(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	nats, err := cloud.List(ctx, h.Inventory, "nat", time.Time{}, (&NATGateway{Env: h}).list)
	if err != nil {
		return nil, err
	}
	subnets, err := cloud.List(ctx, h.Inventory, "subnet", time.Time{}, (&Subnet{Env: h}).list)
	if err != nil {
		return nil, err
	}
	groups, err := cloud.List(ctx, h.Inventory, "sg", time.Time{}, (&SecurityGroup{Env: h}).list)
	if err != nil {
		return nil, err
	}
	var out []ForeignResource
	for _, n := range interfaces {
		if h.made(n) || h.leavesByItself(n, nats) {
			continue
		}
		f := ForeignResource{What: describeInterface(n), In: []engine.Key{"vpc"}}
		f.In = append(f.In, keysOf(subnets, aws.ToString(n.SubnetId))...)
		for _, g := range n.Groups {
			f.In = append(f.In, keysOf(groups, aws.ToString(g.GroupId))...)
		}
		out = append(out, f)
	}
	return out, nil
}

// keysOf is the key of the item with an id, as its tag says; none when it is not listed.
func keysOf[T any](all []candidate[T], id string) []engine.Key {
	i := slices.IndexFunc(all, func(c candidate[T]) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return []engine.Key{engine.Key(all[i].Tags[cloud.TagKey])}
}

// foreignServices are the services of the stack's cluster that are not the stack's.
func (h *Env) foreignServices(ctx context.Context) ([]ForeignResource, error) {
	all, err := cloud.List(ctx, h.Inventory, "service", time.Time{}, (&Service{Env: h}).list)
	if err != nil {
		return nil, err
	}
	var out []ForeignResource
	for _, x := range all {
		if aws.ToString(x.Status) != "INACTIVE" && fromECSTags(x.Tags)[cloud.TagStack] != h.Stack {
			out = append(out, ForeignResource{In: []engine.Key{"cluster"}, What: "ECS service " + aws.ToString(x.ServiceName)})
		}
	}
	return out, nil
}

// foreignTasks are tasks that run in the stack's cluster without a service and
// without the stack's tags.
func (h *Env) foreignTasks(ctx context.Context) ([]ForeignResource, error) {
	cluster := h.ClusterName()
	arns, err := tasks.List(ctx, h.Clients.ECS, cluster, "", ecstypes.DesiredStatusRunning)
	if cloud.Is(err, "ClusterNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := tasks.Describe(ctx, h.Clients.ECS, cluster, arns, ecstypes.TaskFieldTags)
	if err != nil {
		return nil, err
	}
	var out []ForeignResource
	for _, t := range all {
		ofService := strings.HasPrefix(aws.ToString(t.Group), "service:")
		if !ofService && fromECSTags(t.Tags)[cloud.TagStack] != h.Stack {
			out = append(out, ForeignResource{In: []engine.Key{"cluster"}, What: "ECS task " + tasks.ID(aws.ToString(t.TaskArn))})
		}
	}
	return out, nil
}

// foreignListeners are listeners that a user added to the stack's load balancer,
// which AWS would delete with it.
func (h *Env) foreignListeners(ctx context.Context) ([]ForeignResource, error) {
	all, err := h.listeners(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	var out []ForeignResource
	for _, c := range all {
		if c.Tags[cloud.TagStack] != h.Stack {
			out = append(out, ForeignResource{In: []engine.Key{"alb"}, What: fmt.Sprintf("listener on port %d of the load balancer", aws.ToInt32(c.Item.Port))})
		}
	}
	return out, nil
}
