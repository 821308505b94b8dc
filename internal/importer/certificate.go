package importer

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// carryCertificate takes a certificate that is there already over, where agents have names that
// it can be for. One that the source makes itself is none.
func (f *fleet) carryCertificate(t *tree) {
	const key = "load_balancer.certificate"
	region, known := agents.CertificateRegion(t.str())
	switch {
	case !known || t.str() == f.certificate:
		return
	case f.certificate != "":
		t.leave("the load balancer has one certificate: make one that covers all names, and write it in " + key)
		return
	case f.domain == "" && !f.named():
		t.leave("an agent that answers at any host has no name that a certificate could be for: write load_balancer.domain, or hosts of each agent, then " + key)
		return
	}
	if f.region == "" {
		f.region = region
	}
	if f.region != region {
		t.leave("it is of " + region + ": a load balancer takes no certificate of another region")
		return
	}
	f.certificate = t.str()
	t.carry(key)
}

// named tells whether each agent that the load balancer leads to has hosts.
func (f *fleet) named() bool {
	return !slices.ContainsFunc(f.agents, func(a *agent) bool {
		return len(a.hosts) == 0 && a.port > 0 && (a.public == nil || *a.public)
	})
}

// certificate carries the listeners' certificate over, where it is an ARN, as of one that
// Terraform does not make.
func (x *terraform) certificate() {
	for _, kind := range []string{"aws_lb_listener", "aws_alb_listener", "aws_lb_listener_certificate", "aws_alb_listener_certificate"} {
		for _, l := range x.all(kind) {
			x.fleet.carryCertificate(l.body.get("certificate_arn"))
		}
	}
}
