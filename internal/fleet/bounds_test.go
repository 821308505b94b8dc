package fleet

import (
	"context"
	"testing"
	"testing/synctest"

	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// refusesTags is Application Auto Scaling for a caller without application-autoscaling:ListTagsForResource.
type refusesTags struct{ SchedulesAPI }

func (refusesTags) ListTagsForResource(context.Context, *aas.ListTagsForResourceInput, ...func(*aas.Options)) (*aas.ListTagsForResourceOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform application-autoscaling:ListTagsForResource"}
}

func TestTagsThatMayNotBeReadDoNotHideBoundsAndSchedules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.edit(func(w *awssim.World) {
			for _, x := range w.ScalableTargets {
				x.Max = 9
			}
		})
		home := b.home()
		w := &Watcher{Schedules: refusesTags{home.Clients.AutoScaling}, Cluster: home.ClusterName(), Agents: b.cfg.Agents}
		sc, unknown, err := w.readScaling(t.Context())
		if err == nil || unknown != "who has set bounds that are not agents.yaml's is not known" {
			t.Errorf("%q, %v", unknown, err)
		}
		if len(sc.bounds) != len(b.cfg.Agents) || len(sc.ruled) != 0 || sc.schedules == nil {
			t.Errorf("%+v", sc)
		}
	})
}
