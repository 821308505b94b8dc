package document

// TaskRun is the task that run would start.
type TaskRun struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Name is the agent's or the job's.
	Name string `json:"name"`
	// Revision is that of the task definition whose image, rights and secrets it has.
	Revision int `json:"revision"`
	// Command is what replaces the image's or the job's own; not there where nothing does.
	Command []string `json:"command,omitempty"`
	// CPU is in units, 1,024 of which are a vCPU, and Memory in MiB.
	CPU    int `json:"cpu"`
	Memory int `json:"memory"`
	// Spot: AWS may take it away.
	Spot bool `json:"spot"`
	// Hourly is what an hour of it costs, in dollars; not there where a price is not known.
	Hourly string `json:"hourly,omitempty"`
}
