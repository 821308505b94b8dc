package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

// becomes says what becomes of a kind of resource that is left out. A kind that is not
// here is one that a stack cannot do without, and of which there can be only one.
var becomes = map[string]string{
	"service":        "agents.yaml has no agent of it, so that karmactl leaves all of its own alone",
	"alarm":          "agents.yaml turns this kind of alarm off",
	"endpoint":       "agents.yaml does not name it",
	"record":         "agents.yaml has load_balancer.records: false",
	"rule":           "up makes one of karmactl's own beside it",
	"scaling-policy": "agents.yaml does not scale by this measure",
}

// CanSkip tells whether a key is of a kind that may be left out.
func CanSkip(key engine.Key) bool { return becomes[key.Kind()] != "" }

// together is the same for keys of which agents.yaml says all or nothing, so that they are
// left out together; "" is for all others.
func together(key engine.Key) string {
	switch key.Kind() {
	case "alarm":
		return "alarm " + key.Name()[strings.LastIndexByte(key.Name(), '/')+1:]
	case "record":
		return "record"
	}
	return ""
}

// CheckSkip says why a key of the report cannot be left out; nil is that it can.
func (r *Report) CheckSkip(key engine.Key, skip []engine.Key, wanted []engine.Node) error {
	if !CanSkip(key) {
		why := "a stack has one, and cannot do without it"
		for _, n := range wanted {
			if slices.ContainsFunc(n.Needs(), func(need engine.Node) bool { return need.Key() == key }) && r.has(n.Key()) {
				why = string(n.Key()) + " needs it"
				break
			}
		}
		return fmt.Errorf("%s cannot be left out: %s", key, why)
	}
	var missing []string
	for _, c := range r.Counterparts {
		agent, _, _ := strings.Cut(c.Key.Name(), "/")
		if t := together(key); t != "" && t == together(c.Key) && !slices.Contains(skip, c.Key) && !slices.Contains(skip, engine.Key("service/"+agent)) {
			missing = append(missing, "--skip "+string(c.Key))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s cannot be left out alone: agents.yaml says it of all of them: %s", key, strings.Join(missing, " "))
	}
	return nil
}

func (r *Report) has(key engine.Key) bool {
	return slices.ContainsFunc(r.Counterparts, func(c Counterpart) bool { return c.Key == key })
}

// Without is the fleet less what is left out of it by the report, for an agents.yaml that
// does not have it. Rules stay: an agent's path is read from them.
func (r *Report) Without(f *live.Fleet, skip []engine.Key) *live.Fleet {
	out := *f
	for _, c := range r.Counterparts {
		if !slices.Contains(skip, c.Key) {
			continue
		}
		is := func(id *string) bool { return aws.ToString(id) == c.ID }
		switch c.Key.Kind() {
		case "service":
			out.Services = less(out.Services, func(s live.Service) bool { return is(s.ServiceArn) })
			mine := func(id *string) bool { return lastOf(aws.ToString(id)) == c.Name }
			out.Targets = less(out.Targets, func(t scalingtypes.ScalableTarget) bool { return mine(t.ResourceId) })
			out.Policies = less(out.Policies, func(p scalingtypes.ScalingPolicy) bool { return mine(p.ResourceId) })
		case "alarm":
			out.Alarms = less(out.Alarms, func(a watchtypes.MetricAlarm) bool { return is(a.AlarmName) })
		case "endpoint":
			out.Endpoints = less(out.Endpoints, func(e ec2types.VpcEndpoint) bool { return is(e.VpcEndpointId) })
		case "record":
			out.Records = nil
		case "scaling-policy":
			out.Policies = less(out.Policies, func(p scalingtypes.ScalingPolicy) bool {
				return aws.ToString(p.ResourceId)+"#"+aws.ToString(p.PolicyName) == c.ID
			})
		}
	}
	out.Roles = less(out.Roles, func(r live.Role) bool { return !out.Uses(r.ARN) })
	return &out
}

func less[T any](all []T, gone func(T) bool) []T { return slices.DeleteFunc(slices.Clone(all), gone) }

// skipped says of a resource that is left out what becomes of it.
func skipped(key engine.Key) string {
	return "--skip " + string(key) + ": it stays with who made it; " + becomes[key.Kind()]
}
