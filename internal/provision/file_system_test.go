package provision

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// volumes are a file system that is mounted in one zone, with the volume of one agent.
func volumes(h *Env) []engine.Step {
	vpc := &VPC{Env: h, CIDR: "10.0.0.0/16"}
	subnet := &Subnet{Env: h, VPC: vpc, Tier: TierPrivate, AZ: "us-east-1a", CIDR: "10.0.0.0/24"}
	tasks := &SecurityGroup{Env: h, VPC: vpc, Name: "agents", Purpose: "the agents"}
	group := &SecurityGroup{Env: h, VPC: vpc, Name: "volumes", Purpose: "the volumes", Ingress: []Rule{{Port: 2049, From: tasks}}}
	files := &FileSystem{Env: h}
	point := &AccessPoint{Env: h, FileSystem: files, Agent: "bot", Volume: "memory"}
	mounts := []Mount{{Volume: agents.Volume{Name: "memory", Path: "/data"}, Point: point}}
	return []engine.Step{
		engine.Manage(vpc), engine.Manage(subnet), engine.Manage(tasks), engine.Manage(group), engine.Manage(files), engine.Manage(point),
		engine.Manage(&MountTarget{Env: h, AZ: "us-east-1a", FileSystem: files, Subnet: subnet, Group: group}),
		engine.Manage(&Role{Env: h, Kind: TaskRole, Agent: "bot", Mounts: mounts}),
	}
}

func TestVolumesGoThroughTheirLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.lifecycle(volumes(b.home)...)
	})
}

func TestAFileSystemThatOthersCanMountIsNotDeletedAndTheyAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		steps := volumes(b.home)
		b.up(steps...)
		b.edit(func(w *awssim.World) {
			for id := range w.FileSystems {
				w.AccessPoints["fsap-theirs"] = &awssim.AccessPoint{ID: "fsap-theirs", FileSystem: id, Path: "/", State: "available", Tags: cloud.Tags{}}
			}
		})
		res, err := b.walk(true, steps...).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var use *engine.InUse
		if err := res.Err(); !errors.As(err, &use) || !use.Foreign || use.Holder != "access point fsap-theirs" {
			t.Errorf("got %v", err)
		}
	})
}

func TestARoleMayMountWhatTheFileSaysAndNoMore(t *testing.T) {
	point := &AccessPoint{Env: &Env{Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"}}, FileSystem: &FileSystem{}}
	point.SetObserved("fsap-1", nil)
	point.FileSystem.SetObserved("fs-1", nil)
	a := agents.Agent{Name: "bot", Volumes: []agents.Volume{
		{Name: "memory", Path: "/data"}, {Name: "models", Path: "/models", EFS: "fs-2", ReadOnly: true}, {Name: "notes", Path: "/notes", EFS: "fs-2", AccessPoint: "fsap-2", ReadOnly: true},
	}, Sidecars: []agents.Sidecar{{Name: "indexer", Volumes: []agents.Mounted{{Volume: "notes", Path: "/notes"}}}}}
	got := mountPolicy(point.Account, []Mount{{Volume: a.Volumes[0], Point: point, Agent: a}, {Volume: a.Volumes[1], Agent: a}, {Volume: a.Volumes[2], Agent: a}})
	for i, want := range []string{
		`{"Effect":"Allow","Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"],"Resource":["arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"],"Condition":{"StringEquals":{"elasticfilesystem:AccessPointArn":"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-1"}}}`,
		`{"Effect":"Allow","Action":["elasticfilesystem:ClientMount"],"Resource":["arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-2"]}`,
		`{"Effect":"Allow","Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"],"Resource":["arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-2"],"Condition":{"StringEquals":{"elasticfilesystem:AccessPointArn":"arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-2"}}}`,
	} {
		if text := marshal(got[i]); text != want {
			t.Errorf("%s\nwanted %s", text, want)
		}
	}
}

func TestWhatIsMountedSurvivesTheWayToECSAndBack(t *testing.T) {
	want := Volumes{
		"memory":  {FileSystem: "fs-1", AccessPoint: "fsap-1", TLS: true, IAM: true, Paths: map[string]Path{"bot": {At: "/data"}}},
		"models":  {FileSystem: "fs-2", Root: "models", Paths: map[string]Path{"bot": {At: "/models", ReadOnly: true}}},
		"scratch": {},
	}
	in := TaskDefinitionSpec{Volumes: want}.input("family", "bot")
	got := readVolumes(&types.TaskDefinition{Volumes: in.Volumes, ContainerDefinitions: in.ContainerDefinitions})
	if !got.Equal(want) {
		t.Errorf("%s\nwanted %s", got, want)
	}
}
