package agents

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// certificateRule: https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
var certificateRule = textRule{
	pattern: lazyregexp.New(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$`), most: 2048,
	allowed: "the ARN of a certificate such as arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
}

// CertificateRegion is the region of a certificate of ACM by its ARN; false of any other text.
func CertificateRegion(arn string) (string, bool) {
	if !certificateRule.pattern.MatchString(arn) {
		return "", false
	}
	return strings.Split(arn, ":")[3], true
}

// checkCertificate: a load balancer takes certificates of its own region, and one without a
// domain is for the hosts alone. What it is like is seen when AWS is asked.
func checkCertificate(r *reader, c *Config) {
	arn := c.LoadBalancer.Certificate
	if arn == "" || !r.sound("region", "load_balancer/domain", "load_balancer/certificate") {
		return
	}
	where := r.at("load_balancer", "certificate")
	if region, _ := CertificateRegion(arn); region != c.Region {
		r.problem(where, "the certificate is in "+region+", and the fleet is in "+c.Region, "one of "+c.Region+": a load balancer takes no certificate of another region")
	}
	if c.LoadBalancer.Domain != "" {
		return
	}
	for _, a := range c.Public() {
		if len(a.Hosts) == 0 && r.sound(join("agents", a.Name, "hosts")) {
			r.problem(where, "there is a certificate, and the agent "+a.Name+" has no name that it could be for", "domain, or hosts of each public agent, such as defaults: {hosts: [\"{agent}.example.com\"]}")
			return
		}
	}
}

// HTTPSNames are the names at which public agents answer, sorted: their hosts, and for those
// that have none the domain and <agent>.<domain>.
func (c *Config) HTTPSNames() []string {
	var out []string
	for _, a := range c.Public() {
		out = append(out, a.Hosts...)
		if domain := c.LoadBalancer.Domain; domain != "" && len(a.Hosts) == 0 {
			out = append(out, domain, a.Name+"."+domain)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
