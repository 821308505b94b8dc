package provision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TargetGroupSpec is what we own of a target group.
type TargetGroupSpec struct {
	VPC  string
	Port int
	// The health check, asked of the container itself, without the agent's prefix:
	// by which protocol and on which port, and the rest.
	Check     string
	Path      string
	Matcher   string
	Interval  time.Duration
	Timeout   time.Duration
	Healthy   int
	Unhealthy int
	// Drain is the deregistration delay: how long a task that leaves may finish
	// its requests. AWS's default of 300 s makes every rollout five minutes longer.
	Drain time.Duration
	// Stickiness is how long a client's cookie names one task; 0 is no cookie.
	Stickiness time.Duration
	Tags       cloud.Tags
}

const (
	trafficPort       = "traffic-port"
	drainAttribute    = "deregistration_delay.timeout_seconds"
	stickyAttribute   = "stickiness.enabled"
	stickyByAttribute = "stickiness.type"
	stickyForAttr     = "stickiness.lb_cookie.duration_seconds"
	loadBalancersOwn  = "lb_cookie"
)

// TargetGroup is where the load balancer sends the requests for one agent. It
// costs nothing. Its port and VPC cannot change, so it is replaced instead.
type TargetGroup struct {
	engine.Ref
	*Env
	VPC          *VPC
	LoadBalancer *LoadBalancer
	Agent        string
	Port         int
	Health       agents.Health
	// Drain and Stickiness are the agent's own.
	Drain, Stickiness time.Duration
}

// Disposable is true: a target group holds no data.
func (t *TargetGroup) Disposable() {}

func (t *TargetGroup) Key() engine.Key      { return engine.Key("target-group/" + t.Agent) }
func (t *TargetGroup) OfAgent() string      { return t.Agent }
func (t *TargetGroup) Needs() []engine.Node { return nodes(t.VPC) }

// After the load balancer, which takes longest and would wait behind fifty target
// groups: AWS counts the calls for both together.
func (t *TargetGroup) After() []engine.Node { return nodes(t.LoadBalancer) }

func (t *TargetGroup) Want() TargetGroupSpec {
	return TargetGroupSpec{
		VPC: t.VPC.ID(), Port: t.Port, Check: string(types.ProtocolEnumHttp) + " " + trafficPort, Path: t.Health.Path, Matcher: t.Health.Codes, Interval: t.Health.Interval, Timeout: t.Health.Timeout,
		Healthy: t.Health.Healthy, Unhealthy: t.Health.Unhealthy, Drain: t.Drain, Stickiness: t.Stickiness, Tags: t.TagsOf(t.Key()),
	}
}

// name is that of a target group. It ends in a hash of what cannot change, so
// that a replacement can be made while the old one is still there.
func (t *TargetGroup) name(s TargetGroupSpec) string {
	short := cloud.Name(cloud.MaxLoadBalancerName-nameDigits-1, t.Stack, t.Agent)
	return short + "-" + digestOf(fmt.Sprintf("%s %d HTTP ip", s.VPC, s.Port))
}

// namePrefix is what the names of all the stack's target groups begin with,
// however long the agent's own name is. It spares the tags of the others.
func (h *Env) namePrefix() string {
	// cloud.Name cuts at its limit, less a hyphen and six digits.
	return strings.TrimRight(h.Stack[:min(len(h.Stack), cloud.MaxLoadBalancerName-2*(nameDigits+1))], "-")
}

// named tells whether a target group may have its name from karmactl, for the stack.
func (h *Env) named(group string) bool { return strings.HasPrefix(group, h.namePrefix()) }

// recorded is the group with the recorded id, where that has a name that is not from
// karmactl: it is not in the list.
func (t *TargetGroup) recorded(ctx context.Context, look engine.Look) (engine.Found[TargetGroupSpec], error) {
	var none engine.Found[TargetGroupSpec]
	_, name, _ := strings.Cut(look.ID, ":targetgroup/")
	if name == "" || t.named(name) {
		return none, nil
	}
	out, err := t.Clients.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{look.ID}})
	if err != nil {
		return none, cloud.IgnoreNotFound(err)
	}
	all, err := elbCandidates(ctx, t.Clients.ELB, out.TargetGroups, func(g types.TargetGroup) string { return aws.ToString(g.TargetGroupArn) })
	for _, c := range all {
		found := readTargetGroup(c.Item, c.Tags)
		found.Phase, found.ID = engine.Ready, c.ID
		return found, err
	}
	return none, err
}

// taken refuses a group that is not ours and has our name: a create with the same
// settings would be answered with that one. A group of ours may show only now: another
// target group may have had the list read again since.
func (t *TargetGroup) taken(ctx context.Context, notOlder time.Time) error {
	if t.VPC == nil { // made from its key: nothing is wanted
		return nil
	}
	all, err := cloud.List(ctx, t.Inventory, t.Key().Kind(), notOlder, t.list)
	if err != nil {
		return err
	}
	name := t.name(t.Want())
	for _, c := range all {
		if aws.ToString(c.Item.TargetGroupName) == name && !c.Tags.Ours(t.Stack, t.Key()) {
			return t.foreign(t.Key(), "target group "+name, c.ID)
		}
	}
	return nil
}

func (t *TargetGroup) Find(ctx context.Context, look engine.Look) (engine.Found[TargetGroupSpec], error) {
	found, err := find(ctx, t.Env, t.Key(), look, t.list, readTargetGroup)
	if err == nil && found.Phase == engine.Absent {
		found, err = t.recorded(ctx, look)
	}
	if err != nil {
		return found, err
	}
	if found.Phase == engine.Absent {
		return found, t.taken(ctx, look.NotOlder)
	}
	if want := knownAttributes(t.Drain, t.Stickiness); t.believes(look, want) {
		found.Spec.Drain, found.Spec.Stickiness, found.Known = t.Drain, t.Stickiness, want
		return found, nil
	}
	attrs, err := t.Clients.ELB.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &found.ID})
	if err != nil {
		return engine.Found[TargetGroupSpec]{}, cloud.IgnoreNotFound(err)
	}
	of := cloud.FromSDK(attrs.Attributes, func(a types.TargetGroupAttribute) (string, string) { return aws.ToString(a.Key), aws.ToString(a.Value) })
	found.Spec.Drain = wholeSeconds(of[drainAttribute])
	if of[stickyAttribute] == "true" {
		found.Spec.Stickiness = wholeSeconds(of[stickyForAttr])
	}
	found.Known = knownAttributes(found.Spec.Drain, found.Spec.Stickiness)
	return found, nil
}

// knownAttributes are those of a target group that drains and sticks for so long.
func knownAttributes(drain, stickiness time.Duration) map[string]string {
	return map[string]string{"drain": drain.String(), "stickiness": stickiness.String()}
}

func readTargetGroup(g types.TargetGroup, tags cloud.Tags) engine.Found[TargetGroupSpec] {
	spec := TargetGroupSpec{
		VPC: aws.ToString(g.VpcId), Port: int(aws.ToInt32(g.Port)), Path: aws.ToString(g.HealthCheckPath),
		Check: string(g.HealthCheckProtocol) + " " + aws.ToString(g.HealthCheckPort), Interval: inSeconds(g.HealthCheckIntervalSeconds), Timeout: inSeconds(g.HealthCheckTimeoutSeconds),
		Healthy: int(aws.ToInt32(g.HealthyThresholdCount)), Unhealthy: int(aws.ToInt32(g.UnhealthyThresholdCount)), Tags: tags,
	}
	if g.Matcher != nil {
		spec.Matcher = aws.ToString(g.Matcher.HttpCode)
	}
	return engine.Found[TargetGroupSpec]{Spec: spec, Outputs: map[string]string{"name": aws.ToString(g.TargetGroupName)}}
}

// wholeSeconds is an attribute's number of seconds.
func wholeSeconds(text string) time.Duration {
	n, _ := strconv.Atoi(text)
	return time.Duration(n) * time.Second
}

func inSeconds(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }

// seconds is a duration in AWS's whole seconds.
func seconds(d time.Duration) *int32 { return aws.Int32(int32(d / time.Second)) } //nolint:gosec // minutes at most

func (t *TargetGroup) list(ctx context.Context) ([]candidate[types.TargetGroup], error) {
	all, err := cloud.Pages(ctx, elb.NewDescribeTargetGroupsPaginator(t.Clients.ELB, &elb.DescribeTargetGroupsInput{}),
		func(out *elb.DescribeTargetGroupsOutput) []types.TargetGroup { return out.TargetGroups })
	if err != nil {
		return nil, err
	}
	named := slices.DeleteFunc(all, func(g types.TargetGroup) bool { return !t.named(aws.ToString(g.TargetGroupName)) })
	return elbCandidates(ctx, t.Clients.ELB, named, func(g types.TargetGroup) string { return aws.ToString(g.TargetGroupArn) })
}

// Diff compares. The port and the VPC cannot change.
func (t *TargetGroup) Diff(have, want TargetGroupSpec) []engine.Change {
	return changes(
		essential(fixed("vpc", have.VPC, want.VPC)),
		essential(fixed("port", have.Port, want.Port)),
		field("health.check", have.Check, want.Check),
		field("health.path", have.Path, want.Path),
		field("health.matcher", have.Matcher, want.Matcher),
		field("health.interval", have.Interval, want.Interval),
		field("health.timeout", have.Timeout, want.Timeout),
		field("health.healthy", have.Healthy, want.Healthy),
		field("health.unhealthy", have.Unhealthy, want.Unhealthy),
		field("drain", have.Drain, want.Drain),
		field("stickiness", have.Stickiness, want.Stickiness),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the target group; the same name and settings again give the same
// one. How long it drains and its stickiness are attributes, which are left to Update.
func (t *TargetGroup) Create(ctx context.Context, want TargetGroupSpec, _ string) (string, error) {
	out, err := t.Clients.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(t.name(want)), VpcId: &want.VPC, Protocol: types.ProtocolEnumHttp, TargetType: types.TargetTypeEnumIp,
		Port:                       aws.Int32(int32(want.Port)), //nolint:gosec // a port
		HealthCheckPath:            &want.Path,
		HealthCheckProtocol:        types.ProtocolEnumHttp,
		HealthCheckPort:            aws.String(trafficPort),
		HealthCheckIntervalSeconds: seconds(want.Interval), HealthCheckTimeoutSeconds: seconds(want.Timeout),
		HealthyThresholdCount:   aws.Int32(int32(want.Healthy)),   //nolint:gosec // 2 to 10
		UnhealthyThresholdCount: aws.Int32(int32(want.Unhealthy)), //nolint:gosec // 2 to 10
		Matcher:                 &types.Matcher{HttpCode: &want.Matcher}, Tags: toELBTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.TargetGroups[0].TargetGroupArn), nil
}

func (t *TargetGroup) Update(ctx context.Context, id string, have, want TargetGroupSpec) error {
	checked := have
	checked.Drain, checked.Stickiness, checked.Tags = want.Drain, want.Stickiness, want.Tags
	if len(t.Diff(checked, want)) > 0 {
		_, err := t.Clients.ELB.ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{
			TargetGroupArn: &id, HealthCheckPath: &want.Path, HealthCheckProtocol: types.ProtocolEnumHttp, HealthCheckPort: aws.String(trafficPort),
			HealthCheckIntervalSeconds: seconds(want.Interval), HealthCheckTimeoutSeconds: seconds(want.Timeout),
			HealthyThresholdCount:   aws.Int32(int32(want.Healthy)),   //nolint:gosec // 2 to 10
			UnhealthyThresholdCount: aws.Int32(int32(want.Unhealthy)), //nolint:gosec // 2 to 10
			Matcher:                 &types.Matcher{HttpCode: &want.Matcher},
		})
		if err != nil {
			return err
		}
	}
	if have.Drain != want.Drain || have.Stickiness != want.Stickiness {
		_, err := t.Clients.ELB.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &id, Attributes: want.attributes()})
		if err != nil {
			return err
		}
	}
	return updateELBTags(ctx, t.Clients.ELB, id, have.Tags, want.Tags)
}

// attributes are the settings that ELB keeps by name.
func (s TargetGroupSpec) attributes() []types.TargetGroupAttribute {
	text := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	all := map[string]string{drainAttribute: text(s.Drain), stickyAttribute: strconv.FormatBool(s.Stickiness > 0)}
	if s.Stickiness > 0 {
		all[stickyByAttribute], all[stickyForAttr] = loadBalancersOwn, text(s.Stickiness)
	}
	return cloud.ToSDK(all, func(k, v string) types.TargetGroupAttribute { return types.TargetGroupAttribute{Key: &k, Value: &v} })
}

// Delete deletes the target group. While a rule still leads to it AWS answers
// ResourceInUse, which is waited for.
func (t *TargetGroup) Delete(ctx context.Context, id string) error {
	return failure(t.Clients.ELB.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &id}))
}
