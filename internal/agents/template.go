package agents

import "github.com/karmacadabra/karmactl/config"

// Template is the commented agents.yaml that `karmactl init` writes: the
// shipped config/agents.yaml itself.
func Template() []byte { return config.AgentsYAML() }

// TryTemplate is the fleet of karmactl try.
func TryTemplate() []byte { return config.TryYAML() }
