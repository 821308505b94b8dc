package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/terraform"
)

func newInitCmd(a *app) *cobra.Command {
	var force bool
	var from string
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write a commented agents.yaml to start from", Args: cobra.MaximumNArgs(1),
		Long: `Writes config/agents.yaml, and the schema that editors read, below DIR (default
here). The file passes validate and comes up as it is: five agents on a public
stand-in image. With --from-terraform the file says what the Terraform module's
variables and state say. Nothing is overwritten without --force.`,
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.init(dir, from, force)
		},
	}
	cmd.Flags().StringVar(&from, "from-terraform", "", "read the Terraform module in `PATH`")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite what is there")
	return cmd
}

func (a *app) init(dir, from string, force bool) error {
	text, notes := agents.Template(), []string(nil)
	if from != "" {
		m, err := terraform.Read(from)
		if err != nil {
			return err
		}
		var said string
		said, notes = m.AgentsYAML()
		text = []byte(said)
		if _, err := agents.Parse(filepath.Join(dir, "config", "agents.yaml"), text, ""); err != nil {
			return &advice{fmt.Errorf("what the Terraform module says cannot be had: %w", err), "change the variables that are named, or start from karmactl init"}
		}
	}
	files := []struct {
		path string
		data []byte
	}{
		{filepath.Join(dir, "config", "agents.yaml"), text},
		{filepath.Join(dir, "config", "agents.schema.json"), agents.Schema()},
	}
	for _, f := range files {
		if _, err := os.Stat(f.path); err == nil && !force {
			return &advice{fmt.Errorf("%s exists and is left as it is", f.path), "karmactl init --force overwrites it"}
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s cannot be written: %w", f.path, err)
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
			return fmt.Errorf("%s cannot be written: %w", f.path, err)
		}
		if err := os.WriteFile(f.path, f.data, 0o644); err != nil {
			return fmt.Errorf("%s cannot be written: %w", f.path, err)
		}
		a.term.Printf("wrote %s\n", f.path)
	}
	for _, n := range notes {
		a.term.Notef("! %s", n)
	}
	a.term.Notef("Next: karmactl validate · karmactl plan --offline · karmactl up --simulate world.json")
	return nil
}
