package document

import "time"

// Deployment is how a deployment of one agent ended. deploy and rollback print one for each
// agent, a line each, after the events.
type Deployment struct {
	Head
	Deployed
}

// Deployed is what became of it.
type Deployed struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// Revision is what was deployed, Previous what ran before; each is not there where there is none.
	Revision int `json:"revision,omitempty"`
	Previous int `json:"previous,omitempty"`
	// Image is the reference with the digest that is deployed.
	Image string `json:"image"`
	// Tag is what a person called the image, such as v1.4.2; not there where there is no such word.
	Tag string `json:"tag,omitempty"`
	// Outcome is succeeded, failed, rolled_back, superseded, timed_out, unchanged or started.
	Outcome string `json:"outcome"`
	// Verified: tasks of the revision have run and were healthy.
	Verified bool `json:"verified"`
	// Reason is why it failed, in a sentence; "" when it did not.
	Reason string `json:"reason"`
	// ExitCode, StoppedReason, Task and Log are of the first task that failed.
	ExitCode      *int     `json:"exit_code"`
	StoppedReason string   `json:"stopped_reason"`
	Task          string   `json:"task,omitempty"`
	Log           []string `json:"log"`
	// Cause is what StoppedReason means, in a sentence; not there where that is not known.
	Cause string `json:"cause,omitempty"`
	// Changes between the revisions may explain a failure.
	Changes []string `json:"changes,omitempty"`
	// Fix is what mends it, where the reason tells.
	Fix string `json:"fix,omitempty"`
	// Follow is the command that follows what AWS still does; not there when AWS is done.
	Follow string `json:"follow,omitempty"`
}

// Revisions is what rollback --list tells.
type Revisions struct {
	Head
	// Agent is its name.
	Agent string `json:"agent"`
	// Revisions are newest first, thirty at most.
	Revisions []Revision `json:"revisions"`
}

// Revision is an active revision of an agent's task definition.
type Revision struct {
	// Number is what rollback --to takes.
	Number int `json:"number"`
	// Image is the reference that it runs, Tags are what a person called the image, and what ECR does.
	Image string   `json:"image"`
	Tags  []string `json:"tags"`
	// Registered is when it was made.
	Registered time.Time `json:"registered"`
	// Runs: the service is set to it.
	Runs bool `json:"runs"`
}
