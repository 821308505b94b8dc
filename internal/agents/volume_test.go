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

func TestAVolumeOfAnotherAgentIsOnWhatThatOneIsOn(t *testing.T) {
	c := parse(t, "", `
agents:
  a: {volumes: {models: {of: b/models, path: /m, read_only: true}, state: {of: b/state, path: /state}}}
  b: {volumes: {models: {path: /models, efs: fs-0a1b2c3d, access_point: fsap-0a1b2c3d}, state: {path: /state}}}
jobs:
  nightly: {image: "acme/digest:1", schedule: every hour, volumes: {state: {of: b/state, path: /b}}}
`)
	a := c.Agents[0]
	if a.Volumes[0] != (Volume{Name: "models", Of: "b/models", Path: "/m", EFS: "fs-0a1b2c3d", AccessPoint: "fsap-0a1b2c3d", ReadOnly: true}) || a.Volumes[1] != (Volume{Name: "state", Of: "b/state", Path: "/state"}) {
		t.Errorf("%+v", a.Volumes)
	}
	if own := a.OwnVolumes(); len(own) != 1 || own[0].Name != "state" || len(c.GivenVolumes()) != 1 {
		t.Errorf("on the stack's own file system: %+v, given: %+v", own, c.GivenVolumes())
	}
	if job, _ := c.Runs("nightly"); len(job.Volumes) != 1 || job.Volumes[0].Of != "b/state" {
		t.Errorf("%+v", job.Volumes)
	}
}

func TestOneContainerThatMayWriteIsEnoughToWrite(t *testing.T) {
	a := parse(t, "", `
agents:
  a:
    volumes: {models: {path: /models, read_only: true}, drafts: {}, memory: {path: /data, read_only: true}}
    init: [{name: fetch, command: [fetch], volumes: {models: {}}}]
    sidecars: {indexer: {command: [index], volumes: {memory: {path: /m, read_only: true}, drafts: {path: /drafts}}}}
`).Agents[0]
	for volume, want := range map[string]bool{"models": true, "drafts": true, "memory": false} {
		if got := a.Writes(volume); got != want {
			t.Errorf("%s is written: %t", volume, got)
		}
	}
	if at := a.Seen("models"); len(at) != 2 || at["fetch"] != (Mounted{Volume: "models", Path: "/models"}) || at["a"].Path != "/models" {
		t.Errorf("models: %+v", at)
	}
	if at := a.Seen("drafts"); len(at) != 1 || at["indexer"].Path != "/drafts" {
		t.Errorf("drafts: %+v", at)
	}
}
