package provision

// DeploymentFailed is an agent whose service was made and whose tasks do not stay up, as ECS itself decided.
type DeploymentFailed struct {
	Agent string
	// Why is ECS's reason, with how the last task stopped.
	Why string
	// Fix is what mends it, where the reason tells; "" where it does not.
	Fix string
	// Release: it was the release command, before any task was rolled out. Why has its last lines.
	Release bool
}

func (e *DeploymentFailed) Error() string { return e.Why }

// Try is what to do about it.
func (e *DeploymentFailed) Try() string { return e.Fix }
