package document

import "fmt"

// Import is what init wrote, and what became of everything that it read.
type Import struct {
	Head
	// File is the agents.yaml that was written, Source what it was read from.
	File   string `json:"file"`
	Source string `json:"source"`
	// DryRun: nothing was written.
	DryRun bool `json:"dry_run"`
	// Text is what the file would be; not there where it was written.
	Text string `json:"text,omitempty"`
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region that the file names.
	Region string `json:"region"`
	// Agents are their names.
	Agents []string `json:"agents"`
	// MonthlyUSD is the expected price; not there where it is not known.
	MonthlyUSD string `json:"monthly_usd,omitempty"`
	// Notes are what to know before the first `up`.
	Notes []string `json:"notes"`
	// NotRead are other sources that were there.
	NotRead []string `json:"not_read"`
	// SecretsToDo are the commands that give the agents' secrets their values.
	SecretsToDo []string `json:"secrets_to_set"`
	Account
	// Next are commands.
	Next []string `json:"next"`
}

// Account is what became of all that the sources say.
type Account struct {
	// Carried became keys of agents.yaml.
	Carried []Setting `json:"carried"`
	// Own is what karmactl does by itself.
	Own []Setting `json:"by_itself"`
	// Left is not carried over.
	Left []Setting `json:"not_carried_over"`
}

// Setting is a value of a source, or several of one place, and what became
// of them.
type Setting struct {
	Place
	// Name is the source's own name for it: services.api.restart.
	Name string `json:"name"`
	// Key is what it became in agents.yaml; not there when it is not carried over.
	Key string `json:"key,omitempty"`
	// Instead is what to do where it is not carried over, or how karmactl does it by itself.
	Instead string `json:"instead,omitempty"`
	// Values is how many values of the source these are.
	Values int `json:"values"`
}

// Place is where something is written.
type Place struct {
	// File is named as the user named it.
	File string `json:"file"`
	// Line begins at 1; not there for the file as a whole.
	Line int `json:"line,omitempty"`
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}
