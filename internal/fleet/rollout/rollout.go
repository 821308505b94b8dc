// Package rollout brings an image to running agents and follows what becomes of
// it. Read image.go and build.go (where an image comes from), push.go (how it
// gets to ECR), push_progress.go (how much of it is sent), follow.go and watch.go (what becomes of a
// deployment), explain.go (why it failed) and rollback.go.
//
// What changes is not decided here: a deploy walks the same stack as `up`.
package rollout

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// The outcomes of a deployment.
const (
	Succeeded  = "succeeded"
	Failed     = "failed"
	RolledBack = "rolled_back"
	Superseded = "superseded"
	TimedOut   = "timed_out"
	Unchanged  = "unchanged"
	// Started is a deployment that karmactl did not wait for.
	Started = "started"
)

// Deployment is how a deployment ended. It has the fields of document.Deployed.
type Deployment struct {
	Agent string
	// Revision is what was deployed, Previous what ran before; 0 is none.
	Revision int
	Previous int
	Image    string
	// Tag is what a person called the image; "" where there is no such word.
	Tag     string
	Outcome string
	// Verified: tasks of the revision have run and were healthy.
	Verified bool
	Reason   string
	// ExitCode, StoppedReason, Task and Log are of the first task that failed.
	ExitCode      *int
	StoppedReason string
	Task          string
	Log           []string
	// Cause is what StoppedReason means, in a sentence; "" is not known.
	Cause string
	// Changes between the revisions may explain a failure.
	Changes []string
	// Fix is what mends it, where the reason tells.
	Fix string
	// Follow is the command that follows what AWS still does; "" when AWS is done.
	Follow string
}

// OK tells whether there is nothing to worry about.
func (d *Deployment) OK() bool {
	return d.Outcome == Succeeded || d.Outcome == Unchanged || d.Outcome == Started
}

// Agent is one agent's service, as this package needs it.
type Agent struct {
	ECS  *ecs.Client
	Logs *cloudwatchlogs.Client
	// Targets is nil where the health of tasks is not asked for.
	Targets *elb.Client
	// Images tells whether an image is still there; nil counts it as there. Region is ECR's,
	// Repository the agent's own in it.
	Images     *ecr.Client
	Region     string
	Repository string
	Clock      engine.Clock
	// Name is also the name of the container and the prefix of its log streams.
	Name     string
	Cluster  string
	Service  string
	Family   string
	LogGroup string
	// Reads are shared by agents that are followed at the same time; nil is this agent's own.
	Reads *Reads
	// Say is told what happens, a line at a time.
	Say func(Line)
}

// Line is one thing to tell of a rollout.
type Line struct {
	At    time.Time
	Agent string
	// About is rollout, phase, task, event, log, why, push, build or done.
	About string
	Text  string
	// Err is why something is not told; nil for most lines.
	Err error
	// Progress goes with rollout and phase: how far it is.
	Progress *Progress
}

func (a *Agent) say(about, text string) { a.tell(Line{About: about, Text: text}) }

func (a *Agent) tell(l Line) {
	if a.Say != nil {
		l.At, l.Agent = a.Clock.Now(), a.Name
		a.Say(l)
	}
}
