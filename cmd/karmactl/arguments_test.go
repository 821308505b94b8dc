package main

import (
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// called runs one call in this process, in an empty folder, and returns its exit code and all that it said.
func called(args ...string) (code int, said string) {
	var out strings.Builder
	a := &app{term: &ui.Terminal{In: strings.NewReader(""), Out: &out, Err: &out}}
	code = a.run(context.Background(), args)
	return code, out.String()
}

// eachFlag calls f with every flag of every command.
func eachFlag(f func(command []string, flag *pflag.Flag)) {
	root := newRootCmd(&app{term: &ui.Terminal{}})
	for _, name := range append(commandNames(root, ""), "completion") {
		path := strings.Fields(name)
		c, _, err := root.Find(path)
		if err != nil {
			continue
		}
		c.InitDefaultHelpFlag()
		c.InheritedFlags()
		c.Flags().VisitAll(func(flag *pflag.Flag) { f(path, flag) })
	}
}

func TestNoFlagTakesANumberBelowZero(t *testing.T) {
	t.Chdir(t.TempDir())
	n := 0
	eachFlag(func(command []string, flag *pflag.Flag) {
		bad := map[string]string{"int": "-1", "int64": "-1", "duration": "-3s"}[flag.Value.Type()]
		if bad == "" {
			return
		}
		n++
		if code, said := called(append(command, "--"+flag.Name+"="+bad)...); code != exitUsage || !strings.Contains(said, "from 0") && !strings.Contains(said, "name the agent") && !strings.Contains(said, "takes ") {
			t.Errorf("%s --%s=%s: exit %d: %s", strings.Join(command, " "), flag.Name, bad, code, said)
		}
	})
	if n < 60 {
		t.Errorf("only %d flags with numbers", n)
	}
}

func TestAWrongValueSaysWhatIsAllowedAndNotHowGoReadsIt(t *testing.T) {
	t.Chdir(t.TempDir())
	n := 0
	eachFlag(func(command []string, flag *pflag.Flag) {
		if strings.Join(command, " ") == "secrets set" { // it repeats nothing of a wrong call: a value may be in it
			return
		}
		switch flag.Value.Type() {
		case "int", "int64", "duration", "bool":
			n++
			code, said := called(append(command, "--"+flag.Name+"=perhaps")...)
			if code != exitUsage || strings.Contains(said, "strconv") || strings.Contains(said, "parsing") || !strings.Contains(said, `"perhaps": allowed is `) {
				t.Errorf("%s --%s=perhaps: exit %d: %s", strings.Join(command, " "), flag.Name, code, said)
			}
		}
		if flag.NoOptDefVal == "" {
			n++
			if code, said := called(append(command, "--"+flag.Name)...); code != exitUsage || !strings.Contains(said, "--"+flag.Name+" needs a value: ") {
				t.Errorf("%s --%s: exit %d: %s", strings.Join(command, " "), flag.Name, code, said)
			}
		}
	})
	if n < 800 {
		t.Errorf("only %d wrong calls", n)
	}
}

func TestWrongArgumentsAreToldInPlainWords(t *testing.T) {
	t.Chdir(t.TempDir())
	root := newRootCmd(&app{term: &ui.Terminal{}})
	foreign := []string{"arg(s)", `for "karmactl`, "flags in the group", "accepts ", "requires at least"}
	check := func(command []string, args ...string) {
		code, said := called(append(command, args...)...)
		for _, words := range foreign {
			if strings.Contains(said, words) || code == 0 && len(args) > 3 {
				t.Errorf("%s %v: exit %d: %s", strings.Join(command, " "), args, code, said)
			}
		}
	}
	for _, name := range commandNames(root, "") {
		if name == "try" || name == "list" || name == "version" { // they would run
			continue
		}
		check(strings.Fields(name))
		check(strings.Fields(name), "one", "two", "three", "four", "five", "six")
	}
	for _, x := range []struct{ call, want string }{
		{"hibernate validator", "karmactl: karmactl hibernate takes no arguments, and was given \"validator\"\n  try   karmactl hibernate --help\n"},
		{"state show", "karmactl: karmactl state show takes KEY, and was given nothing\n  try   karmactl state show --help\n"},
		{"-e prod outputs a b", "karmactl: karmactl outputs takes [NAME], and was given \"a b\"\n  try   karmactl outputs --help\n"},
		{"cost --savings --actual", "karmactl: --actual and --savings do not go together\n"},
		{"cost savings", "karmactl: unknown command \"savings\" for karmactl cost\n  try   karmactl cost --savings\n"},
		{"completion tcsh", "karmactl: unknown command \"tcsh\" for karmactl completion\n  try   karmactl completion --help lists its commands\n"},
		{"restart validator", "karmactl: unknown command \"restart\" for karmactl\n  try   karmactl deploy validator --restart\n"},
		{"-o jsn status", "karmactl: --output \"jsn\": did you mean json? allowed are text and json\n"},
		{"--color alway status", "karmactl: --color \"alway\": did you mean always? allowed are auto, always and never\n"},
	} {
		if code, said := called(strings.Fields(x.call)...); code != exitUsage || said != x.want {
			t.Errorf("karmactl %s: exit %d\n got %q\nwant %q", x.call, code, said, x.want)
		}
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	for path, words := range meant {
		c, _, err := root.Find(strings.Fields(path)[1:])
		if err != nil {
			t.Fatal(err)
		}
		for word := range words {
			if reached(c, word) {
				t.Errorf("%s %s is a command of its own, and not meant as another: %v", path, word, names)
			}
			if code, said := called(append(strings.Fields(path)[1:], word)...); code != exitUsage || !strings.Contains(said, "  try   "+path+" ") {
				t.Errorf("%s %s: exit %d: %s", path, word, code, said)
			}
		}
	}
}

// reached tells whether a word is a command below c.
func reached(c *cobra.Command, word string) bool {
	for _, sub := range c.Commands() {
		if sub.Name() == word {
			return true
		}
	}
	return false
}
