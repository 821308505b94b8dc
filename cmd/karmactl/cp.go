package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

type cpOptions struct{ task, container string }

func (o *cpOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.task, "task", "", "the task whose `ID` begins so (default the youngest)")
	f.StringVar(&o.container, "container", "", "the `NAME` of one of the agent's sidecars (default the agent's own container)")
}

func newCpCmd(a *app) *cobra.Command {
	var o cpOptions
	cmd := &cobra.Command{
		Use: "cp FROM TO", Short: "A file or a folder from a running task, or into one", Args: cobra.MaximumNArgs(2),
		ValidArgsFunction: a.completeCopy,
		Example: `  karmactl cp validator:/data/x.json .
  karmactl cp ./config validator:/data/`,
		Long: `Copies a file, or a folder with all that is in it, out of a running task of an agent
or into one. AGENT:/PATH is in the container, everything else on this machine. What is
there by that name is replaced, and only when the SHA-256 of what arrived is right.

It goes over ECS Exec, as text through a terminal: it needs what exec needs, and in the
image sh, base64, sha256sum and sed, and tar for folders. It is for files of some
megabytes; a bucket is faster for more. What is not in a volume is gone with the task.`,
		RunE: a.withSession(checkCopy, func(ctx context.Context, s *session, args []string) error {
			return runCp(ctx, s, args[0], args[1], o)
		}),
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "container", a.completeContainers())
	completeFlag(cmd, "task", a.completeTasks(false))
	return cmd
}

// inTask takes AGENT:/PATH apart. A letter and a colon is a drive of Windows.
func inTask(word string) (agent, file string, ok bool) {
	agent, file, ok = strings.Cut(word, ":")
	if !ok || len(agent) < 2 || !agents.AgentName(agent) {
		return "", word, false
	}
	return agent, file, true
}

func checkCopy(cfg *agents.Config, args []string) error {
	const usage = ": karmactl cp AGENT:/PATH LOCAL, or karmactl cp LOCAL AGENT:/PATH"
	if len(args) != 2 || args[0] == "" || args[1] == "" {
		return &usageError{errors.New("say what is copied and where to" + usage)}
	}
	from, _, out := inTask(args[0])
	to, _, in := inTask(args[1])
	switch {
	case in && out:
		return &usageError{errors.New("both are in a container: copy it to this machine first" + usage)}
	case !in && !out:
		return &usageError{errors.New("neither is in a container" + usage)}
	}
	agent, word := from, args[0]
	if in {
		agent, word = to, args[1]
	}
	if err := areAgents(cfg, []string{agent}); err != nil {
		return err
	}
	switch _, file, _ := inTask(word); {
	case !path.IsAbs(file):
		return &usageError{fmt.Errorf("%s: a path in a container begins with /", word)}
	case out && path.Clean(file) == "/":
		return &usageError{fmt.Errorf("%s is the whole container: name a file or a folder of it", word)}
	}
	return nil
}

func runCp(ctx context.Context, s *session, from, to string, o cpOptions) error {
	agent, there, out := inTask(from)
	if !out {
		agent, there, _ = inTask(to)
	}
	if err := isContainer(s.cfg, []string{agent}, o.container); err != nil {
		return err
	}
	if !out {
		if _, err := os.Stat(from); err != nil {
			return err
		}
	}
	clients, term := cloud.NewClients(s.aws), s.app.term
	c := &fleet.Copy{
		Exec:   &fleet.Exec{ECS: clients.ECS, Roles: clients.IAM, Cluster: provision.ClusterName(s.cfg.Stack()), Agent: agent, Service: s.cfg.ServiceNames()[agent], Task: o.task, Container: o.container},
		Plugin: &fleet.SessionPlugin{Region: s.account.Region, Profile: s.app.opts.profile, Rehearsal: s.app.opts.simulate != "", Err: term.Err},
		Begin: func(size int64) {
			if size >= 0 {
				term.Notef("copying %s", bytesOf(size))
			} else {
				term.Notef("copying a folder")
			}
		},
	}
	var done *fleet.Copied
	_, interrupted, err := s.withPlugin(func() (_ int, err error) {
		if out {
			done, err = c.Get(ctx, there, to)
		} else {
			done, err = c.Put(ctx, from, there)
		}
		return 0, err
	})
	if interrupted && err != nil {
		return &exit{exitInterrupted, errors.New("interrupted: nothing was copied")}
	}
	if err != nil || done == nil {
		return err
	}
	doc := &document.Copy{Head: document.Of("Copy"), Agent: agent, From: from, To: done.To, Folder: done.Folder, Files: done.Files, Bytes: done.Bytes, SHA256: done.SHA256, Left: append([]string{}, done.Left...)}
	if !out {
		doc.To = agent + ":" + done.To
	}
	return s.app.showCopy(doc)
}

func (a *app) showCopy(doc *document.Copy) error {
	if a.term.JSON {
		return a.term.Document(doc)
	}
	what := bytesOf(doc.Bytes)
	if doc.Folder {
		what = counted(doc.Files, "file")
	}
	a.term.Printf("%s → %s  %s\n", doc.From, doc.To, what)
	for _, name := range doc.Left {
		a.term.Note("left out  ", name+": it is neither a file nor a folder, or leads out of the folder")
	}
	return nil
}

// bytesOf is a size for people.
func bytesOf(n int64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f KB", float64(n)/1e3)
	}
	return counted(int(n), "byte")
}

// completeCopy offers agents, and files where the word is none.
func (a *app) completeCopy(_ *cobra.Command, given []string, word string) ([]string, cobra.ShellCompDirective) {
	if _, _, in := inTask(word); in || len(given) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if len(given) == 1 {
		if _, _, out := inTask(given[0]); out {
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
	for _, n := range a.names(nil, ":") {
		if strings.HasPrefix(n, word) {
			return a.names(nil, ":"), cobra.ShellCompDirectiveNoSpace
		}
	}
	return nil, cobra.ShellCompDirectiveDefault
}
