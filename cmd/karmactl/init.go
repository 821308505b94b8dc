package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func newInitCmd(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "init [DIR]", Short: "Write a commented agents.yaml to start from", Args: cobra.MaximumNArgs(1),
		Long: `Writes config/agents.yaml, and the schema that editors read, below DIR (default
here). The file passes validate and comes up as it is: five agents on a public
stand-in image. Nothing is overwritten without --force.`,
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.init(dir, force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "overwrite what is there")
	return cmd
}

func (a *app) init(dir string, force bool) error {
	files := []struct {
		path string
		data []byte
	}{
		{filepath.Join(dir, "config", "agents.yaml"), agents.Template()},
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
	a.term.Notef("Next: karmactl validate · karmactl plan --offline · karmactl up --simulate world.json")
	return nil
}
