package document

import "time"

// Stacks are the stacks of an account.
type Stacks struct {
	Head
	// Account is its number.
	Account string `json:"account"`
	// Regions are where it was looked.
	Regions []string `json:"regions"`
	// Stacks are by region and name.
	Stacks []Stack `json:"stacks"`
	// Monthly is the sum; "" where it is not known for one of them.
	Monthly string `json:"monthly"`
	// Notes are what could not be read, and why.
	Notes []string `json:"notes"`
}

// Stack is one of them.
type Stack struct {
	// Stack is PROJECT-ENVIRONMENT.
	Stack string `json:"stack"`
	// Project is "" where only the tags tell of the stack, and its state was not found.
	Project string `json:"project"`
	// Environment is like project.
	Environment string `json:"environment"`
	// Region is AWS's.
	Region string `json:"region"`
	// Resources is how many there are.
	Resources int `json:"resources"`
	// Agents is how many have a service.
	Agents int `json:"agents"`
	// Running is how many tasks of theirs run.
	Running int `json:"running"`
	// Desired is how many are to run.
	Desired int `json:"desired"`
	// Hibernates: karmactl hibernate took away what bills by the hour.
	Hibernates bool `json:"hibernates"`
	// Since is when that was; not there for a stack that is awake.
	Since *time.Time `json:"since,omitempty"`
	// Monthly is a month of what is there now, without traffic, logs, images and free tiers; "" where a price is missing.
	Monthly string `json:"monthly"`
	// Missing are the prices that are not known; not there when all are.
	Missing []string `json:"missing,omitempty"`
	// State is what --state takes; "" where it was not found.
	State string `json:"state"`
	// Changed is when the state was last written; not there without one.
	Changed *time.Time `json:"changed,omitempty"`
	// Who wrote it, as AWS knows the caller; "" where that is not known.
	Who string `json:"who"`
	// Command is what was run; "" like who.
	Command string `json:"command"`
}
