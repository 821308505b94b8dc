package agents

import (
	"strings"
	"testing"
)

func TestAValueInEnvThatLooksLikeASecretIsWarnedOfAndNotRepeated(t *testing.T) {
	for value, warned := range map[string]bool{
		"sk-proj-abcdefghijklmnop1234567890": true, "ghp_abcdefghijklmnop1234567890": true, "postgres://u:hunter2@db/x": true,
		"0x" + strings.Repeat("4f", 32): true, "0x" + strings.Repeat("4f", 20): false, strings.Repeat("ab", 20): false,
		"gpt-4o": false, "https://example.com/v1": false, "info": false, "python@sha256:" + strings.Repeat("a1", 32): false,
	} {
		c, err := Parse("agents.yaml", []byte("project: p\nagents: {scout: {image: x, env: {OPENAI_API_KEY: \""+value+"\"}}}\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join(c.Warnings(), "\n")
		if got := strings.Contains(all, "env OPENAI_API_KEY of scout looks like a secret"); got != warned || strings.Contains(all, value) {
			t.Errorf("%s: warned %v, want %v:\n%s", value, got, warned, all)
		}
		c, err = Parse("agents.yaml", []byte("project: p\nagents: {scout: {image: x}}\njobs: {nightly: {image: x, schedule: every hour, env: {OPENAI_API_KEY: \""+value+"\"}}}\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		all = strings.Join(c.Warnings(), "\n")
		if got := strings.Contains(all, "env OPENAI_API_KEY of nightly looks like a secret"); got != warned || strings.Contains(all, value) {
			t.Errorf("of a job: %s: warned %v, want %v:\n%s", value, got, warned, all)
		}
		c, err = Parse("agents.yaml", []byte("project: p\nagents: {scout: {image: x, sidecars: {proxy: {image: x, env: {TOKEN: \""+value+"\"}}}, init: [{name: migrate, image: x, env: {TOKEN: \""+value+"\"}}]}}\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		all = strings.Join(c.Warnings(), "\n")
		if got := strings.Contains(all, "env TOKEN of scout's migrate, scout's proxy looks like a secret"); got != warned || strings.Contains(all, value) {
			t.Errorf("of a sidecar and an init container: %s: warned %v, want %v:\n%s", value, got, warned, all)
		}
	}
}
