package rollout

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// watching observes the validator, and gives what it was at, in order.
func (f *bench) watching() (stop func() (phases []string, last *Progress)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var phases []string
	var last *Progress
	ag := f.agent()
	ag.Reads = NewReads(ag.ECS, ag.Clock, ag.Cluster)
	go func() {
		defer close(done)
		ag.Observe(ctx, func(p *Progress) {
			last = p
			if phase := Doing(p); !slices.Contains(phases, phase) {
				phases = append(phases, phase)
			}
		})
	}()
	return func() ([]string, *Progress) {
		cancel()
		<-done
		return phases, last
	}
}

func TestAServiceIsObservedFromItsFirstTaskToItsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		stop := f.watching()
		f.walk("-")
		time.Sleep(3 * time.Second)
		phases, last := stop()
		if want := []string{"gets its network", tasks.Pending, tasks.Pulling, tasks.Starting, "checking health", Healthy, "successful"}; !isWithin(phases, want) || len(phases) < 4 {
			t.Errorf("it was at %q, which is not of %q", phases, want)
		}
		if want := []RevisionRow{{Revision: 1, State: "successful", Desired: 1, Running: 1, Healthy: 1}}; !slices.Equal(last.Revisions, want) || Share(last) != 1 {
			t.Errorf("it ends with %+v", last.Revisions)
		}

		stop = f.watching()
		if _, err := f.home.Clients.ECS.DeleteService(t.Context(), &ecs.DeleteServiceInput{Cluster: aws.String(f.home.ClusterName()), Service: aws.String("validator"), Force: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		phases, last = stop()
		if !slices.Contains(phases, stops) || last.Revisions[0].Desired != 0 || Share(last) < 1.0/3 {
			t.Errorf("while it goes it was at %q, in the end %+v", phases, last.Revisions)
		}
	})
}

// isWithin tells whether all of some are in whole, in its order.
func isWithin(some, whole []string) bool {
	for _, x := range whole {
		if len(some) > 0 && some[0] == x {
			some = some[1:]
		}
	}
	return len(some) == 0
}

func TestTheLastWordsAreOfTheTaskThatFailedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.walk("-")
		if words := f.agent().LastWords(t.Context()); len(words) > 0 {
			t.Errorf("nothing has failed, and its last words are %q", words)
		}
		image := f.push("crash")
		defer f.lives()()
		if d := f.begin(image)(patience); d.OK() {
			t.Fatalf("it %s", d.Outcome)
		}
		if words := f.agent().LastWords(t.Context()); !slices.Contains(words, "ERROR simulated crash: exit 1") {
			t.Errorf("its last words are %q", words)
		}
	})
}
