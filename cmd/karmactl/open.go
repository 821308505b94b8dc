package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

type openOptions struct{ print bool }

func (o *openOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.print, "print", false, "print the URL and open nothing")
}

func newOpenCmd(a *app) *cobra.Command {
	var o openOptions
	cmd := &cobra.Command{
		Use: "open [AGENT]", Short: "An agent's URL, in the browser", Args: agentArgument(0, 1, "karmactl open AGENT"),
		ValidArgsFunction: a.completeOneAgent(),
		Long: `Opens the agent's URL in the browser, the first agent's without a name, and prints
it. Without a terminal or a browser, in a rehearsal and with --print it prints only.`,
		Example: "  karmactl open validator\n  karmactl open validator --print",
		RunE:    a.withSession(areAgents, func(ctx context.Context, s *session, args []string) error { return runOpen(ctx, s, args, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runOpen(ctx context.Context, s *session, args []string, o openOptions) error {
	d, err := readOutputs(ctx, s)
	if err != nil {
		return err
	}
	name := firstWithURL(s.cfg, d)
	if len(args) == 1 {
		name = args[0]
	}
	url, ok := d.URLs[name]
	switch {
	case !ok && len(d.URLs) == 0:
		return noURLs(s.cfg)
	case !ok:
		return engine.Advise(errors.New(name+" has no URL"), "karmactl outputs lists the agents that have one")
	}
	term := s.app.term
	switch {
	case o.print || term.JSON || !term.Screen:
	case s.sim != nil:
		term.Notef("it is SIMULATED: nothing answers at this address")
	default:
		if err := browse(url); err != nil {
			term.Notef("%v: open it yourself", err)
		}
	}
	if term.JSON {
		return term.Document(&document.Open{Head: document.Of("Open"), Agent: name, URL: url})
	}
	if d.ConnectTo != "" {
		term.Notef("%s", beside(d.ConnectTo))
	}
	term.Printf("%s\n", term.Link(url))
	return nil
}

func firstWithURL(cfg *agents.Config, d *document.Outputs) string {
	for _, name := range cfg.Names() {
		if d.URLs[name] != "" {
			return name
		}
	}
	return ""
}

// errNoBrowser is a machine on which no browser can be shown.
var errNoBrowser = errors.New("there is no browser here")

// browse opens an address in the user's browser, which outlives the command.
func browse(address string) error {
	name, args := browser(runtime.GOOS, os.Getenv)
	if name == "" {
		return errNoBrowser
	}
	if err := exec.Command(name, append(args, address)...).Start(); err != nil { //nolint:gosec // the user's own browser, and an address of the user's stack
		return fmt.Errorf("the browser does not start: %w", err)
	}
	return nil
}

// browser is the command that opens an address; "" where there is no screen.
func browser(system string, env func(string) string) (name string, args []string) {
	switch {
	case env("BROWSER") != "":
		return env("BROWSER"), nil
	case system == "darwin":
		return "open", nil
	case system == "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	case env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != "":
		return "xdg-open", nil
	}
	return "", nil
}
