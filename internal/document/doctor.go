package document

// Doctor is what was found to be wrong. It is the JSON document and the text alike.
type Doctor struct {
	Head
	Stack    string    `json:"stack"`
	Region   string    `json:"region"`
	Findings []Finding `json:"findings"`
	// Passed are the names of the checks that found nothing.
	Passed []string `json:"passed"`
	Notes  []string `json:"notes,omitempty"`
}

// Finding is one thing that is wrong; Agent is "" for the whole stack.
type Finding struct {
	Agent    string   `json:"agent"`
	Check    string   `json:"check"`
	Problem  string   `json:"problem"`
	Cause    string   `json:"cause"`
	Evidence []string `json:"evidence"`
	Fix      string   `json:"fix"`
}
