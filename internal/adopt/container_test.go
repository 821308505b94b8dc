package adopt

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/live"
)

func addContainer(f *live.Fleet, c ecstypes.ContainerDefinition) {
	d := &f.Services[0].Definition
	d.ContainerDefinitions = append(d.ContainerDefinitions, c)
}

// mount gives the first service a volume, which some of its containers mount.
func mount(f *live.Fleet, v ecstypes.Volume, by ...int) {
	d := &f.Services[0].Definition
	d.Volumes = append(d.Volumes, v)
	for _, i := range by {
		d.ContainerDefinitions[i].MountPoints = append(d.ContainerDefinitions[i].MountPoints, ecstypes.MountPoint{SourceVolume: v.Name, ContainerPath: aws.String("/data")})
	}
}

func TestWhatOfATaskAgentsYAMLCannotSayIsNamed(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		before := read(t, f)
		for _, c := range []struct {
			name, want string
			edit       func(*live.Fleet)
		}{
			{"a volume of its own disk", "service acme-prod-chat: its container chat mounts the volume scratch, of the task's own disk, which agents.yaml does not have", func(f *live.Fleet) {
				mount(f, ecstypes.Volume{Name: aws.String("scratch")}, 0)
			}},
			{"a volume that containers share", "service acme-prod-chat: its container proxy mounts the volume scratch, of the task's own disk, which agents.yaml does not have", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("proxy")})
				mount(f, ecstypes.Volume{Name: aws.String("scratch")}, 0, 1)
			}},
			{"a volume of Docker's", "its tasks have the volume scratch, a volume of Docker's, which", func(f *live.Fleet) {
				mount(f, ecstypes.Volume{Name: aws.String("scratch"), DockerVolumeConfiguration: &ecstypes.DockerVolumeConfiguration{}}, 0)
			}},
			{"a file system of FSx", "its tasks have the volume files, a file system of FSx, which", func(f *live.Fleet) {
				mount(f, ecstypes.Volume{Name: aws.String("files"), FsxWindowsFileServerVolumeConfiguration: &ecstypes.FSxWindowsFileServerVolumeConfiguration{}}, 0)
			}},
			{"files that a sidecar mounts", "its container proxy mounts the volume books, which agents.yaml does not say", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("proxy")})
				mount(f, ecstypes.Volume{Name: aws.String("books"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{FileSystemId: aws.String("fs-0a1b2c3d")}}, 1)
			}},
			{"files that agents.yaml does not have", "its tasks mount fs-0a1b2c3d, and agents.yaml has no volume of it", func(f *live.Fleet) {
				mount(f, ecstypes.Volume{Name: aws.String("books"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{FileSystemId: aws.String("fs-0a1b2c3d")}}, 0)
			}},
			{"an access point that agents.yaml does not have", "its tasks mount fs-0a1b2c3d, and agents.yaml has no volume of it", func(f *live.Fleet) {
				mount(f, ecstypes.Volume{Name: aws.String("books"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{
					FileSystemId: aws.String("fs-0a1b2c3d"), AuthorizationConfig: &ecstypes.EFSAuthorizationConfig{AccessPointId: aws.String("fsap-0a1b2c3d")},
				}}, 0)
			}},
			{"volumes of another container", "its container proxy takes the volumes of chat, which", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("proxy"), VolumesFrom: []ecstypes.VolumeFrom{{SourceContainer: aws.String("chat")}}})
			}},
			{"an essential container that the file does not have", "its task ends with the container proxy, which agents.yaml does not have", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("proxy")})
			}},
			{"a router of logs", "its container router routes the logs of the others (FireLens)", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("router"), FirelensConfiguration: &ecstypes.FirelensConfiguration{}})
			}},
			{"a worker of which no container has its name", "which of its containers is the agent cannot be told: app, proxy", func(f *live.Fleet) {
				addContainer(f, ecstypes.ContainerDefinition{Name: aws.String("proxy")})
				f.Services[0].Definition.ContainerDefinitions[0].Name, f.Services[0].LoadBalancers = aws.String("app"), nil
			}},
		} {
			obstructed(t, f, before, account, c.name, c.want, c.edit)
		}
	})
}

// A service whose sidecars agents.yaml has, in every way in which it cannot say them as they are.
func TestWhatASidecarCannotBeIsNamed(t *testing.T) {
	built(t, livetest.Shape{Beside: true}, func(f *livetest.Fleet, account cloud.Account) {
		before := read(t, f)
		own := func(f *live.Fleet, name string) *ecstypes.ContainerDefinition {
			for i := range f.Services {
				all := f.Services[i].Definition.ContainerDefinitions
				for k := range all {
					if aws.ToString(all[k].Name) == name {
						return &all[k]
					}
				}
			}
			t.Fatalf("no container %s", name)
			return nil
		}
		waits := func(condition ecstypes.ContainerCondition, on string) []ecstypes.ContainerDependency {
			return []ecstypes.ContainerDependency{{ContainerName: &on, Condition: condition}}
		}
		for _, c := range []struct {
			name, want string
			edit       func(*live.Fleet)
		}{
			{"nothing", "", func(*live.Fleet) {}},
			{"it waits for the agent", "service acme-prod-validator: its container proxy waits for validator (HEALTHY), which agents.yaml cannot say", func(f *live.Fleet) {
				own(f, "proxy").DependsOn = waits(ecstypes.ContainerConditionHealthy, "validator")
			}},
			{"it waits for another one", "its container metrics waits for proxy (START), which", func(f *live.Fleet) {
				own(f, "metrics").DependsOn = waits(ecstypes.ContainerConditionStart, "proxy")
			}},
			{"what comes first waits for it", "its container migrate waits for proxy (START), which", func(f *live.Fleet) {
				own(f, "migrate").DependsOn = waits(ecstypes.ContainerConditionStart, "proxy")
			}},
			{"it waits for what comes first", "container proxy starts after migrate, karmactl's own beside it", func(f *live.Fleet) {
				own(f, "proxy").DependsOn = waits(ecstypes.ContainerConditionSuccess, "migrate")
			}},
			{"what comes first may fail", "starts after migrate has ended, karmactl's own only when it succeeds", func(f *live.Fleet) {
				own(f, "validator").DependsOn = waits(ecstypes.ContainerConditionComplete, "migrate")
			}},
			{"a user", "container proxy: user 101, karmactl's own is the image's", func(f *live.Fleet) { own(f, "proxy").User = aws.String("101") }},
			{"a root that is not written to", "container proxy: root file system read only, karmactl's own is written to", func(f *live.Fleet) { own(f, "proxy").ReadonlyRootFilesystem = aws.Bool(true) }},
			{"a file of variables", "container proxy: variables from arn:aws:s3:::acme/env, karmactl's own is env alone", func(f *live.Fleet) {
				own(f, "proxy").EnvironmentFiles = []ecstypes.EnvironmentFile{{Value: aws.String("arn:aws:s3:::acme/env")}}
			}},
		} {
			now := read(t, f)
			c.edit(now)
			r := judged(t, before, now, account)
			var said []string
			for _, o := range r.Obstacles {
				said = append(said, o.What+": "+o.Why)
			}
			for _, x := range r.Counterparts {
				if x.Key == "task-definition/validator" {
					said = append(said, x.Differs...)
				}
			}
			if c.want == "" && len(r.Obstacles) > 0 || !strings.Contains(strings.Join(said, "\n"), c.want) {
				t.Errorf("%s: %q, want %q", c.name, said, c.want)
			}
		}
	})
}
