package awssim

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Inventory lists everything that is there, one line each, sorted: "nat
// nat/us-east-1a". What carries karmactl's tag goes by its key, the rest by its
// name or id. What AWS only goes on listing for a while (a deleted NAT gateway,
// an inactive service, a stopped task, a secret that is scheduled for deletion)
// is not there.
func (s *Sim) Inventory() []string {
	var all inventory
	_ = s.transact(false, func() error { // memory does not fail, and a file that does says so at the next call
		s.settle()
		w := s.world
		all.network(w)
		all.edge(w)
		all.platform(w)
		all.agents(w)
		return nil
	})
	slices.Sort(all)
	return all
}

type inventory []string

func (i *inventory) add(kind string, tags cloud.Tags, name string) {
	if key := tags[cloud.TagKey]; key != "" {
		name = key
	}
	*i = append(*i, kind+" "+name)
}

func (i *inventory) network(w *World) {
	for _, v := range w.VPCs {
		i.add("vpc", v.Tags, v.ID)
	}
	for _, v := range w.Subnets {
		i.add("subnet", v.Tags, v.ID)
	}
	for _, v := range w.Addresses {
		i.add("address", v.Tags, v.ID)
	}
	for _, v := range w.NATGateways {
		if v.State != types.NatGatewayStateDeleted {
			i.add("nat-gateway", v.Tags, v.ID)
		}
	}
	for _, v := range w.InternetGateways {
		i.add("internet-gateway", v.Tags, v.ID)
	}
	for _, v := range w.RouteTables {
		i.add("route-table", v.Tags, v.ID)
	}
	for _, v := range w.VPCEndpoints {
		if v.State != "deleted" {
			i.add("vpc-endpoint", v.Tags, v.ID)
		}
	}
	for _, v := range w.SecurityGroups {
		i.add("security-group", v.Tags, v.ID)
	}
	for _, v := range w.NetworkInterfaces {
		i.add("network-interface", nil, v.Description)
	}
}

func (i *inventory) edge(w *World) {
	for _, v := range w.LoadBalancers {
		i.add("load-balancer", v.Tags, v.Name)
	}
	for _, v := range w.TargetGroups {
		i.add("target-group", v.Tags, v.Name)
	}
	for _, v := range w.Listeners {
		i.add("listener", v.Tags, v.ARN)
	}
	for _, v := range w.ListenerRules {
		i.add("listener-rule", v.Tags, v.ARN)
	}
	for _, v := range w.Certificates {
		i.add("certificate", v.Tags, v.ARN)
	}
	for _, z := range w.HostedZones {
		for name := range z.Records {
			i.add("record", nil, name)
		}
	}
	for name := range w.Buckets {
		i.add("bucket", nil, name)
	}
}

func (i *inventory) platform(w *World) {
	for _, v := range w.Roles {
		kind := "role"
		if len(v.Path) > 16 && v.Path[:17] == "/aws-service-role" {
			kind = "service-linked-role"
		}
		i.add(kind, v.Tags, v.Name)
	}
	for _, v := range w.Clusters {
		if !v.Inactive {
			i.add("cluster", v.Tags, v.Name)
		}
	}
	for _, v := range w.Namespaces {
		i.add("namespace", v.Tags, v.Name)
	}
	for _, v := range w.LogGroups {
		i.add("log-group", v.Tags, v.Name)
	}
	for _, v := range w.Repositories {
		i.add("repository", v.Tags, v.Name)
	}
	for _, v := range w.Topics {
		i.add("topic", v.Tags, v.ARN)
	}
	for name, v := range w.Alarms {
		i.add("alarm", v.Tags, name)
	}
	for name := range w.Dashboards {
		i.add("dashboard", nil, name)
	}
	for name, v := range w.SamplingRules {
		i.add("sampling-rule", v.Tags, name)
	}
	for id, v := range w.ScalableTargets {
		i.add("scalable-target", v.Tags, id)
	}
	for name, v := range w.Budgets {
		i.add("budget", v.Tags, name)
	}
}

func (i *inventory) agents(w *World) {
	for _, v := range w.Secrets {
		if v.DeleteAt.IsZero() {
			i.add("secret", v.Tags, v.Name)
		}
	}
	for _, v := range w.Parameters {
		i.add("parameter", v.Tags, v.Name)
	}
	for arn, v := range w.TaskDefinitions {
		if v.status() == ecstypes.TaskDefinitionStatusActive {
			i.add("task-definition", v.Tags, arn)
		}
	}
	for _, v := range w.Services {
		if v.Status != "INACTIVE" {
			i.add("service", v.Tags, v.Name)
		}
	}
	for _, v := range w.Tasks {
		if v.Status != "STOPPED" {
			i.add("task", nil, v.Service)
		}
	}
}
