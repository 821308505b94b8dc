package document

// Error is an error for people, and the JSON document instead of a result.
type Error struct {
	Head
	// Code is the exit code.
	Code int `json:"code"`
	// Message is what happened, in a sentence.
	Message string `json:"message"`
	// Why is the reason, where it is known.
	Why string `json:"why,omitempty"`
	// Suggestion is what to do.
	Suggestion string `json:"suggestion,omitempty"`
	// Problems are those of a file, all of them.
	Problems []FileProblem `json:"problems,omitempty"`
	// Text is printed as it is, where a message has its own layout.
	Text string `json:"-"`
}

// FileProblem is one problem in a file.
type FileProblem struct {
	// File is named as the user named it.
	File string `json:"file"`
	// Line begins at 1; not there for the file as a whole.
	Line int `json:"line,omitempty"`
	// Column begins at 1; not there without a line.
	Column int `json:"column,omitempty"`
	// Message is what is wrong.
	Message string `json:"message"`
	// Allowed is what may be written instead.
	Allowed string `json:"allowed,omitempty"`
}
