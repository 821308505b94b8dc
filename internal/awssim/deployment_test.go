package awssim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A deployment is complete when the tasks before it are gone; with a deferred clean-up it is
// when its own are healthy.
func TestADeploymentWaitsForTheTasksBeforeItUnlessTheirEndIsDeferred(t *testing.T) {
	took := map[types.ServiceRevisionCleanup]time.Duration{}
	for _, cleanup := range types.ServiceRevisionCleanup("").Values() {
		synctest.Test(t, func(t *testing.T) {
			b := newECSBench(t)
			b.create(image)
			time.Sleep(3 * time.Minute)
			b.update(func(in *ecs.UpdateServiceInput) {
				in.DeploymentConfiguration = b.serviceInput(image).DeploymentConfiguration
				in.DeploymentConfiguration.EarlySuccessCriteria = &types.DeploymentEarlySuccessCriteria{Enable: true, HealthyPercent: aws.Int32(100), SourceServiceRevisionCleanup: cleanup}
				in.TaskDefinition = aws.String(b.register(image))
			})
			began := time.Now()
			for b.ledger()[0].Status != types.ServiceDeploymentStatusSuccessful {
				if time.Since(began) > 5*time.Minute {
					t.Fatalf("%s: it is %s after five minutes", cleanup, b.ledger()[0].Status)
				}
				time.Sleep(time.Second)
			}
			took[cleanup] = time.Since(began)
			time.Sleep(3 * time.Minute)
			if x := b.service(); x.RunningCount != 1 || len(x.Deployments) != 1 {
				t.Errorf("%s: %d tasks of %d deployments run in the end, want one of one", cleanup, x.RunningCount, len(x.Deployments))
			}
		})
	}
	blocking, deferred := took[types.ServiceRevisionCleanupBlocking], took[types.ServiceRevisionCleanupDeferred]
	t.Logf("complete after %s, with a deferred clean-up after %s", blocking, deferred)
	if deferred+20*time.Second > blocking {
		t.Errorf("a task needs 30 s to stop, and the deployment that waits for it took %s instead of %s", blocking, deferred)
	}
}

func TestEarlySuccessNeedsAShareOfHealthyTasksAndACleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newECSBench(t)
		b.create(image)
		for _, c := range []types.DeploymentEarlySuccessCriteria{
			{Enable: true, SourceServiceRevisionCleanup: types.ServiceRevisionCleanupDeferred},
			{Enable: true, HealthyPercent: aws.Int32(99), SourceServiceRevisionCleanup: types.ServiceRevisionCleanupDeferred},
			{Enable: true, HealthyPercent: aws.Int32(101), SourceServiceRevisionCleanup: types.ServiceRevisionCleanupDeferred},
			{Enable: true, HealthyPercent: aws.Int32(100)},
		} {
			deployment := b.serviceInput(image).DeploymentConfiguration
			deployment.EarlySuccessCriteria = &c
			if _, err := b.api.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("c"), Service: aws.String("s"), DeploymentConfiguration: deployment}); err == nil {
				t.Errorf("%d %% healthy of at least 100 and the clean-up %q are taken", aws.ToInt32(c.HealthyPercent), c.SourceServiceRevisionCleanup)
			}
		}
	})
}
