package awssim

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Listener is a simulated listener.
type Listener struct {
	ARN          string
	LoadBalancer string
	Port         int32
	Protocol     types.ProtocolEnum
	Certificate  string
	Policy       string
	// Actions are those of the default rule.
	Actions []types.Action
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) listenerNoun() noun {
	return noun{
		ops: []operation{
			on("Elastic Load Balancing v2.CreateListener", s.createListener, "LoadBalancerArn", "Port", "Protocol", "Certificates", "SslPolicy", "DefaultActions", "Tags"),
			on("Elastic Load Balancing v2.DescribeListeners", s.describeListeners, "LoadBalancerArn", "ListenerArns").pages("Listeners", 400, 400, "ListenerArns"),
			on("Elastic Load Balancing v2.ModifyListener", s.modifyListener, "ListenerArn", "Port", "Protocol", "Certificates", "SslPolicy", "DefaultActions"),
			on("Elastic Load Balancing v2.DeleteListener", s.deleteListener, "ListenerArn"),
		},
		each: func(tell func(thing)) {
			for _, l := range s.world.Listeners {
				tell(thing{kind: "listener", name: l.ARN, tags: l.Tags})
			}
		},
	}
}

// defaultTLSPolicy is what an HTTPS listener has that names none, over the API:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
const defaultTLSPolicy = "ELBSecurityPolicy-2016-08"

func (s *Sim) listener(arn string) (*Listener, error) {
	l := s.world.Listeners[arn]
	if l == nil || !s.visible(l.Created) {
		return nil, fail("ListenerNotFound", "One or more listeners not found")
	}
	return l, nil
}

func (s *Sim) createListener(in *elb.CreateListenerInput) (*elb.CreateListenerOutput, error) {
	tags, err := elbTags(in.Tags)
	if err != nil {
		return nil, err
	}
	lb, err := s.loadBalancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	l := &Listener{LoadBalancer: lb.ARN, Tags: tags, Created: s.now()}
	if err := s.setListener(l, in.Port, in.Protocol, in.Certificates, in.SslPolicy, in.DefaultActions); err != nil {
		return nil, err
	}
	n := 0
	for _, have := range s.world.Listeners {
		if have.LoadBalancer != lb.ARN {
			continue
		}
		n++
		if have.Port != l.Port {
			continue
		}
		if have.Protocol != l.Protocol || have.Certificate != l.Certificate || have.Policy != l.Policy || !sameActions(have.Actions, l.Actions) {
			return nil, fail("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.ARN)
		}
		return &elb.CreateListenerOutput{Listeners: []types.Listener{describeListener(have)}}, nil
	}
	if n >= listenerQuota {
		return nil, fail("TooManyListeners", "The maximum number of listeners on load balancer '%s' has been reached", lb.ARN)
	}
	_, tail, _ := strings.Cut(lb.ARN, ":loadbalancer/")
	l.ARN = s.world.arn("elasticloadbalancing", "listener/"+tail+"/"+s.world.hash())
	s.world.Listeners[l.ARN] = l
	s.settleTargets()
	return &elb.CreateListenerOutput{Listeners: []types.Listener{describeListener(l)}}, nil
}

// setListener checks and sets what is given.
func (s *Sim) setListener(l *Listener, port *int32, protocol types.ProtocolEnum, certs []types.Certificate, policy *string, actions []types.Action) error {
	next := *l
	if port != nil {
		next.Port = *port
	}
	if protocol != "" {
		next.Protocol = protocol
	}
	if len(certs) > 1 {
		return fail("TooManyCertificates", "A listener takes exactly one default certificate")
	}
	for _, c := range certs {
		next.Certificate = aws.ToString(c.CertificateArn)
	}
	if policy != nil {
		next.Policy = *policy
	}
	if len(actions) > 0 {
		next.Actions = actions
	}
	switch {
	case next.Port < 1 || next.Port > 65535:
		return fail("ValidationError", "Port %d must be between 1 and 65535", next.Port)
	case next.Protocol == types.ProtocolEnumHttps && next.Certificate == "":
		return fail("ValidationError", "A certificate must be specified for HTTPS listeners")
	case next.Protocol == types.ProtocolEnumHttp && (next.Certificate != "" || next.Policy != ""):
		return fail("ValidationError", "Certificates and SSL policies cannot be specified for HTTP listeners")
	case next.Protocol != types.ProtocolEnumHttp && next.Protocol != types.ProtocolEnumHttps:
		return fail("UnsupportedProtocol", "Protocol '%s' is not supported by application load balancers", next.Protocol)
	}
	if next.Protocol == types.ProtocolEnumHttps {
		if next.Policy == "" {
			next.Policy = defaultTLSPolicy
		}
		if !strings.HasPrefix(next.Policy, "ELBSecurityPolicy-") {
			return fail("SSLPolicyNotFound", "SSL policy '%s' not found", next.Policy)
		}
		if err := s.servableCertificate(next.Certificate); err != nil {
			return err
		}
	}
	if err := s.checkActions(next.Actions, next.LoadBalancer); err != nil {
		return err
	}
	*l = next
	return nil
}

// checkActions holds the rules for the actions of a listener or a rule: the last
// one answers, and each of the three ways to answer has its own.
func (s *Sim) checkActions(actions []types.Action, lb string) error {
	if len(actions) != 1 {
		return fail("InvalidLoadBalancerAction", "exactly one action is simulated, %d are given", len(actions))
	}
	a := actions[0]
	switch a.Type {
	case types.ActionTypeEnumForward:
		arns := targetsOf(a)
		if len(arns) == 0 || len(arns) > 5 {
			return fail("InvalidLoadBalancerAction", "A forward action takes 1 to 5 target groups")
		}
		for _, arn := range arns {
			g, err := s.targetGroup(arn)
			if err != nil {
				return err
			}
			if l := s.world.LoadBalancers[lb]; l != nil && l.VPC != g.VPC {
				return fail("InvalidConfigurationRequest", "Target group '%s' and load balancer '%s' are in different VPCs", arn, lb)
			}
			if have := s.loadBalancerOf(arn); have != nil && have.ARN != lb {
				return fail("TargetGroupAssociationLimit", "Target group '%s' is used by another load balancer", arn)
			}
			if s.targetGroupsOf(lb, arn) > targetGroupQuota {
				return fail("TooManyUniqueTargetGroupsPerLoadBalancer", "The maximum number of target groups of load balancer '%s' has been reached", lb)
			}
		}
	case types.ActionTypeEnumFixedResponse:
		c := a.FixedResponseConfig
		if c == nil || len(aws.ToString(c.StatusCode)) != 3 || !strings.ContainsAny(aws.ToString(c.StatusCode)[:1], "245") {
			return fail("InvalidLoadBalancerAction", "A fixed response needs a status code 2XX, 4XX or 5XX")
		}
		kinds := []string{"", "text/plain", "text/css", "text/html", "application/javascript", "application/json"}
		if len(aws.ToString(c.MessageBody)) > 1024 || !slices.Contains(kinds, aws.ToString(c.ContentType)) {
			return fail("InvalidLoadBalancerAction", "A fixed response takes at most 1024 characters, and a content type among %s", strings.Join(kinds[1:], ", "))
		}
	case types.ActionTypeEnumRedirect:
		c := a.RedirectConfig
		if c == nil || c.StatusCode == "" {
			return fail("InvalidLoadBalancerAction", "A redirect needs a status code")
		}
		same := func(p *string, v string) bool { return p == nil || *p == v }
		if same(c.Protocol, "#{protocol}") && same(c.Host, "#{host}") && same(c.Port, "#{port}") && same(c.Path, "/#{path}") {
			return fail("InvalidLoadBalancerAction", "A redirect must change protocol, host, port or path, or it loops")
		}
	default:
		return fail("InvalidLoadBalancerAction", "action '%s' is not simulated", a.Type)
	}
	return nil
}

// targetsOf are the target groups of a forward action.
func targetsOf(a types.Action) []string {
	var arns []string
	if a.ForwardConfig != nil {
		for _, g := range a.ForwardConfig.TargetGroups {
			arns = append(arns, aws.ToString(g.TargetGroupArn))
		}
	}
	if len(arns) == 0 && a.TargetGroupArn != nil {
		arns = append(arns, *a.TargetGroupArn)
	}
	return arns
}

// sameActions compares what a second create must agree with.
func sameActions(a, b []types.Action) bool {
	return slices.EqualFunc(a, b, func(a, b types.Action) bool {
		if a.Type != b.Type || !slices.Equal(targetsOf(a), targetsOf(b)) {
			return false
		}
		return reflect.DeepEqual(a.FixedResponseConfig, b.FixedResponseConfig) && reflect.DeepEqual(a.RedirectConfig, b.RedirectConfig)
	})
}

func describeListener(l *Listener) types.Listener {
	d := types.Listener{
		ListenerArn: aws.String(l.ARN), LoadBalancerArn: aws.String(l.LoadBalancer), Port: aws.Int32(l.Port), Protocol: l.Protocol,
		DefaultActions: withForwardConfig(l.Actions),
	}
	if l.Policy != "" {
		d.SslPolicy = aws.String(l.Policy)
	}
	if l.Protocol == types.ProtocolEnumHttps {
		d.Certificates = []types.Certificate{{CertificateArn: aws.String(l.Certificate)}}
	}
	return d
}

// withForwardConfig gives actions back as AWS does: a forward to one target
// group has both its forms.
func withForwardConfig(actions []types.Action) []types.Action {
	out := slices.Clone(actions)
	for i, a := range out {
		if arns := targetsOf(a); len(arns) == 1 {
			out[i].TargetGroupArn = aws.String(arns[0])
			out[i].ForwardConfig = &types.ForwardActionConfig{
				TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: aws.String(arns[0]), Weight: aws.Int32(1)}},
				TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(false)},
			}
		}
	}
	return out
}

func (s *Sim) describeListeners(in *elb.DescribeListenersInput) (*elb.DescribeListenersOutput, error) {
	seen := func(l *Listener) bool { return s.visible(l.Created) }
	if (in.LoadBalancerArn == nil) == (len(in.ListenerArns) == 0) {
		return nil, fail("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
	}
	if err := only(in.ListenerArns, s.world.Listeners, seen, "ListenerNotFound"); err != nil {
		return nil, err
	}
	if in.LoadBalancerArn != nil {
		if _, err := s.loadBalancer(*in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	var all []types.Listener
	for _, l := range sorted(s.world.Listeners) {
		ofLB := in.LoadBalancerArn == nil || l.LoadBalancer == *in.LoadBalancerArn
		if ofLB && seen(l) && wanted(in.ListenerArns, l.ARN) {
			all = append(all, describeListener(l))
		}
	}
	out := &elb.DescribeListenersOutput{}
	out.Listeners = all
	return out, nil
}

func (s *Sim) modifyListener(in *elb.ModifyListenerInput) (*elb.ModifyListenerOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	for _, o := range s.world.Listeners {
		if o != l && o.LoadBalancer == l.LoadBalancer && in.Port != nil && o.Port == *in.Port {
			return nil, fail("DuplicateListener", "A listener already exists on port %d", *in.Port)
		}
	}
	if err := s.setListener(l, in.Port, in.Protocol, in.Certificates, in.SslPolicy, in.DefaultActions); err != nil {
		return nil, err
	}
	s.settleTargets()
	return &elb.ModifyListenerOutput{Listeners: []types.Listener{describeListener(l)}}, nil
}

func (s *Sim) deleteListener(in *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error) {
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	s.dropListener(l.ARN)
	return &elb.DeleteListenerOutput{}, nil
}

// dropListener deletes a listener with its rules.
func (s *Sim) dropListener(arn string) {
	for _, r := range s.world.ListenerRules {
		if r.Listener == arn {
			delete(s.world.ListenerRules, r.ARN)
		}
	}
	delete(s.world.Listeners, arn)
	s.settleTargets()
}
