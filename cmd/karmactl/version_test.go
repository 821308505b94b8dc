package main

import (
	"runtime/debug"
	"testing"
)

func TestTheVersionIsTheLinkersElseTheModules(t *testing.T) {
	module := func(v string) *debug.BuildInfo { return &debug.BuildInfo{Main: debug.Module{Version: v}} }
	for _, c := range []struct {
		linked string
		info   *debug.BuildInfo
		want   string
	}{
		{"v1.2.3", module("(devel)"), "v1.2.3"},
		{"v1.2.3", module("v1.2.4"), "v1.2.3"},
		{"", module("v1.2.4"), "v1.2.4"}, // go install …@v1.2.4
		{"", module("(devel)"), "dev"},
		{"", module(""), "dev"},
		{"", nil, "dev"},
	} {
		if got := versionOf(c.linked, c.info); got != c.want {
			t.Errorf("linked %q, module %v: %q, want %q", c.linked, c.info, got, c.want)
		}
	}
}
