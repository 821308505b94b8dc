package document

// Validation is agents.yaml that is valid; one that is not is an Error with its problems.
type Validation struct {
	Head
	File   string   `json:"file"`
	Stack  string   `json:"stack"`
	Region string   `json:"region"`
	Agents []string `json:"agents"`
}
