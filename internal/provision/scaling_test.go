package provision

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// running puts a service into the account that starts no tasks.
func (b *bench) running(agent string) {
	b.t.Helper()
	err := b.sim.Edit(func(w *awssim.World) {
		arn := b.home.Account.ARN("ecs", "service/"+b.home.ClusterName()+"/"+agent)
		w.Services[arn] = &awssim.Service{
			ARN: arn, Name: agent, Cluster: b.home.ClusterName(), Status: "ACTIVE", Desired: 1,
			Deployments: []*awssim.Deployment{{ID: "d", RetryAt: time.Now().AddDate(1, 0, 0)}},
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// retired takes the services away, which are not this graph's to delete.
func (b *bench) retired() {
	b.t.Helper()
	if err := b.sim.Edit(func(w *awssim.World) { clear(w.Services) }); err != nil {
		b.t.Fatal(err)
	}
}

func scaling(h *Env) []engine.Step {
	target := &ScalableTarget{Env: h, Agent: "validator", Min: 1, Max: 3}
	return []engine.Step{
		engine.Manage(target),
		engine.Manage(&ScalingPolicy{Env: h, Target: target, Metric: ScaleByCPU, Hold: 75}),
		engine.Manage(&ScalingPolicy{Env: h, Target: target, Metric: ScaleByMemory, Hold: 80}),
	}
}

func TestScalingGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.running("validator")
		b.lifecycle(scaling(b.home)...)
	})
}

func TestBoundsThatDriftAreRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.running("validator")
		b.up(scaling(b.home)...)
		b.bounds(t, 2, 7)
		if res := b.plan(scaling(b.home)...); res.Count(engine.Update) != 1 {
			t.Fatalf("the plan does not repair the bounds: %s", verbs(res))
		}
		b.up(scaling(b.home)...)
		if res := b.plan(scaling(b.home)...); res.Changes() {
			t.Fatalf("the plan after is not empty: %s", verbs(res))
		}
	})
}

func TestBoundsThatScaleOrAScheduleMovesAreLeftAlone(t *testing.T) {
	for name, own := range map[string]func(b *bench){
		"karmactl scale": func(b *bench) {
			for _, e := range b.rec.Entries() {
				if e.Key == "scalable-target/validator" {
					_ = b.sim.Edit(func(w *awssim.World) { w.ScalableTargets[e.ID].Tags[TagScale] = ScaleManual })
				}
			}
		},
		"a schedule": func(b *bench) {
			_, err := b.home.Clients.AutoScaling.PutScheduledAction(context.Background(), &aas.PutScheduledActionInput{
				ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
				ResourceId: aws.String(b.home.scalableID("validator")), ScheduledActionName: aws.String("sleep"),
				Schedule: aws.String("cron(0 18 ? * MON-FRI *)"), ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: aws.Int32(0), MaxCapacity: aws.Int32(0)},
			})
			if err != nil {
				b.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.running("validator")
				b.up(scaling(b.home)...)
				own(b)
				b.bounds(t, 0, 0)
				if res := b.plan(scaling(b.home)...); res.Changes() {
					t.Fatalf("the plan moves them back: %s", verbs(res))
				}
			})
		})
	}
}

func (b *bench) bounds(t *testing.T, least, most int32) {
	t.Helper()
	_, err := b.home.Clients.AutoScaling.RegisterScalableTarget(context.Background(), &aas.RegisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		ResourceId: aws.String(b.home.scalableID("validator")), MinCapacity: &least, MaxCapacity: &most,
	})
	if err != nil {
		t.Fatal(err)
	}
}
