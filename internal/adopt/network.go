package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// network gives the VPC and what is in it their keys.
func (j *judge) network() {
	if len(j.VPCs) != 1 {
		j.obstacle("network", fmt.Sprintf("the services are in %d VPCs", len(j.VPCs)), "a stack has one VPC: take the services of the other one over as an environment of their own")
		return
	}
	v := j.VPCs[0]
	own := ""
	if n, ok := j.wanted["vpc"].(*provision.VPC); ok {
		own = n.CIDR
	}
	j.take("vpc", "VPC", aws.ToString(v.VpcId), cloud.FromEC2Tags(v.Tags)["Name"], cloud.FromEC2Tags(v.Tags), differ("block", aws.ToString(v.CidrBlock), own))
	if n := len(v.CidrBlockAssociationSet); n > 1 {
		j.rest("VPC blocks", aws.ToString(v.VpcId), "", fmt.Sprintf("%d further blocks of addresses: a stack's VPC has one", n-1))
	}
	for _, g := range j.Gateways {
		j.take("igw", "internet gateway", aws.ToString(g.InternetGatewayId), cloud.FromEC2Tags(g.Tags)["Name"], cloud.FromEC2Tags(g.Tags))
	}
	for _, s := range j.Subnets {
		j.subnet(s)
	}
	for _, n := range j.NATs {
		j.nat(n)
	}
	for _, e := range j.Endpoints {
		name := aws.ToString(e.ServiceName)
		name = name[strings.Index(name, ".")+1:] // com.amazonaws.REGION.SERVICE
		if i := strings.Index(name, j.Account.Region+"."); i >= 0 {
			name = name[i+len(j.Account.Region)+1:]
		}
		j.take(engine.Key("endpoint/"+name), "VPC endpoint", aws.ToString(e.VpcEndpointId), name, cloud.FromEC2Tags(e.Tags))
	}
	j.groups()
}

// subnet gives a subnet, its table, that table's default route and the tie between them
// their keys. What has no tags of its own has the id that karmactl gives it.
func (j *judge) subnet(s types.Subnet) {
	id, zone, tags := aws.ToString(s.SubnetId), aws.ToString(s.AvailabilityZone), cloud.FromEC2Tags(s.Tags)
	tier := provision.TierPrivate
	if j.Public(s) {
		tier = provision.TierPublic
	}
	key := (&provision.Subnet{Tier: tier, AZ: zone}).Key()
	own := ""
	if n, ok := j.wanted[key].(*provision.Subnet); ok {
		own = n.CIDR
	}
	if !j.take(key, "subnet", id, tags["Name"], tags, differ("block", aws.ToString(s.CidrBlock), own)) {
		return
	}
	t, itsOwn := j.TableOf(s)
	table := aws.ToString(t.RouteTableId)
	to, _ := cloud.DefaultRoute(t)
	switch {
	case !itsOwn:
		j.rest("route table", table, cloud.FromEC2Tags(t.Tags)["Name"], "the subnet "+id+" follows the main table of its VPC, and karmactl has a table for each tier")
		return
	case len(t.Routes) > 0 && to == "" && tier == provision.TierPublic:
		j.rest("route table", table, cloud.FromEC2Tags(t.Tags)["Name"], "it has no default route")
		return
	}
	name := "public"
	if tier == provision.TierPrivate {
		name = "private-" + zone
	}
	if j.taken[engine.Key("route-table/"+name)] != table && !j.table(name, t) {
		return
	}
	j.take(engine.Key("route-table-association/"+tier+"-"+zone), "route table association", id, "", nil)
}

// table gives a route table and its default route their keys.
func (j *judge) table(name string, t types.RouteTable) bool {
	id, tags := aws.ToString(t.RouteTableId), cloud.FromEC2Tags(t.Tags)
	for key, taken := range j.taken {
		if taken == id {
			j.rest("route table", id, tags["Name"], "it is "+string(key)+" already, and the subnets of another zone follow it too: karmactl has a table for each zone")
			return false
		}
	}
	more := ""
	if n := foreignRoutes(t); n > 0 {
		more = fmt.Sprintf("%d further routes", n)
	}
	if !j.take(engine.Key("route-table/"+name), "route table", id, tags["Name"], tags, more) {
		return false
	}
	if to, _ := cloud.DefaultRoute(t); to != "" {
		j.take(engine.Key("route/"+name), "default route", id+"|0.0.0.0/0", "to "+to, nil)
	}
	return true
}

// foreignRoutes counts the routes beside the VPC's own, the default one and the endpoints'.
func foreignRoutes(t types.RouteTable) int {
	n := 0
	for _, r := range t.Routes {
		to := aws.ToString(r.GatewayId)
		if to != "local" && !strings.HasPrefix(to, "vpce-") && aws.ToString(r.DestinationCidrBlock) != "0.0.0.0/0" {
			n++
		}
	}
	return n
}

// nat gives a NAT gateway and its address the keys of its subnet's zone.
func (j *judge) nat(n types.NatGateway) {
	i := slices.IndexFunc(j.Subnets, func(s types.Subnet) bool { return aws.ToString(s.SubnetId) == aws.ToString(n.SubnetId) })
	if i < 0 {
		return
	}
	zone := aws.ToString(j.Subnets[i].AvailabilityZone)
	key := engine.Key("nat/" + zone)
	if _, ok := j.wanted[key]; !ok && len(j.NATs) == 1 {
		j.rest("NAT gateway", aws.ToString(n.NatGatewayId), cloud.FromEC2Tags(n.Tags)["Name"], "it is in "+zone+", and karmactl's only one is in the first zone")
		return
	}
	if !j.take(key, "NAT gateway", aws.ToString(n.NatGatewayId), cloud.FromEC2Tags(n.Tags)["Name"], cloud.FromEC2Tags(n.Tags)) {
		return
	}
	for _, a := range j.Addresses {
		for _, of := range n.NatGatewayAddresses {
			if aws.ToString(of.AllocationId) == aws.ToString(a.AllocationId) {
				j.take(engine.Key("eip/"+zone), "elastic IP address", aws.ToString(a.AllocationId), aws.ToString(a.PublicIp), cloud.FromEC2Tags(a.Tags))
			}
		}
	}
}

// groups gives the security groups of the load balancer, of the tasks and of the interface
// endpoints their keys.
func (j *judge) groups() {
	var balancers, tasks, endpoints []string
	for _, b := range j.LoadBalancers {
		balancers = append(balancers, b.SecurityGroups...)
	}
	for _, s := range j.Services {
		if n := s.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
			tasks = append(tasks, n.AwsvpcConfiguration.SecurityGroups...)
		}
	}
	for _, e := range j.Endpoints {
		for _, g := range e.Groups {
			endpoints = append(endpoints, aws.ToString(g.GroupId))
		}
	}
	for _, g := range j.Groups {
		id, name := aws.ToString(g.GroupId), aws.ToString(g.GroupName)
		switch {
		case name == "default": // AWS makes one with each VPC
		case slices.Contains(balancers, id):
			j.group("alb", g)
		case slices.Contains(tasks, id):
			j.group("agents", g)
		case slices.Contains(endpoints, id):
			j.group("endpoints", g)
		default:
			j.rest("security group", id, name, "none of the fleet's load balancers, tasks and endpoints has it")
		}
	}
}

func (j *judge) group(name string, g types.SecurityGroup) {
	key := engine.Key("sg/" + name)
	own := provision.SecurityGroupSpec{}
	if n, ok := j.wanted[key].(*provision.SecurityGroup); ok {
		own = n.Want()
	}
	wide := ""
	for _, p := range g.IpPermissions {
		if aws.ToString(p.IpProtocol) == "-1" || aws.ToInt32(p.ToPort)-aws.ToInt32(p.FromPort) > 1000 {
			wide = "lets in every port where karmactl lets in the agents' own"
		}
	}
	j.take(key, "security group", aws.ToString(g.GroupId), aws.ToString(g.GroupName), cloud.FromEC2Tags(g.Tags),
		differ("name", aws.ToString(g.GroupName), own.Name), differ("description", fmt.Sprintf("%q", aws.ToString(g.Description)), fmt.Sprintf("%q", own.Description)), wide)
}
