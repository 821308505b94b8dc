package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func networkDrifts() []drift {
	agentsGroup := func(edit func(*awssim.SecurityGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.SecurityGroups, "sg/agents", securityGroupTags, edit) }
	}
	endpoint := func(key string, edit func(*awssim.World, *awssim.VPCEndpoint)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.VPCEndpoints, key, endpointTags, func(e *awssim.VPCEndpoint) { edit(w, e) })
		}
	}
	return []drift{
		{"vpc", "dns_hostnames", func(w *awssim.World) bool {
			return one(w.VPCs, "vpc", vpcTags, func(v *awssim.VPC) { v.DNSHostnames = false })
		}},
		{"subnet/public-us-east-1a", "public_ips", func(w *awssim.World) bool {
			return one(w.Subnets, "subnet/public-us-east-1a", subnetTags, func(v *awssim.Subnet) { v.PublicIPs = false })
		}},
		{"igw", "vpc", detach},
		{"sg/agents", "ingress", agentsGroup(func(g *awssim.SecurityGroup) { g.Ingress = g.Ingress[1:] })},
		{"sg/agents", "ingress", agentsGroup(func(g *awssim.SecurityGroup) {
			g.Ingress = append(g.Ingress, awssim.SecurityGroupRule{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"})
		})},
		{"sg/agents", "egress_all", agentsGroup(func(g *awssim.SecurityGroup) { g.Egress = nil })},
		{"route/public", "", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/public", routeTableTags, func(r *awssim.RouteTable) {
				r.Routes = slices.DeleteFunc(r.Routes, func(x awssim.Route) bool { return x.Destination == "0.0.0.0/0" })
			})
		}},
		{"route/private-us-east-1a", "target", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/private-us-east-1a", routeTableTags, func(r *awssim.RouteTable) {
				for i := range r.Routes {
					if r.Routes[i].Destination == "0.0.0.0/0" {
						r.Routes[i].Target = idOf(w.InternetGateways, "igw", gatewayTags)
					}
				}
			})
		}},
		{"route/public", "blackhole", detach},
		{"route-table-association/public-us-east-1a", "", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/public", routeTableTags, func(r *awssim.RouteTable) { unassociate(w, r) })
		}},
		{"route-table-association/public-us-east-1a", "table", func(w *awssim.World) bool {
			var moved awssim.RouteTableAssociation
			return one(w.RouteTables, "route-table/public", routeTableTags, func(r *awssim.RouteTable) { moved = unassociate(w, r) }) && moved.Subnet != "" &&
				one(w.RouteTables, "route-table/private-us-east-1a", routeTableTags, func(r *awssim.RouteTable) { r.Associations = append(r.Associations, moved) })
		}},
		{"endpoint/s3", "tables", endpoint("endpoint/s3", func(w *awssim.World, e *awssim.VPCEndpoint) {
			t := w.RouteTables[e.Tables[0]]
			t.Routes = slices.DeleteFunc(t.Routes, func(r awssim.Route) bool { return r.Target == e.ID })
			e.Tables = e.Tables[1:]
		})},
		{"endpoint/logs", "private_dns", endpoint("endpoint/logs", func(_ *awssim.World, e *awssim.VPCEndpoint) { e.PrivateDNS = false })},
		{"endpoint/logs", "groups", endpoint("endpoint/logs", func(w *awssim.World, e *awssim.VPCEndpoint) {
			e.Groups = []string{idOf(w.SecurityGroups, "sg/agents", securityGroupTags)}
			for _, i := range e.Interfaces {
				w.NetworkInterfaces[i].Groups = e.Groups
			}
		})},
		{"endpoint/logs", "subnets", endpoint("endpoint/logs", func(w *awssim.World, e *awssim.VPCEndpoint) {
			gone := e.Subnets[0]
			e.Subnets = e.Subnets[1:]
			e.Interfaces = slices.DeleteFunc(e.Interfaces, func(i string) bool {
				leaves := w.NetworkInterfaces[i].Subnet == gone
				if leaves {
					delete(w.NetworkInterfaces, i)
				}
				return leaves
			})
		})},
	}
}

// detach takes the internet gateway off its VPC: the routes to it are black holes.
func detach(w *awssim.World) bool {
	return one(w.InternetGateways, "igw", gatewayTags, func(g *awssim.InternetGateway) { g.VPC = "" })
}

// unassociate takes the first public subnet off its table.
func unassociate(w *awssim.World, r *awssim.RouteTable) (gone awssim.RouteTableAssociation) {
	r.Associations = slices.DeleteFunc(r.Associations, func(a awssim.RouteTableAssociation) bool {
		is := w.Subnets[a.Subnet] != nil && w.Subnets[a.Subnet].Tags["karmactl:key"] == "subnet/public-us-east-1a"
		if is {
			gone = a
		}
		return is
	})
	return gone
}
