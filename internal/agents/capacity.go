package agents

import "time"

// Spot is the capacity provider strategy. With Enabled false everything is
// on-demand. Base tasks are on-demand first; of the rest SpotWeight to
// OnDemandWeight go to Spot. When Spot has no capacity for Fallback, a command of
// karmactl puts the agent on demand for a time; 0 is never.
type Spot struct {
	Fallback       time.Duration
	Enabled        bool
	Base           int
	SpotWeight     int
	OnDemandWeight int
}

// Scale is the autoscaler's range and targets.
type Scale struct {
	Min int
	Max int
	// CPUPercent and MemoryPercent are target tracking targets; 0 is no policy. They do
	// not hold unless stated where Queue is there: use is never 0 while a task runs, so
	// they would keep it.
	CPUPercent    int
	MemoryPercent int
	// Requests is how many requests a minute the load balancer may send to each task
	// before there are more; 0 is no policy. Public agents only.
	Requests int
	Queue    Queue
}

// Moves tells whether a policy moves the number of tasks between Min and Max.
func (s Scale) Moves() bool {
	return s.CPUPercent > 0 || s.MemoryPercent > 0 || s.Requests > 0 || s.Queue.PerTask > 0
}

// Queue is a queue of SQS in the same account and region, whose messages are shared among
// the tasks: the ones that wait and the ones that are being worked on. PerTask of 0 is none.
type Queue struct {
	Name    string
	PerTask int
}
