package document

import "time"

// Status is how the agents are.
type Status struct {
	Head
	Stack  string        `json:"stack"`
	Region string        `json:"region"`
	At     time.Time     `json:"at"`
	Agents []AgentStatus `json:"agents"`
	// Attention is what to look at.
	Attention []Attention `json:"attention"`
	// Drift is filled with --drift.
	Drift []Drift  `json:"drift"`
	Notes []string `json:"notes,omitempty"`
	// Cost is there when something is up and all agents are shown.
	Cost *StatusCost `json:"cost,omitempty"`
}

// AgentStatus is how one agent is.
type AgentStatus struct {
	Name     string `json:"name"`
	Desired  int    `json:"desired"`
	Running  int    `json:"running"`
	Pending  int    `json:"pending"`
	Revision int    `json:"revision"`
	// Rollout is AWS's word for the state of its deployment.
	Rollout string `json:"rollout,omitempty"`
	// Image is what tells it from others: a digest or a tag.
	Image string `json:"image"`
	// Healthy and Unhealthy count its targets at the load balancer.
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
	// Spot and OnDemand count the running tasks.
	Spot     int    `json:"spot"`
	OnDemand int    `json:"on_demand"`
	CPU      *Usage `json:"cpu,omitempty"`
	Memory   *Usage `json:"memory,omitempty"`
	// Errors5xx counts the agent's answers in the last hour; not there when not known.
	Errors5xx *int `json:"errors_5xx,omitempty"`
	// Schedule is "" without one.
	Schedule  string     `json:"schedule"`
	LastEvent *LastEvent `json:"last_event,omitempty"`
}

// Usage is a percentage now, and over the last hour in twelve parts; a part in
// which nothing was measured is -1.
type Usage struct {
	Now  float64   `json:"now"`
	Hour []float64 `json:"hour"`
}

// LastEvent is what ECS said last of a service.
type LastEvent struct {
	At      time.Time `json:"at"`
	Message string    `json:"message"`
}

// Attention is something to look at, and the command that helps.
type Attention struct {
	// Agent is "" for the whole stack.
	Agent string `json:"agent"`
	// About is what it is about, in one word.
	About   string `json:"about"`
	Problem string `json:"problem"`
	Command string `json:"command"`
}

// Drift is a resource that is not as agents.yaml wants it.
type Drift struct {
	Key    string  `json:"key"`
	Verb   string  `json:"verb"`
	Fields []Field `json:"fields"`
}

// StatusCost is what the stack costs as it is now, by karmactl's own prices.
type StatusCost struct {
	// Today is a whole day, Month 730 hours, as it is now; "" where prices are missing.
	Today      string   `json:"today"`
	Month      string   `json:"month"`
	PricesAsOf string   `json:"prices_as_of"`
	Budget     string   `json:"budget,omitempty"`
	Over       bool     `json:"over_budget"`
	Missing    []string `json:"missing,omitempty"`
}
