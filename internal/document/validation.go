package document

// Validation is agents.yaml that is valid; one that is not is an Error with its problems.
type Validation struct {
	Head
	// File is the file that was read.
	File string `json:"file"`
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region.
	Region string `json:"region"`
	// Agents are the agents' names, in the order of the file.
	Agents []string `json:"agents"`
	// Warnings are what the file allows and a reader should look at twice: rights on everything.
	Warnings []string `json:"warnings"`
}
