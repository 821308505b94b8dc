package document

// Error is an error for people, and the JSON document instead of a result.
type Error struct {
	Head
	Code       int           `json:"code"`
	Message    string        `json:"message"`
	Why        string        `json:"why,omitempty"`
	Suggestion string        `json:"suggestion,omitempty"`
	Problems   []FileProblem `json:"problems,omitempty"`
	// Text is printed as it is, where a message has its own layout.
	Text string `json:"-"`
}

// FileProblem is one problem in a file.
type FileProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Allowed string `json:"allowed,omitempty"`
}
