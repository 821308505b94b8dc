package provision

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// register makes a revision of a family as any program would.
func (b *bench) register(family, image string, tags cloud.Tags) (arn string) {
	b.t.Helper()
	out, err := b.home.Clients.ECS.RegisterTaskDefinition(b.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("validator"), Image: &image, Essential: aws.Bool(true)}}, Tags: toECSTags(tags),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.TaskDefinition.TaskDefinitionArn
}

// TestOnlyOurRevisionsSinceTheOneTakenOverAreRetired: the family has another owner, who continues to register.
func TestOnlyOurRevisionsSinceTheOneTakenOverAreRetired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		d := &TaskDefinition{Env: b.home, Agent: agents.Agent{Name: "validator"}}
		family := b.home.Family("validator")
		var arns []string
		for i, ours := range []bool{true, false, true, false} {
			tags := cloud.Tags{}
			if ours {
				tags = b.home.TagsOf(d.Key())
			}
			arns = append(arns, b.register(family, fmt.Sprint("nginx:", i), tags))
		}
		if err := b.home.RetireRevisions(t.Context(), "validator", arns[0]); err != nil {
			t.Fatal(err)
		}
		left, err := d.revisions(t.Context(), family, types.TaskDefinitionStatusActive)
		if want := []string{arns[0], arns[1], arns[3]}; err != nil || !slices.Equal(left, want) {
			t.Errorf("left are %v, %v, not %v", left, err, want)
		}
		if err := d.erase(t.Context(), arns[1:2]); err == nil {
			t.Error("a deletion that ECS refuses is taken for done")
		}
		if err := d.erase(t.Context(), []string{arns[2] + "0"}); err != nil {
			t.Errorf("one that is gone: %v", err)
		}
	})
}
