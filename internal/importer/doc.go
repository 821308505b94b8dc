// Package importer reads what describes a fleet elsewhere (Terraform, AWS Copilot,
// App Runner, ECS Express Mode, Compose, a Dockerfile) and writes the agents.yaml that means the same.
//
// Nothing is invented and nothing is dropped in silence: each value of a source
// either became a key of agents.yaml, or is something that karmactl does by
// itself, or is listed with its file, its line and what to do instead. Values
// that look like secrets are never copied.
package importer
