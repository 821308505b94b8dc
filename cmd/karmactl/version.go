package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

type versionDoc struct {
	Schema   string `json:"schema"`
	Kind     string `json:"kind"`
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Revision string `json:"revision,omitempty"`
}

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which karmactl this is", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			d := versionDoc{
				Schema: ui.Schema, Kind: "Version", Version: version,
				Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
			}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						d.Revision = s.Value
					}
				}
			}
			if a.term.JSON {
				return a.term.Document(d)
			}
			a.term.Printf("karmactl %s  %s  %s\n", d.Version, d.Platform, d.Go)
			return nil
		},
	}
}
