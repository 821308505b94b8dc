package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// rollouts asks for the quotas of a plan over the stack as it is.
func (b *stackBench) rollouts(restarted ...string) ([]*QuotaShort, []error) {
	b.t.Helper()
	s := b.fresh(true)
	w := b.walk(false, s.Steps()...)
	res := b.done(w.Up(context.Background()))
	short, notes, err := s.Quotas(context.Background(), res, restarted)
	if err != nil {
		b.t.Fatal(err)
	}
	return short, notes
}

func (b *stackBench) allow(code string, vcpu float64) {
	b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{code: vcpu} })
}

func TestARolloutNeedsRoomForTheNewTasksBesideTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		b.allow("L-36FBB829", 0.5) // two tasks of a quarter
		if short, notes := b.rollouts(); len(short)+len(notes) != 0 {
			t.Fatalf("the first two tasks fit, yet %v %v", short, notes)
		}
		b.upStack(nil)
		if short, _ := b.rollouts(); len(short) != 0 {
			t.Fatalf("nothing is rolled out, yet %v", short)
		}
		short, _ := b.rollouts("validator")
		if len(short) != 1 {
			t.Fatalf("0.75 vCPU of 0.5 is fine: %v", short)
		}
		for _, want := range []string{`"Fargate Spot vCPU resource count" (L-36FBB829)`, "allows 0.5 vCPU", "needs 0.75", "0.5 for tasks that run or are still to start", "0.25 for new ones beside them"} {
			if !strings.Contains(short[0].Error(), want) {
				t.Errorf("%q does not say %q", short[0].Error(), want)
			}
		}
		if ask := short[0].Ask(); !strings.Contains(ask, "--quota-code L-36FBB829 --desired-value 1 --region us-east-1") {
			t.Errorf("ask is %q", ask)
		}
		// A level at a time: both need no more than one of them.
		if both, _ := b.rollouts("validator", "karma-hello"); len(both) != 1 || both[0].Rolling != 0.25 {
			t.Errorf("one after the other they need %v", both)
		}
		b.allow("L-36FBB829", 0.75)
		if short, _ := b.rollouts("validator"); len(short) != 0 {
			t.Errorf("0.75 vCPU do not fit into 0.75: %v", short)
		}
	})
}

func TestAQuotaThatCannotBeReadIsANote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Service == "Service Quotas" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		short, notes := b.rollouts()
		if len(short) != 0 || len(notes) != 1 || !strings.Contains(notes[0].Error(), "L-36FBB829") || !strings.Contains(notes[0].Error(), "0.5 vCPU fit") {
			t.Errorf("short %v, notes %q", short, notes)
		}
	})
}

// What a plan warns of is what AWS does: the check is of a rule, not a guess. An up does
// not wait for the end of its patience for what ECS said at once.
func TestWithoutRoomECSPlacesNoTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		b.upStack(nil)
		b.allow("L-36FBB829", 0.5)
		b.cfg.Agents[1].Env["MORE"] = "yes"
		s := b.fresh(false)
		w := b.walk(true, s.Steps()...)
		began := time.Now()
		res, err := w.Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		events := b.describe("validator").Services[0].Events
		if len(events) == 0 || !strings.Contains(*events[0].Message, "the limit on the number of vCPUs") {
			t.Errorf("ECS says %v", events)
		}
		failed := res.Err()
		why := new(provision.DeploymentFailed)
		if !errors.As(failed, &why) || !strings.Contains(failed.Error(), "quota of Fargate vCPU is used up") || !strings.HasPrefix(why.Try(), "karmactl doctor validator") {
			t.Errorf("up says %v", failed)
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("up waited %s", took)
		}
		b.allow("L-36FBB829", 6)
		b.upStack(nil)
	})
}

func TestTasksAreDividedAsTheStrategySays(t *testing.T) {
	for name, c := range map[string]struct {
		spot            agents.Spot
		tasks           int
		onDemand, spots float64
	}{
		"all on demand":          {agents.Spot{}, 3, 0.75, 0},
		"all on Spot":            {agents.Spot{Enabled: true, SpotWeight: 1}, 3, 0, 0.75},
		"the base first":         {agents.Spot{Enabled: true, Base: 1, SpotWeight: 1}, 3, 0.25, 0.5},
		"a base that is not met": {agents.Spot{Enabled: true, Base: 2, SpotWeight: 1}, 1, 0.25, 0},
		"by weight, rounded up":  {agents.Spot{Enabled: true, SpotWeight: 3, OnDemandWeight: 1}, 5, 0.5, 1},
		"none":                   {agents.Spot{Enabled: true, SpotWeight: 1}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &provision.Service{Agent: agents.Agent{CPU: 256, Spot: c.spot}}
			got := s.VCPU(c.tasks)
			if got["FARGATE"] != c.onDemand || got["FARGATE_SPOT"] != c.spots {
				t.Errorf("%d tasks are %v vCPU, want %g on demand and %g on Spot", c.tasks, got, c.onDemand, c.spots)
			}
		})
	}
}

func TestARolloutThatDoesNotFitGoesInTheLargestWavesThatDo(t *testing.T) {
	const yaml = `
project: acme
secrets: {nested: ""}
defaults: {image: "public.ecr.aws/x/agent:v1", cpu: 1024, memory: 2048, calls: []}
agents: {a: {port: 9001}, b: {port: 9002}, c: {port: 9003}, d: {port: 9004, calls: [a]}}
`
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, yaml))
		b.upStack(nil)
		s := b.fresh(true)
		res := b.done(b.walk(false, s.Steps()...).Up(context.Background()))
		names := []string{"a", "b", "c", "d"}
		for limit, want := range map[float64]string{7: "", 6: "[[a b] [c] [d]]", 5: "[[a] [b] [c] [d]]", 4: "[]"} {
			b.allow("L-36FBB829", limit)
			short, _ := b.rollouts(names...)
			if (len(short) == 0) != (want == "") {
				t.Fatalf("with %g vCPU it is short of %v", limit, short)
			}
			if want == "" {
				continue
			}
			waves, err := s.Waves(context.Background(), names, res, names, short)
			if got := fmt.Sprint(waves); got != want || err != nil {
				t.Errorf("with %g vCPU they go in %s, want %s: %v", limit, got, want, err)
			}
		}
	})
}
