package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

func newCpCmd(a *app) *cobra.Command {
	var o sessionOptions
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
	}
	cmd.RunE = a.withSession(func(cfg *agents.Config, args []string) error { return checkCopy(cfg, args, o.container) },
		func(ctx context.Context, s *session, args []string) error { return runCp(ctx, s, args[0], args[1], o) })
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "container", ofCopied(a.completeContainers()))
	completeFlag(cmd, "task", ofCopied(a.completeTasks(false)))
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

// copied is the side that is in a container: what is copied from, with out, or to.
func copied(from, to string) (agent, file string, out bool) {
	if agent, file, out = inTask(from); !out {
		agent, file, _ = inTask(to)
	}
	return agent, file, out
}

func checkCopy(cfg *agents.Config, args []string, container string) error {
	const right, as = "karmactl cp AGENT:/PATH LOCAL", ", as AGENT:/PATH and a path here, in either order"
	if len(args) != 2 || args[0] == "" || args[1] == "" {
		return usage(right, "say what is copied and where to"+as)
	}
	agent, file, out := copied(args[0], args[1])
	_, _, in := inTask(args[1])
	switch {
	case in && out:
		return usage(right, "both are in a container: copy it to this machine first"+as)
	case !in && !out:
		return usage(right, "neither is in a container: name them"+as)
	}
	if err := areAgents(cfg, []string{agent}); err != nil {
		return err
	}
	switch {
	case !path.IsAbs(file):
		return &usageError{fmt.Errorf("%s:%s: a path in a container begins with /", agent, file)}
	case out && path.Clean(file) == "/":
		return &usageError{fmt.Errorf("%s:%s is the whole container: name a file or a folder of it", agent, file)}
	}
	return isContainer(cfg, []string{agent}, container)
}

func runCp(ctx context.Context, s *session, from, to string, o sessionOptions) error {
	agent, there, out := copied(from, to)
	if !out {
		if _, err := os.Stat(from); err != nil {
			return err
		}
	}
	term := s.app.term
	c := &fleet.Copy{
		Exec: s.execIn(cloud.NewClients(s.aws), agent, o), Plugin: s.plugin(),
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
	if err != nil {
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
		what = cloud.Count(doc.Files, "file")
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
	return cloud.Count(int(n), "byte")
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
	all := a.names(nil, ":")
	if slices.ContainsFunc(all, func(n string) bool { return strings.HasPrefix(n, word) }) {
		return all, cobra.ShellCompDirectiveNoSpace
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// ofCopied has a flag complete what is of the agent that is copied from or to.
func ofCopied(f complete) complete {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		var of []string
		for _, arg := range args {
			if agent, _, in := inTask(arg); in {
				of = append(of, agent)
			}
		}
		return f(c, of, word)
	}
}
