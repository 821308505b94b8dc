package document

// Doctor is what was found to be wrong. It is the JSON document and the text alike.
type Doctor struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region.
	Region string `json:"region"`
	// Findings are what is wrong, the worst first.
	Findings []Finding `json:"findings"`
	// Passed are the names of the checks that found nothing.
	Passed []string `json:"passed"`
	// Notes say what could not be asked.
	Notes []string `json:"notes,omitempty"`
}

// Finding is one thing that is wrong; Agent is "" for the whole stack.
type Finding struct {
	// Agent is "" for the whole stack.
	Agent string `json:"agent"`
	// Check is the name of the check.
	Check string `json:"check"`
	// Problem is what is wrong, in a sentence.
	Problem string `json:"problem"`
	// Cause is why.
	Cause string `json:"cause"`
	// Evidence are what AWS said: events, reasons, lines of logs.
	Evidence []string `json:"evidence"`
	// Fix is what to do.
	Fix string `json:"fix"`
}
