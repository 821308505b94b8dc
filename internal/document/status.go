package document

import "time"

// Status is how the agents are.
type Status struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region.
	Region string `json:"region"`
	// At is when AWS was asked.
	At time.Time `json:"at"`
	// Agents are the agents that were named, or all.
	Agents []AgentStatus `json:"agents"`
	// Jobs are those of the agents.
	Jobs []JobStatus `json:"jobs"`
	// Attention is what to look at.
	Attention []Attention `json:"attention"`
	// Drift is filled with --drift.
	Drift []Drift `json:"drift"`
	// Compared is how many resources were compared for it; not there without --drift.
	Compared int `json:"compared,omitempty"`
	// Notes say what could not be asked.
	Notes []string `json:"notes,omitempty"`
	// Cost is there when something is up and all agents are shown.
	Cost *StatusCost `json:"cost,omitempty"`
}

// AgentStatus is how one agent is.
type AgentStatus struct {
	// Name is the agent's.
	Name string `json:"name"`
	// Desired is how many tasks it should have.
	Desired int `json:"desired"`
	// Running is how many tasks run.
	Running int `json:"running"`
	// Pending is how many tasks are about to run.
	Pending int `json:"pending"`
	// Revision is the number of the one that is deployed; not there without a service.
	Revision int `json:"revision,omitempty"`
	// Rollout is AWS's word for the state of its deployment.
	Rollout string `json:"rollout,omitempty"`
	// Image is what tells it from others: a digest or a tag.
	Image string `json:"image"`
	// Tag is what a person called the image, such as v1.4.2; not there where there is no such word.
	Tag string `json:"tag,omitempty"`
	// Healthy and Unhealthy count its targets at the load balancer; without a load balancer
	// they count its tasks by their containers' own check, and without one no task is either.
	Healthy   int `json:"healthy"`
	Unhealthy int `json:"unhealthy"`
	// Spot and OnDemand count the running tasks.
	Spot     int `json:"spot"`
	OnDemand int `json:"on_demand"`
	// Since is when the one of its tasks that runs longest started; not there when none runs.
	Since *time.Time `json:"since,omitempty"`
	// CPU is the average use of what its tasks have; not there when not known.
	CPU *Usage `json:"cpu,omitempty"`
	// Memory is the average use of what its tasks have; not there when not known.
	Memory *Usage `json:"memory,omitempty"`
	// Errors5xx counts the agent's answers in the last hour; not there when not known.
	Errors5xx *int `json:"errors_5xx,omitempty"`
	// Min and Max are the bounds that its number of tasks is kept in; not there when not known.
	Min *int `json:"min,omitempty"`
	Max *int `json:"max,omitempty"`
	// RuledBy is who has set other bounds than those of agents.yaml: hand, or the name of a
	// schedule; not there where agents.yaml has, or they are the same.
	RuledBy string `json:"ruled_by,omitempty"`
	// Schedule is "" without one.
	Schedule string `json:"schedule"`
	// URL is where it answers; not there when it is not public, or has no service.
	URL string `json:"url,omitempty"`
	// LastEvent is what ECS said last of its service.
	LastEvent *LastEvent `json:"last_event,omitempty"`
}

// Usage is a percentage now, and over the last hour in twelve parts.
type Usage struct {
	// Now is the newest measurement, in percent.
	Now float64 `json:"now"`
	// Hour are five minutes each, in percent; null where nothing was measured.
	Hour []*float64 `json:"hour"`
}

// LastEvent is what ECS said last of a service.
type LastEvent struct {
	// At is when.
	At time.Time `json:"at"`
	// Message is in ECS's words.
	Message string `json:"message"`
}

// JobStatus is how one job is.
type JobStatus struct {
	// Name is the job's.
	Name string `json:"name"`
	// Agent is whose image and rights it has; the job's own name where it has its own.
	Agent string `json:"agent"`
	// Schedule is as agents.yaml says it, in Timezone.
	Schedule string `json:"schedule"`
	Timezone string `json:"timezone"`
	// State is that of its schedule: enabled, disabled, or absent; "" is not known.
	State string `json:"state"`
	// Next is when it runs next; not there when nothing starts it.
	Next *time.Time `json:"next,omitempty"`
	// Running is how many of its tasks run or are being started.
	Running int `json:"running"`
	// Last is its newest run; not there when there has been none.
	Last *JobRun `json:"last,omitempty"`
	// NotStarted is when it was due and not started, as ECS refused for an hour; not there when it has run since.
	NotStarted *time.Time `json:"not_started,omitempty"`
	// LeftOut is when it was due and left out, as its last run had not ended; not there when it has run since.
	LeftOut *time.Time `json:"left_out,omitempty"`
	// Attempts is how often a run is tried at most; not there without retries.
	Attempts int `json:"attempts,omitempty"`
}

// JobRun is one run of a job. ECS forgets a task an hour after its end: of an earlier run
// only its log is left, and the exit code is not known.
type JobRun struct {
	// Task is the id of its task.
	Task string `json:"task"`
	// Started is when.
	Started time.Time `json:"started"`
	// Listed: ECS still knows the task.
	Listed bool `json:"listed"`
	// Ended is when; not there while it runs, or when it is not known.
	Ended *time.Time `json:"ended,omitempty"`
	// ExitCode is not there when the command has not ended, never started, or is forgotten.
	ExitCode *int `json:"exit_code,omitempty"`
	// TimedOut: the job's timeout ended it.
	TimedOut bool `json:"timed_out,omitempty"`
	// Reason is what ECS says of its end.
	Reason string `json:"reason,omitempty"`
	// Attempt is which attempt of a run it is, from 1; not there without retries and overlap: skip.
	Attempt int `json:"attempt,omitempty"`
	// Again: it has failed, and is tried again.
	Again bool `json:"again,omitempty"`
	// Outcome is succeeded or failed, where ECS has forgotten the task and Step Functions knows.
	Outcome string `json:"outcome,omitempty"`
}

// Attention is something to look at, and the command that helps.
type Attention struct {
	// Agent is "" for the whole stack.
	Agent string `json:"agent"`
	// About is what it is about, in one word.
	About string `json:"about"`
	// Problem is what it is, in a sentence.
	Problem string `json:"problem"`
	// Command is what helps.
	Command string `json:"command"`
}

// Drift is a resource that is not as agents.yaml wants it.
type Drift struct {
	// Key is the resource.
	Key string `json:"key"`
	// Verb is what `up` would do: create, update, replace or delete.
	Verb string `json:"verb"`
	// Fields are what is different.
	Fields []Field `json:"fields"`
}

// StatusCost is what the stack costs as it is now, by karmactl's own prices.
type StatusCost struct {
	// Today is a whole day, Month 730 hours, as it is now; "" where prices are missing.
	Today string `json:"today"`
	Month string `json:"month"`
	// PricesAsOf is the date of the prices.
	PricesAsOf string `json:"prices_as_of"`
	// Budget is the monthly limit; not there when none is set.
	Budget string `json:"budget,omitempty"`
	// Over: the month is above the budget.
	Over bool `json:"over_budget"`
	// Missing are the items without a price.
	Missing []string `json:"missing,omitempty"`
}
