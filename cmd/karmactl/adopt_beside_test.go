package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// taskOf is the revision that an agent runs, and its containers by name.
func taskOf(t *testing.T, o *office, f *livetest.Fleet, agent string) (ecstypes.TaskDefinition, map[string]ecstypes.ContainerDefinition) {
	t.Helper()
	revision, _ := running(t, f, agent)
	d, err := cloud.NewClients(o.sim.Config()).ECS.DescribeTaskDefinition(context.Background(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &revision})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]ecstypes.ContainerDefinition{}
	for _, c := range d.TaskDefinition.ContainerDefinitions {
		out[aws.ToString(c.Name)] = c
	}
	return *d.TaskDefinition, out
}

// What the containers of a task do is the same before and after the first deployment: the
// image that runs by its digest, what it runs with, and in which order.
func TestATakenOverAgentKeepsItsOtherContainersAndItsFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFileOf(t, livetest.Shape{Beside: true})
		definition, was := taskOf(t, o, f, "validator")
		o.must("", takeIt...)
		o.onlyTags()
		text, err := os.ReadFile(o.file)
		if err != nil {
			t.Fatal(err)
		}
		_, text2, _ := strings.Cut(string(text), "\n  validator:\n")
		agent, _, _ := strings.Cut(text2, "\n\n")
		golden(t, "adopt_beside.txt", "  validator:\n"+agent+"\n")
		if out := said(t, o, "plan"); !strings.Contains(out, "No changes") {
			t.Errorf("the plan after it:\n%s", out)
		}
		o.must("", "deploy", "validator")
		after, now := taskOf(t, o, f, "validator")
		if aws.ToString(after.TaskDefinitionArn) == aws.ToString(definition.TaskDefinitionArn) {
			t.Fatalf("it runs %s still", aws.ToString(after.TaskDefinitionArn))
		}
		if len(now) != len(was) {
			t.Errorf("it has %d containers, and had %d", len(now), len(was))
		}
		for name, c := range was {
			got := now[name]
			if image, _, pinned := strings.Cut(aws.ToString(got.Image), "@"); !pinned || !strings.HasPrefix(aws.ToString(c.Image), image+":") {
				t.Errorf("%s: the image %s became %s", name, aws.ToString(c.Image), aws.ToString(got.Image))
			}
			for what, d := range map[string]string{
				"command": cmp.Diff(c.Command, got.Command), "secrets": cmp.Diff(len(c.Secrets), len(got.Secrets)), "essential": cmp.Diff(c.Essential, got.Essential),
				"order": cmp.Diff(len(c.DependsOn), len(got.DependsOn)), "cpu": cmp.Diff(c.Cpu, got.Cpu), "memory": cmp.Diff(c.Memory, got.Memory),
				"check": cmp.Diff(c.HealthCheck == nil, got.HealthCheck == nil), "mounts": cmp.Diff(len(c.MountPoints), len(got.MountPoints)),
			} {
				if d != "" {
					t.Errorf("%s: %s (-before +after):\n%s", name, what, d)
				}
			}
		}
		if had, has := definition.Volumes[0].EfsVolumeConfiguration, after.Volumes[0].EfsVolumeConfiguration; aws.ToString(had.FileSystemId) != aws.ToString(has.FileSystemId) {
			t.Errorf("it mounted %s, and mounts %s", aws.ToString(had.FileSystemId), aws.ToString(has.FileSystemId))
		}
	})
}

// A fleet of which agents.yaml cannot say a part is refused as a whole, by name, before
// anything is written.
func TestWhatAgentsYAMLCannotSayOfATaskIsRefusedByName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFileOf(t, livetest.Shape{Beside: true})
		revisions := map[string]string{}
		for _, a := range livetest.Agents() {
			revisions[a.Name], _ = running(t, f, a.Name)
		}
		err := o.sim.Edit(func(w *awssim.World) {
			validator := &w.TaskDefinitions[revisions["validator"]].Definition
			validator.Volumes = append(validator.Volumes, ecstypes.Volume{Name: aws.String("scratch"), DockerVolumeConfiguration: &ecstypes.DockerVolumeConfiguration{}})
			for i := range 3 {
				c := &validator.ContainerDefinitions[i]
				c.MountPoints = append(c.MountPoints, ecstypes.MountPoint{SourceVolume: aws.String("scratch"), ContainerPath: aws.String("/tmp/shared")})
			}
			seller := &w.TaskDefinitions[revisions["seller"]].Definition
			seller.ContainerDefinitions = append(seller.ContainerDefinitions, ecstypes.ContainerDefinition{
				Name: aws.String("Proxy__1"), Image: aws.String("public.ecr.aws/nginx/nginx:1.27"), Essential: aws.Bool(true),
			})
			chat := &w.TaskDefinitions[revisions["chat"]].Definition
			chat.Volumes = []ecstypes.Volume{{Name: aws.String("books"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{
				FileSystemId: validator.Volumes[0].EfsVolumeConfiguration.FileSystemId, RootDirectory: aws.String("/books"),
			}}}
			chat.ContainerDefinitions[0].MountPoints = []ecstypes.MountPoint{{SourceVolume: aws.String("books"), ContainerPath: aws.String("/books")}}
			chat.ContainerDefinitions = append(chat.ContainerDefinitions, ecstypes.ContainerDefinition{
				Name: aws.String("proxy"), Image: aws.String("public.ecr.aws/nginx/nginx:1.27"), Essential: aws.Bool(true), User: aws.String("101"),
				DependsOn: []ecstypes.ContainerDependency{{ContainerName: aws.String("chat"), Condition: ecstypes.ContainerConditionStart}},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		o.sim.ResetCalls()
		code, said := o.run("", takeIt...)
		if code != exitError {
			t.Errorf("exits %d:\n%s", code, said)
		}
		_, said, _ = strings.Cut(said, "In the way:\n")
		said, _, _ = strings.Cut(said, "Has a key:\n")
		golden(t, "adopt_refused.txt", said)
		if n := o.sim.Mutations(); len(n) > 0 {
			t.Errorf("calls that change something: %v", n)
		}
		if _, err := os.Stat(o.file); err == nil {
			t.Error("agents.yaml was written")
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}
