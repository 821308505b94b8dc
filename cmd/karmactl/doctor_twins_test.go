package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
)

// definitionOf is the task definition of a family, while a world is edited.
func definitionOf(w *awssim.World, family string) *ecstypes.ContainerDefinition {
	for _, d := range w.TaskDefinitions {
		if *d.Definition.Family == family {
			return &d.Definition.ContainerDefinitions[0]
		}
	}
	return nil
}

// One image with one command in two clusters is said, with what both are given; it is no
// fault, and the same image with another command is nothing.
func TestDoctorNotesWhatRunsInAnotherClusterToo(t *testing.T) {
	const words = "chat runs in the cluster acme-prod, too (service acme-prod-chat): the same image and command."
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		ask := func() string {
			t.Helper()
			code, out := b.run("", "doctor", "chat")
			if code != 0 && code != exitDoctor {
				t.Errorf("exits %d:\n%s", code, out)
			}
			return strings.Join(strings.Fields(out), " ")
		}
		edit := func(f func(theirs, ours *ecstypes.ContainerDefinition)) {
			t.Helper()
			if err := b.sim.Edit(func(w *awssim.World) { f(definitionOf(w, livetest.Cluster+"-chat"), definitionOf(w, "shop-next-chat")) }); err != nil {
				t.Fatal(err)
			}
		}
		if out := ask(); !strings.Contains(out, words+" Whether both do the same work cannot be told from here.") {
			t.Errorf("it says:\n%s", out)
		}
		edit(func(theirs, ours *ecstypes.ContainerDefinition) {
			queue := ecstypes.KeyValuePair{Name: aws.String("QUEUE_URL"), Value: aws.String("https://sqs.us-east-1.amazonaws.com/123456789012/jobs")}
			theirs.Environment, ours.Environment = append(theirs.Environment, queue), append(ours.Environment, queue)
		})
		if out := ask(); !strings.Contains(out, words+" Both have QUEUE_URL from the same place.") || strings.Contains(out, "123456789012/jobs") {
			t.Errorf("with one queue it says:\n%s", out)
		}
		edit(func(theirs, _ *ecstypes.ContainerDefinition) { theirs.Command = []string{"python", "other.py"} })
		if out := ask(); strings.Contains(out, "runs in the cluster acme-prod, too") {
			t.Errorf("with another command it says:\n%s", out)
		}
	})
}
