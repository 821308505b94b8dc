package adopt

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// What init writes of files on EFS is no obstacle, and what is not written of them is one.
func TestAnAccessPointADirectoryAndASidecarsVolumeAreSayable(t *testing.T) {
	whole := agents.Volume{Name: "books", Path: "/data", EFS: "fs-0a1b2c3d"}
	part, point := whole, whole
	part.Directory, point.AccessPoint = "/books", "fsap-0a1b2c3d"
	for _, x := range []struct {
		name     string
		says     agents.Volume
		sidecar  bool
		obstacle bool
	}{
		{"the whole", whole, false, true},
		{"a directory", part, false, true},
		{"an access point", point, false, true},
		{"an access point and a sidecar", point, true, false},
	} {
		a := agents.Agent{Name: "chat", Volumes: []agents.Volume{x.says}, Sidecars: []agents.Sidecar{{Name: "proxy"}}}
		if x.sidecar {
			a.Sidecars[0].Volumes = []agents.Mounted{{Volume: "books", Path: "/x"}}
		}
		mounts := []types.MountPoint{{SourceVolume: aws.String("Books"), ContainerPath: aws.String("/data")}}
		s := live.Service{}
		s.Definition.ContainerDefinitions = []types.ContainerDefinition{{Name: aws.String("chat"), MountPoints: mounts}, {Name: aws.String("Proxy"), MountPoints: mounts}}
		s.Definition.Volumes = []types.Volume{{Name: aws.String("Books"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
			FileSystemId: aws.String("fs-0a1b2c3d"), RootDirectory: aws.String("/"), AuthorizationConfig: &types.EFSAuthorizationConfig{AccessPointId: aws.String("fsap-0a1b2c3d")},
		}}}
		j := &judge{out: &Report{}}
		j.volumes(a, s, s.Definition.ContainerDefinitions[0])
		if got := len(j.out.Obstacles) > 0; got != x.obstacle {
			t.Errorf("%s: %+v", x.name, j.out.Obstacles)
		}
	}
}
