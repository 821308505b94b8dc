package document

// Takeover is what became of a fleet that adopt took over, gave back, or released.
type Takeover struct {
	Head
	// Stack is the stack that the fleet is.
	Stack string `json:"stack"`
	// Outcome is taken_over, given_back, released, or kept: another program still has it.
	Outcome string `json:"outcome"`
	// Keys are the resources that it is about.
	Keys []string `json:"keys"`
	// Restored are the resources that karmactl had changed since, and that are as they were
	// again; not there when there were none.
	Restored []string `json:"restored,omitempty"`
	// Deleted are the resources that karmactl had made since.
	Deleted []string `json:"deleted,omitempty"`
	// Left are such resources that are kept, each with the reason.
	Left []string `json:"left,omitempty"`
	// File is the agents.yaml that was written; not there when there was one.
	File string `json:"file,omitempty"`
	// Commands are by which Terraform lets go of them: its state rm lines.
	Commands []string `json:"commands"`
	// Blocks are for Terraform's configuration: removed blocks, or import blocks to take
	// them back.
	Blocks []string `json:"blocks"`
	// Next are commands of karmactl.
	Next []string `json:"next"`
	// Headline says it in a sentence; it is no part of the JSON.
	Headline string `json:"-"`
}
