package importer

import (
	"slices"
	"strings"
)

// network carries the VPC over.
func (x *terraform) network() {
	f := &x.fleet
	for _, v := range x.all("aws_vpc") {
		if t := v.body.get("cidr_block"); t != nil && f.cidr == "" && !reference.MatchString(t.str()) {
			f.cidr = t.str()
			t.carry("network.cidr")
		}
	}
	x.zones()
	x.gateways()
	x.endpoints()
	for _, kind := range []string{"aws_service_discovery_http_namespace", "aws_service_discovery_private_dns_namespace"} {
		for _, n := range x.all(kind) {
			if t := n.body.get("name"); t != nil && f.namespace == "" && !reference.MatchString(t.str()) {
				f.namespace = strings.ToLower(t.str())
				t.carry("network.namespace")
				n.body.settle(own, "an HTTP namespace of its own: agents call each other by their short names")
			}
		}
	}
	if !x.has("aws_vpc") && len(f.agents) > 0 && !slices.ContainsFunc(x.calls, func(c moduleCall) bool { return strings.Contains(c.source, "vpc") }) {
		x.notes = append(x.notes, "the VPC is not made here: karmactl makes one of its own, unless network.vpc, public and private name one that is there")
	}
}

// zones are those of the subnets, which also tell the region.
func (x *terraform) zones() {
	f := &x.fleet
	var zones []string
	for _, s := range x.all("aws_subnet") {
		t := s.body.get("availability_zone")
		if z := t.str(); z != "" && !reference.MatchString(z) {
			if !slices.Contains(zones, z) {
				zones = append(zones, z)
			}
			t.carry("network.azs")
		}
	}
	slices.Sort(zones)
	if len(zones) > 1 {
		f.zones = zones
		if f.region == "" {
			f.region = strings.TrimRight(zones[0], "abcdef")
		}
	}
}

// gateways are the ways out of the private subnets.
func (x *terraform) gateways() {
	f := &x.fleet
	gateways := x.all("aws_nat_gateway")
	switch _, known := x.declared["aws_nat_gateway"]; {
	case len(gateways) == 1:
		f.nat = "single"
	case len(gateways) > 1:
		f.nat = "per-az"
	case known || x.has("aws_vpc"):
		f.nat = "none"
	}
	for _, g := range gateways {
		g.body.carry("network.nat")
	}
}

func (x *terraform) endpoints() {
	f := &x.fleet
	for _, e := range x.all("aws_vpc_endpoint") {
		t := e.body.get("service_name")
		for _, name := range []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages", "s3"} {
			if strings.HasSuffix(t.str(), "."+name) {
				if !slices.Contains(f.endpoints, name) {
					f.endpoints = append(f.endpoints, name)
				}
				t.carry("network.endpoints")
				e.body.settle(own, "an endpoint of its own")
			}
		}
		e.body.settle(left, "network.endpoints takes s3, ecr.api, ecr.dkr, logs, secretsmanager and ssmmessages")
	}
}

// balancer carries the load balancer, its domain and its certificate over.
func (x *terraform) balancer() {
	for _, kind := range []string{"aws_lb", "aws_alb"} {
		for _, l := range x.all(kind) {
			x.balancerSettings(l.body)
		}
	}
	x.domainOf(x.listensToHTTPS())
	x.zoneOfDomain()
}

func (x *terraform) balancerSettings(l *tree) {
	f := &x.fleet
	if t := l.get("load_balancer_type"); t != nil && t.str() != "application" {
		l.leave("one Application Load Balancer")
		return
	}
	if n, ok := l.get("idle_timeout").number(); ok {
		f.idleTimeout = n
		l.get("idle_timeout").carry("load_balancer.idle_timeout")
	}
	if on, _ := l.get("enable_deletion_protection").yes(); on {
		f.deletionProtection = true
		l.get("enable_deletion_protection").carry("load_balancer.deletion_protection")
	}
	if logs := firstOf(l.get("access_logs")); logs != nil {
		on, said := logs.get("enabled").yes()
		if b := logs.get("bucket"); b.str() != "" && !reference.MatchString(b.str()) && (on || !said) {
			f.accessLogs = b.str()
			b.carry("load_balancer.access_logs")
		} else if on || !said {
			b.leave("load_balancer.access_logs names a bucket that is there")
		}
	}
	if on, _ := l.get("internal").yes(); on {
		f.internal = true
		l.get("internal").carry("load_balancer.internal")
	}
	l.settle(own, "a load balancer of its own")
}

// listensToHTTPS settles the listeners.
func (x *terraform) listensToHTTPS() bool {
	https := false
	for _, kind := range []string{"aws_lb_listener", "aws_alb_listener"} {
		for _, l := range x.all(kind) {
			https = https || l.body.get("protocol").str() == "HTTPS"
			if t := l.body.get("ssl_policy"); t != nil && https {
				t.leave("karmactl sets a current TLS policy")
			}
			l.body.settle(own, "listeners of its own")
		}
	}
	return https
}

// domainOf takes the domain of the first certificate; without HTTPS there is none.
func (x *terraform) domainOf(https bool) {
	f := &x.fleet
	for _, c := range x.all("aws_acm_certificate") {
		t := c.body.get("domain_name")
		if name := strings.TrimPrefix(t.str(), "*."); https && name != "" && !reference.MatchString(name) && (f.domain == "" || f.domain == name) {
			f.domain = name
			t.carry("load_balancer.domain")
		}
		c.body.settle(own, "a certificate of its own for the domain and *.domain")
	}
}

// zoneOfDomain is the hosted zone that the domain is in.
func (x *terraform) zoneOfDomain() {
	f := &x.fleet
	for _, r := range x.resources {
		if r.kind != "aws_route53_zone" {
			continue
		}
		t := r.body.get("name")
		zone := strings.TrimSuffix(t.str(), ".")
		if f.domain != "" && zone != "" && (f.domain == zone || strings.HasSuffix(f.domain, "."+zone)) {
			f.zone = zone
			t.carry("load_balancer.zone")
			if r.data {
				r.body.settle(own, "the zone is looked up by its name")
			}
		}
	}
}
