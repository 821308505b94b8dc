package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

func TestOnlyTheRevisionThatWasRolledBackIsRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		ag := f.agent()
		f.walk("-")
		doc := f.begin(f.push("crash"))(patience)
		if doc.Outcome != RolledBack || doc.Revision != 2 {
			t.Fatalf("revision %d %s", doc.Revision, doc.Outcome)
		}
		// Another program registers the next revision while this one is being rolled back.
		f.begin(f.push("v2"))
		if _, err := f.home.Clients.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &ag.Cluster, Service: &ag.Service, TaskDefinition: aws.String(ag.Family + ":1")}); err != nil {
			t.Fatal(err)
		}
		gone, err := ag.Retire(ctx, []int{doc.Revision})
		if err != nil || !slices.Equal(gone, []int{2}) {
			t.Errorf("retired %v: %v", gone, err)
		}
		left, err := ag.RevisionsAfter(ctx, 0)
		if err != nil || !slices.Equal(left, []int{3, 1}) {
			t.Errorf("left are %v: %v", left, err)
		}
	})
}

func TestTheRevisionThatRunsIsNeverRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		ag := f.agent()
		f.walk("-")
		f.begin(f.push("v2"))(patience)
		gone, err := ag.Retire(ctx, []int{1, 2})
		if err != nil || len(gone) != 0 {
			t.Errorf("retired %v: %v", gone, err)
		}
	})
}

func TestADeploymentThatSomebodyStoppedAdvisesWhatWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		f.sim.PageBy(1) // twenty restarts fill AWS's page
		ag := f.agent()
		f.walk("-")
		follow := f.begin(f.push("unhealthy"))
		if err := f.stop(types.StopServiceDeploymentStopTypeAbort); err != nil {
			t.Fatal(err)
		}
		if doc := follow(patience); doc.Outcome != Failed || !strings.Contains(doc.Fix, "karmactl rollback validator goes back") {
			t.Fatalf("%+v", doc)
		}
		back, err := ag.Target(ctx, 0)
		if err != nil || tasks.Revision(back.From) != 2 || tasks.Revision(back.To) != 1 {
			t.Fatalf("back is %+v: %v", back, err)
		}
		before, err := ag.ReadBaseline(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := ag.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := ag.FindNew(ctx, before, back.From); err != nil {
			t.Errorf("it does not begin again: %v", err)
		}
		arn, err := ag.Begin(ctx, back)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err := ag.Follow(ctx, arn, back.To, back.From, FollowOptions{Limit: patience}); err != nil || doc.Outcome != Succeeded || doc.Revision != 1 {
			t.Errorf("the rollback ends %+v: %v", doc, err)
		}
	})
}

func TestARollbackGoesToARevisionThatStillHasItsImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		ag := f.agent()
		f.walk("-")
		second := f.push("v2")
		f.begin(second)(patience)
		f.begin("public.ecr.aws/docker/library/python:3.12-slim")(patience)
		_, digest, _ := strings.Cut(second, "@")
		_ = f.sim.Edit(func(w *awssim.World) { delete(w.Repositories["karmacadabra/validator"].Images, digest) })
		if b, err := ag.Target(ctx, 2); err == nil || !strings.Contains(err.Error(), "the image of revision 2 of validator is no longer in ECR") {
			t.Errorf("a rollback to revision 2, whose image is gone, is planned: %+v, %v", b, err)
		}
		b, err := ag.Target(ctx, 0)
		if err != nil || tasks.Revision(b.To) != 1 {
			t.Errorf("the rollback goes to %q, not to revision 1: %v", b.To, err)
		}
	})
}

func TestRevisionsHaveTheTagsOfTheirImagesAndOneRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		f.walk("-")
		second := f.push("v2")
		f.begin(second)(patience)
		f.begin("public.ecr.aws/docker/library/python:3.12-slim")(patience)
		_, digest, _ := strings.Cut(second, "@")
		_ = f.sim.Edit(func(w *awssim.World) {
			i := w.Repositories["karmacadabra/validator"].Images[digest]
			i.Tags = append(i.Tags, "v1.4.2", "3c9d0e1")
		})
		all, err := f.agent().Revisions(ctx, 5)
		if err != nil || len(all) != 3 || all[0].Number != 3 || all[1].Number != 2 || all[2].Number != 1 {
			t.Fatalf("revision 3 runs, 2 and 1 are to go back to, and there are %+v: %v", all, err)
		}
		if !all[0].Runs || all[1].Runs || all[2].Runs {
			t.Errorf("revision 3 alone runs: %+v", all)
		}
		if got := all[1]; !slices.Equal(got.Tags, []string{"3c9d0e1", "v1.4.2"}) || got.Image != second || got.Registered.IsZero() {
			t.Errorf("revision 2 is %+v", got)
		}
		if last, err := f.agent().Revisions(ctx, 1); err != nil || len(last) != 1 || last[0].Number != 3 {
			t.Errorf("the newest one is %+v: %v", last, err)
		}
	})
}

func TestPushesThatAreRolledBackDoNotExpireWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		f.walk("-")
		f.begin(f.push("v2"))(patience)
		_ = f.sim.Edit(func(w *awssim.World) {
			for i := range 12 {
				digest := fmt.Sprintf("sha256:%064d", i)
				w.Repositories["karmacadabra/validator"].Images[digest] = &awssim.RepositoryImage{Digest: digest, Tags: []string{fmt.Sprintf("broken-%d", i)}, Pushed: time.Now()}
			}
		})
		time.Sleep(10 * 24 * time.Hour)
		running := f.agent()
		svc, err := running.service(ctx)
		if err != nil {
			t.Fatal(err)
		}
		d, err := running.revision(ctx, aws.ToString(svc.TaskDefinition))
		if err != nil {
			t.Fatal(err)
		}
		if there, err := running.hasImage(ctx, d); err != nil || !there {
			t.Errorf("ten days after twelve more pushes the image that runs is gone: %v", err)
		}
	})
}
