package agents

import (
	"strings"
	"testing"
)

func TestAVolumeIsOnTheStacksOwnFileSystemUnlessAnotherOneIsNamed(t *testing.T) {
	c := parse(t, "", `
defaults: {volumes: {cache: {path: /cache}}}
agents:
  a: {volumes: {models: {path: /models, efs: fs-0a1b2c3d}, cache: {read_only: true}}}
`)
	a := c.Agents[0]
	if len(a.Volumes) != 2 || a.Volumes[0] != (Volume{Name: "cache", Path: "/cache", ReadOnly: true}) || a.Volumes[1] != (Volume{Name: "models", Path: "/models", EFS: "fs-0a1b2c3d"}) {
		t.Errorf("%+v", a.Volumes)
	}
	if own := a.OwnVolumes(); len(own) != 1 || own[0].Name != "cache" || !c.HasOwnVolumes() {
		t.Errorf("its own: %+v", own)
	}
	if given := parse(t, "", "agents: {a: {volumes: {models: {path: /models, efs: fs-0a1b2c3d}}}}"); given.HasOwnVolumes() || strings.Join(given.GivenFileSystems(), " ") != "fs-0a1b2c3d" {
		t.Error("a file system that is there already is taken for the stack's own")
	}
}

func TestAJobHasTheVolumesOfItsAgent(t *testing.T) {
	c := parse(t, "", `
agents: {a: {volumes: {memory: {path: /data}}}}
jobs: {nightly: {agent: a, command: [python, digest.py], schedule: every hour}}
`)
	if job, _ := c.Runs("nightly"); len(job.Volumes) != 1 || job.Volumes[0].Path != "/data" {
		t.Errorf("%+v", job.Volumes)
	}
}
