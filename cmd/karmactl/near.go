package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// meant are commands by the names that other tools have for them. They are only suggested: who types destroy is
// told of down, and decides.
var meant = map[string]map[string]string{
	"karmactl": {
		"apply": "up", "create": "up", "launch": "up", "start": "up", "destroy": "down", "delete": "down", "rm": "down", "remove": "down", "teardown": "down",
		"ps": "status", "ls": "list", "stacks": "list", "top": "status", "info": "status", "ssh": "exec", "shell": "exec", "sh": "exec", "console": "exec",
		"attach": "exec", "copy": "cp", "scp": "cp", "sftp": "cp", "download": "cp", "upload": "cp", "tail": "logs", "log": "logs", "events": "logs --follow", "browse": "open", "proxy": "port-forward AGENT", "forward": "port-forward AGENT", "tunnel": "port-forward AGENT", "graph": "diagram", "draw": "diagram", "demo": "try", "url": "outputs", "urls": "outputs", "output": "outputs",
		"diff": "plan", "preview": "plan", "restart": "deploy AGENT --restart", "redeploy": "deploy", "release": "deploy", "ship": "deploy", "undo": "rollback AGENT",
		"stop": "hibernate", "pause": "hibernate", "sleep": "hibernate", "resume": "wake", "price": "cost", "pricing": "cost", "bill": "cost", "refresh": "cost refresh",
		"check": "doctor", "stats": "status", "lint": "validate", "config": "validate", "build": "deploy AGENT --build", "releases": "history", "kill": "down", "secret": "secrets", "new": "init", "unlock": "state unlock", "audit": "history",
		"get": "status", "describe": "status AGENT", "jobs": "status", "show": "state show", "import": "adopt", "push": "deploy AGENT", "upgrade": "version", "update": "up",
		"schedule": "scale --schedule", "simulate": "help simulate", "docs": "help", "whoami": "list", "login": "list", "add": "init", "fmt": "validate", "promote": "deploy AGENT",
	},
	"karmactl secrets": {"list": "status", "ls": "status", "show": "status", "get": "status", "copy": "sync", "pull": "sync", "put": "set AGENT KEY", "add": "set AGENT KEY"},
	"karmactl state":   {"ls": "list", "get": "show KEY", "delete": "rm KEY", "remove": "rm KEY", "forget": "rm KEY", "versions": "history", "log": "history", "push": "import FILE", "rollback": "restore VERSION"},
	"karmactl cost":    {"update": "refresh", "savings": "--savings", "actual": "--actual"},
}

// knownCommand says what a command that there is not may have been meant to be: by meaning, by its letters, or by
// the letters of a meaning.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	path, word := c.CommandPath(), args[0]
	try := path + " --help lists its commands"
	if c.Root() == c {
		try = "karmactl help lists the commands"
	}
	near := word
	if _, known := meant[path][word]; !known {
		near = agents.Nearest(word, slices.Concat(subcommands(c), slices.Sorted(maps.Keys(meant[path]))))
	}
	if m := cmp.Or(meant[path][near], near); m != "" {
		if len(args) > 1 {
			m = strings.ReplaceAll(m, "AGENT", args[1])
		}
		try = path + " " + m
	}
	return engine.Advise(&usageError{fmt.Errorf("unknown command %q for %s", word, path)}, try)
}

// subcommands are the names of what a command has below it.
func subcommands(c *cobra.Command) []string {
	var out []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, sub.Name())
		}
	}
	return out
}

// didYouMean is the beginning of an answer to a word that is none of all: which one it is near, or nothing.
func didYouMean(word string, all []string) string {
	if near := agents.Nearest(word, all); near != "" {
		return "did you mean " + near + "? "
	}
	return ""
}

func noAgent(cfg *agents.Config, name string) error {
	all := cfg.Names()
	return &usageError{fmt.Errorf("there is no agent %q in %s: %sit has %s", name, cfg.File, didYouMean(name, all), strings.Join(all, ", "))}
}

// noAgentOrJob says that there is neither, and which there are.
func noAgentOrJob(cfg *agents.Config, name string) error {
	if len(cfg.Jobs) == 0 {
		return noAgent(cfg, name)
	}
	hint := didYouMean(name, cfg.LogNames())
	return &usageError{fmt.Errorf("there is no agent and no job %q in %s: %sit has the agents %s and the jobs %s", name, cfg.File, hint, strings.Join(cfg.Names(), ", "), strings.Join(cfg.JobNames(), ", "))}
}

// matching puts for each pattern, such as 'voice*', the names of all that it matches, as a shell would: * is any
// characters, ? is one, [a-c] is one of these. What is no pattern stays as it is.
func matching(cfg *agents.Config, all, words []string) (names []string, err error) {
	for _, w := range words {
		found := []string{w}
		if strings.ContainsAny(w, `*?[`) {
			if found = slices.DeleteFunc(slices.Clone(all), func(n string) bool { is, _ := path.Match(w, n); return !is }); len(found) == 0 {
				return nil, &usageError{fmt.Errorf("nothing in %s matches %q: it has %s", cfg.File, w, strings.Join(all, ", "))}
			}
		}
		for _, n := range found {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names, nil
}

// agentNames checks names against the file, and puts them into its order; none means all.
func agentNames(cfg *agents.Config, names []string) ([]string, error) {
	return namesAmong(cfg, cfg.Names(), names, noAgent)
}

// logNames is the same of agents and jobs; none means all agents.
func logNames(cfg *agents.Config, names []string) ([]string, error) {
	return namesAmong(cfg, cfg.LogNames(), names, noAgentOrJob)
}

func namesAmong(cfg *agents.Config, all, names []string, unknown func(*agents.Config, string) error) ([]string, error) {
	if len(names) == 0 {
		return cfg.Names(), nil
	}
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, unknown(cfg, n)
		}
	}
	return slices.DeleteFunc(all, func(n string) bool { return !slices.Contains(names, n) }), nil
}

// noOwner says that neither an agent nor a job with an image of its own has the name, and which do.
func noOwner(cfg *agents.Config, name string) error {
	all := cfg.OwnerNames()
	if len(all) == len(cfg.Agents) {
		return noAgent(cfg, name)
	}
	hint := didYouMean(name, all)
	if j, is := cfg.Jobs[name]; is && hint == "" {
		hint = fmt.Sprintf("the job %s has all of its agent %s: ", name, j.Agent)
	}
	return &usageError{fmt.Errorf("there is no agent and no job with an image %q in %s: %sit has %s", name, cfg.File, hint, strings.Join(all, ", "))}
}

// areOwners refuses names of neither agents nor jobs with images of their own.
func areOwners(cfg *agents.Config, names []string) error {
	for _, n := range names {
		if _, known := cfg.Owner(n); !known {
			return noOwner(cfg, n)
		}
	}
	return nil
}

// chosenOwners are the agents and the jobs with images of their own that have these names, all
// of them without a name.
func chosenOwners(cfg *agents.Config, names []string) []agents.Agent {
	return slices.DeleteFunc(cfg.Owners(), func(x agents.Agent) bool { return len(names) > 0 && !slices.Contains(names, x.Name) })
}

// jobsOf are the jobs of agents of these names, and without a name all.
func jobsOf(cfg *agents.Config, names []string) []agents.Job {
	var out []agents.Job
	for _, a := range chosenOwners(cfg, names) {
		out = append(out, cfg.JobsOf(a.Name)...)
	}
	return out
}

// chosen are the agents of these names in the file's order, all of them without a name.
func chosen(cfg *agents.Config, names []string) []agents.Agent {
	if len(names) == 0 {
		return cfg.Agents
	}
	return slices.DeleteFunc(slices.Clone(cfg.Agents), func(x agents.Agent) bool { return !slices.Contains(names, x.Name) })
}

// agentArgument is the argument of a command for one agent; more says what else may follow.
func agentArgument(least, most int, right string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(right, "name the agent")
		case most > 0 && len(args) > most:
			return usage(right, "one agent at a time")
		}
		return nil
	}
}

// noJobs says what to run in place of a deployment of a job, which has no service to roll.
func noJobs(cfg *agents.Config, names []string) error {
	for _, name := range names {
		switch j, is := cfg.Jobs[name]; {
		case !is:
		case j.HasImage():
			return usage("karmactl up --only "+name, "%s is a job with an image of its own, and nothing of it runs between its times: name another tag in %s first", name, cfg.File)
		default:
			return usage("karmactl deploy "+j.Agent, "%s is a job of %s, whose deployment moves it, too", name, j.Agent)
		}
	}
	return nil
}

// containersOf are the names of the containers of some agents, of all without a name. An
// agent's own container has its name.
func containersOf(cfg *agents.Config, names []string) []string {
	var out []string
	for _, a := range chosen(cfg, names) {
		out = append(out, a.Name)
		for _, c := range a.Containers() {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isContainer refuses a name that no container of these agents has; "" is all of them.
func isContainer(cfg *agents.Config, names []string, container string) error {
	known := containersOf(cfg, names)
	if container == "" || slices.Contains(known, container) {
		return nil
	}
	who := "no agent has a container"
	if len(names) == 1 {
		who = names[0] + " has no container"
	}
	return &usageError{fmt.Errorf("%s %q: %sthere is %s", who, container, didYouMean(container, known), strings.Join(known, ", "))}
}

func (a *app) completeContainers() complete { return a.fromFile(containersOf) }
