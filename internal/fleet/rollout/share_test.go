package rollout

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

func TestHowFarARolloutIsFollowsItsTasks(t *testing.T) {
	at := func(state string, failed int, phases ...string) *Progress {
		p := &Progress{Revisions: []RevisionRow{{Revision: 2, State: state, Desired: 2, Failed: failed}, {Revision: 1, State: "serving", Running: 2}}}
		for _, x := range phases {
			p.Tasks = append(p.Tasks, TaskRow{Revision: 2, Phase: x})
		}
		return p
	}
	last := -1.0
	for _, c := range []struct {
		p     *Progress
		doing string
	}{
		{at("pending", 0), "waits for a task"},
		{at("in progress", 0, tasks.Provisioning, tasks.Provisioning), "gets its network"},
		{at("in progress", 0, tasks.Pulling, tasks.Pulling), "pulls its image"},
		{at("in progress", 0, tasks.Starting, Checked), "starts"},
		{at("in progress", 0, Healthy, Checked), "checking health"},
		{at("in progress", 0, Healthy, Healthy), "old tasks leave"},
		{at("successful", 0, Healthy, Healthy), "successful"},
	} {
		if got := Doing(c.p); got != c.doing {
			t.Errorf("it is said to be at %q, want %q", got, c.doing)
		}
		share := Share(c.p)
		if share <= last || share > 1 {
			t.Errorf("%s: %v done after %v", c.doing, share, last)
		}
		last = share
		if Ended(c.p) != (c.doing == "successful") {
			t.Errorf("%s: ended is %t", c.doing, Ended(c.p))
		}
	}
	if got := Doing(at("in progress", 1)); got != "starts another" {
		t.Errorf("after a failure it is at %q", got)
	}
	if got := Doing(at("rollback in progress", 2)); got != "rollback in progress" {
		t.Errorf("a rollback is called %q", got)
	}
}

func TestTheUsualTimeIsOfDeploymentsThatSucceeded(t *testing.T) {
	began := time.Date(2026, 9, 12, 12, 0, 0, 0, time.UTC)
	brief := func(status types.ServiceDeploymentStatus, took time.Duration) types.ServiceDeploymentBrief {
		return types.ServiceDeploymentBrief{Status: status, CreatedAt: &began, FinishedAt: aws.Time(began.Add(took))}
	}
	ok, back := types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusRollbackSuccessful
	if got := usual([]types.ServiceDeploymentBrief{brief(back, time.Second), {Status: types.ServiceDeploymentStatusInProgress, CreatedAt: &began}}); got != 0 {
		t.Errorf("without a success it is %s", got)
	}
	if got := usual([]types.ServiceDeploymentBrief{brief(ok, 80*time.Second), brief(back, 9*time.Minute), brief(ok, 70*time.Second), brief(ok, 200*time.Second)}); got != 80*time.Second {
		t.Errorf("the middle one of 70 s, 80 s and 200 s is %s", got)
	}
}
