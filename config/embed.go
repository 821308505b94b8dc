// Package config holds the shipped fleet as files that people read and edit.
package config

import _ "embed"

//go:embed agents.yaml
var agentsYAML string

// AgentsYAML is a copy of config/agents.yaml as it was when karmactl was built.
func AgentsYAML() []byte { return []byte(agentsYAML) }

//go:embed try.yaml
var tryYAML string

// TryYAML is a copy of config/try.yaml, the fleet of karmactl try.
func TryYAML() []byte { return []byte(tryYAML) }
