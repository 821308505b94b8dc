package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/adopt"
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// takenRevision is a revision when its agent was taken over, and the rights that agents.yaml
// was given then; nil is that they were not known, or that it had no role.
type takenRevision struct {
	Revision string        `json:"revision"`
	Rights   *adopt.Rights `json:"rights,omitempty"`
}

// revisionOfTaken is what the state has of it. A state from before rights were noted has the id alone.
func revisionOfTaken(e engine.Entry) (takenRevision, error) {
	var r takenRevision
	if json.Unmarshal(e.Taken, &r.Revision) == nil {
		return r, nil
	}
	if err := json.Unmarshal(e.Taken, &r); err != nil {
		return r, fmt.Errorf("the state does not say which revision of %s was taken over: %w", e.Key.Name(), err)
	}
	return r, nil
}

// rightsOf are those of the role of a revision's tasks.
func (t *takeover) rightsOf(revision string) *adopt.Rights {
	for _, s := range t.fleet.Services {
		if aws.ToString(s.Definition.TaskDefinitionArn) != revision {
			continue
		}
		if role, known := t.fleet.Role(s.Definition.TaskRoleArn); known {
			if rights, err := adopt.RightsOf(role); err == nil {
				return &rights
			}
		}
	}
	return nil
}

// roleChanges holds the roles of agents that are about to get a role of their own against what
// they were when the agents were taken over: agents.yaml has the rights of that day. The notes
// say what has changed since; the error names what an agent would get that its role does not
// give any more.
func (s *session) roleChanges(ctx context.Context, rec engine.Recorder, first func(agent string) bool) (notes []string, err error) {
	var refused []string
	for _, e := range adopted(rec, engine.AdoptionShared, engine.AdoptionWhole) {
		a, known := s.cfg.Agent(e.Key.Name())
		if e.Key.Kind() != "task-definition" || !known || !first(a.Name) || len(e.Taken) == 0 {
			continue // a state from before revisions were noted copied nothing either
		}
		taken, err := revisionOfTaken(e)
		if err != nil {
			return nil, err
		}
		if taken.Rights == nil {
			continue // nothing was copied from it
		}
		now, err := s.rightsNow(ctx, a)
		if err != nil {
			return nil, err
		}
		changed := adopt.Changed(*taken.Rights, now)
		if len(changed) == 0 {
			continue
		}
		diff := "    " + strings.Join(changed, "\n    ")
		if wide := adopt.TooWide(*taken.Rights, now, a, s.cfg.Boundary); len(wide) > 0 {
			refused = append(refused, fmt.Sprintf("the role %s may do less than when %s was taken over, and %s would get a role with the rights of that day:\n%s\n  - %s",
				tasks.ID(taken.Rights.Role), a.Name, a.Name, diff, strings.Join(wide, "\n  - ")))
			continue
		}
		notes = append(notes, fmt.Sprintf("the role %s was changed since %s was taken over; agents.yaml says what %s may do from now on:\n%s", tasks.ID(taken.Rights.Role), a.Name, a.Name, diff))
	}
	if len(refused) > 0 {
		return nil, engine.Advise(fmt.Errorf("nothing was changed: %s", strings.Join(refused, "\n")), "permissions in agents.yaml as the role has them now; what you add after the first deployment is yours to decide")
	}
	return notes, nil
}

// getsRole tells which agents get a task role, or a revision with one, by a plan.
func getsRole(res *engine.Result) func(agent string) bool {
	return func(agent string) bool {
		revision, _ := res.Get(engine.Key("task-definition/" + agent))
		role, ok := res.Get(engine.Key("role/task/" + agent))
		return revision.Verb != "" && revision.Verb != engine.None || ok && role.Verb == engine.Create
	}
}

// rightsNow are those of the role that an agent's tasks have.
func (s *session) rightsNow(ctx context.Context, a agents.Agent) (adopt.Rights, error) {
	fail := func(err error) (adopt.Rights, error) {
		return adopt.Rights{}, fmt.Errorf("what the role of %s may do now cannot be read, and its first deployment is to give it no more: %w", a.Name, err)
	}
	env := s.env(true)
	services, err := tasks.Services(ctx, env.Clients.ECS, provision.ClusterName(s.cfg.Stack()), []string{a.ServiceName()})
	if err != nil || len(services) == 0 {
		return adopt.Rights{}, err
	}
	d, err := env.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: services[0].TaskDefinition})
	if err != nil {
		return fail(err)
	}
	arn := aws.ToString(d.TaskDefinition.TaskRoleArn)
	if arn == "" {
		return adopt.Rights{}, nil
	}
	role, err := live.ReadRole(ctx, env.Clients.IAM, arn)
	if err != nil {
		return fail(err)
	}
	rights, err := adopt.RightsOf(role)
	if err != nil {
		return fail(err)
	}
	return rights, nil
}
