package document

// Result is the last line of `up`, `down` and their like.
type Result struct {
	Head
	Outcome string            `json:"outcome"`
	Summary Summary           `json:"summary"`
	URLs    map[string]string `json:"urls,omitempty"`
	Waiting []Waiting         `json:"waiting"`
	Failed  []Problem         `json:"failed"`
	Blocked []Problem         `json:"blocked"`
	Notes   []string          `json:"notes,omitempty"`
	// Hibernation is that of hibernate.
	Hibernation *Hibernation `json:"hibernation,omitempty"`
	// Headline and Next are for the text.
	Headline string   `json:"-"`
	Checks   []Check  `json:"-"`
	Next     []string `json:"-"`
}

// Problem is a resource that was not finished, and why.
type Problem struct {
	Key   string `json:"key"`
	Error string `json:"error"`
	// Suggestion is what to do about it; "" where nothing is known to help.
	Suggestion string `json:"suggestion,omitempty"`
}

// Check is one agent that was asked.
type Check struct {
	Agent string
	URL   string
	OK    bool
	Note  string
}
