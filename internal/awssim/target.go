package awssim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Target is one address that a target group sends requests to.
type Target struct {
	IP         string
	Port       int
	Registered time.Time
	// Answers is whether the container answers health checks, Since when.
	Answers bool
	Since   time.Time
	State   types.TargetHealthStateEnum
	// Left is when it was deregistered; it drains from then on.
	Left time.Time
}

func targetID(ip string, port int) string { return fmt.Sprintf("%s:%d", ip, port) }

// registerTarget adds an address to a target group, as ECS does when a task has
// one. It does not answer yet.
func (s *Sim) registerTarget(tgARN, ip string, port int) {
	if g := s.world.TargetGroups[tgARN]; g != nil {
		t := &Target{IP: ip, Port: port, Registered: s.now(), Since: s.now(), State: types.TargetHealthStateEnumInitial}
		g.Targets[targetID(ip, port)] = t
		s.check(g, s.loadBalancerOf(tgARN), t)
	}
}

// answerTarget has a registered address answer health checks, or not.
func (s *Sim) answerTarget(tgARN, ip string, port int, answers bool) {
	if t := s.target(tgARN, ip, port); t != nil && t.Answers != answers {
		t.Answers, t.Since = answers, s.now()
	}
}

// deregisterTarget lets an address drain for the deregistration delay.
func (s *Sim) deregisterTarget(tgARN, ip string, port int) {
	t := s.target(tgARN, ip, port)
	switch {
	case t == nil || !t.Left.IsZero():
	case t.State == types.TargetHealthStateEnumUnused:
		delete(s.world.TargetGroups[tgARN].Targets, targetID(ip, port))
	default:
		t.Left, t.State = s.now(), types.TargetHealthStateEnumDraining
	}
}

// targetState is initial, healthy, unhealthy, draining, unused, or "" for an
// address that is not registered.
func (s *Sim) targetState(tgARN, ip string, port int) string {
	if t := s.target(tgARN, ip, port); t != nil {
		return string(t.State)
	}
	return ""
}

func (s *Sim) target(tgARN, ip string, port int) *Target {
	if g := s.world.TargetGroups[tgARN]; g != nil {
		return g.Targets[targetID(ip, port)]
	}
	return nil
}

// settleTargets does the health checks that were due by now.
func (s *Sim) settleTargets() {
	balancers := s.balancersOfTargetGroups()
	for arn, g := range s.world.TargetGroups {
		lb := balancers[arn]
		switch {
		case lb == nil:
			g.Attached = time.Time{}
		case g.Attached.IsZero():
			g.Attached = s.now()
		}
		for id, t := range g.Targets {
			if !t.Left.IsZero() && !s.now().Before(t.Left.Add(g.deregistrationDelay())) {
				delete(g.Targets, id)
				continue
			}
			s.check(g, lb, t)
		}
	}
}

// check moves a target along. A load balancer that is not active yet does not
// check, and a target needs so many equal answers in a row, an interval apart.
func (s *Sim) check(g *TargetGroup, lb *LoadBalancer, t *Target) {
	switch {
	case !t.Left.IsZero():
		t.State = types.TargetHealthStateEnumDraining
		return
	case lb == nil:
		t.State = types.TargetHealthStateEnumUnused
		return
	case t.State == types.TargetHealthStateEnumUnused:
		t.State = types.TargetHealthStateEnumInitial
	}
	start := t.Since
	for _, at := range []time.Time{g.Attached, lb.Created.Add(albProvisioning)} {
		if at.After(start) {
			start = at
		}
	}
	if lb.Failure != "" || !s.now().After(start) {
		return
	}
	checks := int32(s.now().Sub(start) / (time.Duration(g.Interval) * time.Second)) //nolint:gosec // hours over seconds
	switch {
	case t.Answers && checks >= g.Healthy:
		t.State = types.TargetHealthStateEnumHealthy
	case !t.Answers && checks >= g.Unhealthy:
		t.State = types.TargetHealthStateEnumUnhealthy
	}
}

func (g *TargetGroup) deregistrationDelay() time.Duration {
	n, _ := strconv.Atoi(g.Attributes[deregistrationDelay])
	return time.Duration(n) * time.Second
}

// targetReasons are AWS's own words for a state.
func targetReasons(t *Target) (types.TargetHealthReasonEnum, string) {
	switch t.State {
	case types.TargetHealthStateEnumInitial:
		return "Elb.RegistrationInProgress", "Target registration is in progress"
	case types.TargetHealthStateEnumUnhealthy:
		return "Target.FailedHealthChecks", "Health checks failed"
	case types.TargetHealthStateEnumDraining:
		return "Target.DeregistrationInProgress", "Target deregistration is in progress"
	case types.TargetHealthStateEnumUnused:
		return "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
	}
	return "", ""
}

func (s *Sim) describeTargetHealth(in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	g, err := s.targetGroup(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTargetHealthOutput{}
	for _, t := range sorted(g.Targets) {
		if askedForTarget(in.Targets, t) {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, describeTarget(t))
		}
	}
	for _, d := range in.Targets {
		if g.Targets[targetID(aws.ToString(d.Id), int(aws.ToInt32(d.Port)))] == nil {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
				Target: &types.TargetDescription{Id: d.Id, Port: d.Port},
				TargetHealth: &types.TargetHealth{
					State: types.TargetHealthStateEnumUnused, Reason: "Target.NotRegistered",
					Description: aws.String("Target is not registered to the target group"),
				},
			})
		}
	}
	return out, nil
}

func askedForTarget(asked []types.TargetDescription, t *Target) bool {
	for _, d := range asked {
		if aws.ToString(d.Id) == t.IP && int(aws.ToInt32(d.Port)) == t.Port {
			return true
		}
	}
	return len(asked) == 0
}

func describeTarget(t *Target) types.TargetHealthDescription {
	d := types.TargetHealthDescription{
		Target:          &types.TargetDescription{Id: aws.String(t.IP), Port: aws.Int32(int32(t.Port))}, //nolint:gosec // a port
		HealthCheckPort: aws.String(strconv.Itoa(t.Port)),
		TargetHealth:    &types.TargetHealth{State: t.State},
	}
	if reason, text := targetReasons(t); reason != "" {
		d.TargetHealth.Reason, d.TargetHealth.Description = reason, &text
	}
	return d
}
