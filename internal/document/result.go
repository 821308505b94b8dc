package document

// Result is the last line of `up`, `down` and their like.
type Result struct {
	Head
	// Outcome is succeeded, failed or interrupted.
	Outcome string `json:"outcome"`
	// Summary counts what was done.
	Summary Summary `json:"summary"`
	// URLs are the addresses of the agents that are up, by their names.
	URLs map[string]string `json:"urls,omitempty"`
	// Waiting are the agents that wait for their user.
	Waiting []Waiting `json:"waiting"`
	// Failed are the resources that failed.
	Failed []Problem `json:"failed"`
	// Blocked are the resources that were not begun, because what they need failed.
	Blocked []Problem `json:"blocked"`
	// Notes are what to know afterwards.
	Notes []string `json:"notes,omitempty"`
	// Hibernation is that of hibernate.
	Hibernation *Hibernation `json:"hibernation,omitempty"`
	// Headline and Next are for the text.
	Headline string   `json:"-"`
	Checks   []Check  `json:"-"`
	Next     []string `json:"-"`
}

// Problem is a resource that was not finished, and why.
type Problem struct {
	// Key is the resource.
	Key string `json:"key"`
	// Error is what went wrong, in a sentence.
	Error string `json:"error"`
	// Suggestion is what to do about it; "" where nothing is known to help.
	Suggestion string `json:"suggestion,omitempty"`
	// Log are the last lines that its task wrote, where one failed.
	Log []string `json:"log,omitempty"`
}

// Check is one agent that was asked.
type Check struct {
	Agent string
	URL   string
	OK    bool
	Note  string
}
