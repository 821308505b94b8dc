package importer

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/live"
)

func TestAFleetThatTerraformBuiltBecomesAnAgentsYAMLFromWhatRunsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		built, err := livetest.New(ctx, livetest.Shape{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := ReadECS(ctx, built.Reader(), livetest.Cluster, Options{})
		if err != nil {
			t.Fatal(err)
		}
		const golden = "testdata/live/agents.yaml"
		if *update {
			if err := os.MkdirAll("testdata/live", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(res.Text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), res.Text); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// fromFleet is the file of a fleet that is edited after it was read, with its text in one line.
func fromFleet(t *testing.T, edit func(*live.Fleet)) (res *Result, text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		built, err := livetest.New(ctx, livetest.Shape{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := live.Read(ctx, built.Reader(), livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		edit(f)
		if res, err = OfFleet(f, Options{}); err != nil {
			t.Fatal(err)
		}
	})
	return res, strings.Join(strings.Fields(strings.ReplaceAll(res.Text, "#", "")), " ")
}

func TestTheKeysOfOptionsAreTheUsersOwn(t *testing.T) {
	volume, err := volumeObject(types.Volume{DockerVolumeConfiguration: &types.DockerVolumeConfiguration{
		Driver: aws.String("local"), DriverOpts: map[string]string{"mountOptions": "ro"}, Labels: map[string]string{"ownedBy": "reef"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := object{"docker_volume_configuration": map[string]any{
		"driver": "local", "driver_opts": map[string]any{"mountOptions": "ro"}, "labels": map[string]any{"ownedBy": "reef"},
	}}
	if d := cmp.Diff(want, volume); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTheVolumesOfAServiceThatRunsAreCarriedOver(t *testing.T) {
	res, text := fromFleet(t, func(f *live.Fleet) {
		d := &f.Services[0].Definition
		d.Volumes = []types.Volume{
			{Name: aws.String("models"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
				FileSystemId: aws.String("fs-0a1b2c3d4e5f60718"), RootDirectory: aws.String("/weights"), TransitEncryption: types.EFSTransitEncryptionEnabled,
				AuthorizationConfig: &types.EFSAuthorizationConfig{Iam: types.EFSAuthorizationConfigIAMEnabled},
			}},
			{Name: aws.String("scratch"), Host: &types.HostVolumeProperties{}},
		}
		d.ContainerDefinitions[0].MountPoints = []types.MountPoint{
			{SourceVolume: aws.String("models"), ContainerPath: aws.String("/models"), ReadOnly: aws.Bool(true)},
			{SourceVolume: aws.String("scratch"), ContainerPath: aws.String("/scratch")},
		}
	})
	if v := res.Config.Agents[0].Volumes; len(v) != 2 || v[1] != (agents.Volume{Name: "scratch", Path: "/scratch", Ephemeral: true}) || v[0] != (agents.Volume{Name: "models", Path: "/models", EFS: "fs-0a1b2c3d4e5f60718", Directory: "/weights", ReadOnly: true}) {
		t.Errorf("%+v", v)
	}
	for _, says := range []string{"models: {path: /models, efs: fs-0a1b2c3d4e5f60718, directory: /weights, read_only: true}", "scratch: {path: /scratch, ephemeral: true}"} {
		if !strings.Contains(text, says) {
			t.Errorf("%q is not in\n%s", says, res.Text)
		}
	}
}
