package provision

// DeploymentFailed is an agent whose service was made and whose tasks do not stay up, as ECS itself decided.
type DeploymentFailed struct {
	Agent string
	// Why is ECS's reason, with how the last task stopped.
	Why string
}

func (e *DeploymentFailed) Error() string { return e.Why }
