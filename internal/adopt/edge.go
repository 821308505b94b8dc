package adopt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

// edge gives the load balancer and its listeners their keys.
func (j *judge) edge() {
	for _, b := range j.LoadBalancers {
		id, name := aws.ToString(b.LoadBalancerArn), aws.ToString(b.LoadBalancerName)
		what := "load balancer " + name
		switch {
		case b.Type != types.LoadBalancerTypeEnumApplication:
			j.obstacle(what, "it is a "+string(b.Type)+" load balancer", "agents answer behind an application load balancer: build them beside it")
			continue
		case (b.Scheme == types.LoadBalancerSchemeEnumInternal) != j.Config.LoadBalancer.Internal:
			j.obstacle(what, "it is "+string(b.Scheme), "AWS cannot change that: write load_balancer: {internal: "+strconv.FormatBool(b.Scheme == types.LoadBalancerSchemeEnumInternal)+"}")
			continue
		}
		taken := j.take("alb", "load balancer", id, name, j.EdgeTags[id],
			differ("name", name, j.stackName()),
			differ("invalid headers are dropped:", b.Attributes["routing.http.drop_invalid_header_fields.enabled"], "true"))
		if !taken {
			j.obstacle(what, "it is the second load balancer in front of the services", "a stack has one: take the services of the other one over as an environment of their own")
			continue
		}
		for _, l := range b.Listeners {
			j.listener(name, l)
		}
	}
}

// stackName is the name that karmactl gives to what belongs to all.
func (j *judge) stackName() string {
	return cloud.Name(cloud.MaxLoadBalancerName, j.Config.Stack())
}

func (j *judge) listener(balancer string, l live.Listener) {
	id, protocol := aws.ToString(l.ListenerArn), string(l.Protocol)
	key := engine.Key("listener/" + strings.ToLower(protocol))
	port := fmt.Sprintf("%s:%d", balancer, aws.ToInt32(l.Port))
	answer := ""
	if len(live.Forwards(l.DefaultActions)) > 0 {
		answer = "what no rule takes goes to an agent, karmactl's own says 404"
	}
	certificates := ""
	if len(l.Certificates) > 1 {
		certificates = fmt.Sprintf("%d certificates, karmactl's own has one", len(l.Certificates))
	}
	j.take(key, "listener", id, port, j.EdgeTags[id], answer, certificates)
}

// rules gives the rules that lead to an agent their keys. A rule behind a redirect takes no
// request and has none.
func (j *judge) rules(agent, group string) {
	for _, b := range j.LoadBalancers {
		for _, l := range b.Listeners {
			for _, r := range l.Rules {
				if slices.Contains(live.Forwards(r.Actions), group) {
					j.rule(agent, l, r)
				}
			}
		}
	}
}

func (j *judge) rule(agent string, l live.Listener, r types.Rule) {
	id := aws.ToString(r.RuleArn)
	where := fmt.Sprintf("%d/%s", aws.ToInt32(l.Port), aws.ToString(r.Priority))
	if n := len(live.Forwards(r.Actions)); n != 1 || len(r.Actions) != 1 {
		j.obstacle(fmt.Sprintf("rule %s of %s", where, agent), fmt.Sprintf("it has %d actions to %d target groups", len(r.Actions), n), "a rule of an agent forwards to its one target group")
		return
	}
	paths, hosts, other := conditions(r)
	if other != "" {
		j.obstacle(fmt.Sprintf("rule %s of %s", where, agent), "it has a condition on "+other, "an agent is found by its path and by its host")
		return
	}
	protocol := strings.ToLower(string(l.Protocol))
	key := engine.Key("rule/" + protocol + "/" + agent)
	own := "/" + agent + " /" + agent + "/*"
	have := strings.Join(paths, " ")
	switch {
	case len(hosts) > 0 && len(paths) > 0:
		j.obstacle(fmt.Sprintf("rule %s of %s", where, agent), "it is for a host and a path at once", "make two rules of it first, one for the host and one for the path")
		return
	case len(hosts) > 0:
		key = engine.Key("rule/" + protocol + "/host-" + agent)
		own, have = agent+"."+j.Config.LoadBalancer.Domain, strings.Join(hosts, " ")
	}
	j.take(key, "listener rule", id, where, j.EdgeTags[id], differ("takes", have, own), "priority "+aws.ToString(r.Priority))
}

// domain gives the certificate and the records their keys.
func (j *judge) domain() {
	domain := j.Config.LoadBalancer.Domain
	for _, c := range j.Certificates {
		id, name := aws.ToString(c.CertificateArn), aws.ToString(c.DomainName)
		if id == j.Config.LoadBalancer.Certificate { // it is used as it is, and stays its owner's
			continue
		}
		more := ""
		if name != domain || !slices.Contains(c.SubjectAlternativeNames, "*."+domain) {
			more = "it is for " + strings.Join(c.SubjectAlternativeNames, " ") + ", karmactl's own is for " + domain + " *." + domain
		}
		j.take("certificate", "certificate", id, name, nil, more)
	}
	for _, r := range j.Records {
		id := r.Zone + "/" + r.Name + "/" + r.Type
		if strings.HasSuffix(r.Name, "."+domain) && domain != "" && r.Name != "*."+domain {
			j.rest("record", id, r.Name, "it wins over karmactl's *."+domain+", and leads to this load balancer as long as it is there")
			continue
		}
		if r.Type != "A" {
			j.rest("record", id, r.Name, "karmactl's records are of type A")
			continue
		}
		j.take(engine.Key("record/"+r.Name), "record", id, r.Name, nil)
	}
}

// conditions are a rule's, in order; other names the first that agents.yaml cannot say.
func conditions(r types.Rule) (paths, hosts []string, other string) {
	for _, c := range r.Conditions {
		switch {
		case aws.ToString(c.Field) == "path-pattern" && c.PathPatternConfig != nil:
			paths = append(paths, c.PathPatternConfig.Values...)
		case aws.ToString(c.Field) == "path-pattern":
			paths = append(paths, c.Values...)
		case aws.ToString(c.Field) == "host-header" && c.HostHeaderConfig != nil:
			hosts = append(hosts, c.HostHeaderConfig.Values...)
		case aws.ToString(c.Field) == "host-header":
			hosts = append(hosts, c.Values...)
		case other == "":
			other = aws.ToString(c.Field)
		}
	}
	slices.Sort(paths)
	slices.Sort(hosts)
	return paths, hosts, other
}
