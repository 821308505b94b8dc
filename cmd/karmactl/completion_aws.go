package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// completeWithin is how long AWS may take to answer a completion: a person waits for it
// with a half-written line, for two seconds at most with the start of the program.
const completeWithin = 1500 * time.Millisecond

// lookup finds the words that may follow, each with what it is behind a tab.
type lookup = func(ctx context.Context, given []string) ([]string, error)

// completeFromAWS offers what look finds, in its order. It only reads, asks no one and says
// nothing: without an answer in time there are no words.
func (a *app) completeFromAWS(look lookup) complete { return a.completeWithin(completeWithin, look) }

// completeWithin is the same with a limit of its own.
func (a *app) completeWithin(limit time.Duration, look lookup) complete {
	return func(c *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		if a.prepare(c) != nil {
			return nil, directive
		}
		a.opts.verbose, a.term.Ask = false, false
		if a.opts.simulate != "" {
			if newWorld(a.world()) {
				return nil, directive
			}
			a.rehearse = rehearsalPicture
		}
		ctx, cancel := context.WithTimeout(c.Context(), max(limit, a.patience))
		defer cancel()
		found := make(chan []string, 1)
		go func() { // what does not heed ctx, such as a credential_process, is not waited for
			words, err := look(ctx, given)
			if err != nil {
				words = nil
			}
			found <- words
		}()
		select {
		case words := <-found:
			return words, directive
		case <-ctx.Done():
			return nil, directive
		}
	}
}

// rehearsalPicture opens the simulated account in a file to be read only.
func rehearsalPicture(path, region string) (*awssim.Sim, engine.Clock, error) {
	return awssim.OpenPicture(path, awssim.Options{Region: region})
}

// forOneArgument has nothing to offer once there is an argument.
func forOneArgument(f complete) complete {
	return func(c *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(c, given, word)
	}
}

// withWords opens a session that can only read, and has find look for words in it.
func (a *app) withWords(need access, find func(context.Context, *session, *provision.Env, []string) ([]string, error)) complete {
	return a.completeFromAWS(func(ctx context.Context, given []string) ([]string, error) {
		s, err := a.open(ctx, need, func(*agents.Config) error { return nil })
		if err != nil {
			return nil, err
		}
		defer func() { _ = s.close() }() // nothing was written
		s.aws = cloud.WithOptions(s.aws, cloud.ReadOnly)
		return find(ctx, s, s.env(true), given)
	})
}

// completeTasks offers the tasks of the agents given, of all without one: what of services runs
// and takes a session, and on demand what runs of jobs and by hand, and what ended within the last hour.
func (a *app) completeTasks(ended bool) complete {
	return a.withWords(signedIn, func(ctx context.Context, s *session, h *provision.Env, given []string) ([]string, error) {
		wanted := []ecstypes.DesiredStatus{ecstypes.DesiredStatusRunning}
		if ended {
			wanted = append(wanted, ecstypes.DesiredStatusStopped)
		}
		all, err := tasks.Of(ctx, h.Clients.ECS, h.ClusterName(), "", wanted...)
		if err != nil {
			return nil, err
		}
		return taskWords(tasks.Names(s.cfg.ServiceNames()).ByAgent(all), s.cfg.Stack(), given, ended, s.clock.Now()), nil
	})
}

// taskWords are tasks with whose they are and since when, the youngest first.
func taskWords(all []ecstypes.Task, stack string, of []string, ended bool, now time.Time) []string {
	sort.Slice(all, func(x, y int) bool { return aws.ToTime(all[y].CreatedAt).Before(aws.ToTime(all[x].CreatedAt)) })
	var words []string
	for _, t := range all {
		agent := strings.TrimPrefix(tasks.Agent(t), "family:"+provision.FamilyName(stack, ""))
		status := aws.ToString(t.LastStatus)
		session := status == "RUNNING" && strings.HasPrefix(aws.ToString(t.Group), "service:")
		if len(of) > 0 && !slices.Contains(of, agent) || !ended && !session {
			continue
		}
		since, what := cmp.Or(t.StartedAt, t.CreatedAt), "started"
		if status == "STOPPED" {
			since, what = cmp.Or(t.StoppedAt, since), "stopped"
		}
		words = append(words, fmt.Sprintf("%s\t%s, %s %s", tasks.Short(aws.ToString(t.TaskArn)), agent, what, ago(now.Sub(aws.ToTime(since)))))
	}
	return words
}

func (a *app) completeRuns() complete {
	return a.withWords(signedIn, func(ctx context.Context, s *session, h *provision.Env, given []string) ([]string, error) {
		runs, err := provision.Runs(ctx, h.Clients.ECS, h.ClusterName(), h.Stack)
		if err != nil {
			return nil, err
		}
		return taskWords(runs, s.cfg.Stack(), given, true, s.clock.Now()), nil
	})
}

// revisionsOffered is how many revisions fit a screen; each is a call of its own.
const revisionsOffered = 15

func (a *app) completeRevisions() complete {
	return a.withWords(signedIn, func(ctx context.Context, s *session, h *provision.Env, given []string) ([]string, error) {
		if len(given) == 0 {
			return nil, nil
		}
		revisions, err := s.rolloutAgent(h, given[0], nil).Revisions(ctx, revisionsOffered+1)
		if err != nil {
			return nil, err
		}
		var words []string
		for _, r := range revisions {
			if r.Runs {
				continue
			}
			called := strings.Join(r.Tags, " ")
			words = append(words, fmt.Sprintf("%d\t%s, %s", r.Number, cmp.Or(called, ui.Short(r.Image)), ago(s.clock.Now().Sub(r.Registered))))
		}
		return words, nil
	})
}

// completeKeys offers the keys of the state with their ids.
func (a *app) completeKeys() complete {
	return forOneArgument(a.withWords(identified, func(ctx context.Context, s *session, _ *provision.Env, _ []string) ([]string, error) {
		store, err := s.readState(ctx)
		if err != nil {
			return nil, err
		}
		var words []string
		for _, e := range store.Entries() {
			words = append(words, string(e.Key)+"\t"+e.ID)
		}
		return words, nil
	}))
}

// completeVersions offers the versions of the state that are not the current one, the newest first.
func (a *app) completeVersions() complete {
	return forOneArgument(a.withWords(identified, func(ctx context.Context, s *session, _ *provision.Env, _ []string) ([]string, error) {
		backend, err := s.backend()
		if err != nil {
			return nil, err
		}
		versions, err := backend.History(ctx)
		var words []string
		for _, v := range versions {
			if !v.Current {
				words = append(words, fmt.Sprintf("%s\t%s, %d bytes", v.ID, ago(s.clock.Now().Sub(v.Time)), v.Size))
			}
		}
		return words, err
	}))
}
