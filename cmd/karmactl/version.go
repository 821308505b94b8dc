package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/document"
)

// version is set by the linker: -X main.version=v1.2.3. Where the linker was not
// told, as by go install, it is the module's version.
var version string

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which karmactl this is, and whether a newer one is out", Args: cobra.NoArgs,
		Example: `  karmactl version`,
		Long: `A release asks GitHub for the newest one, at most once a day, never in CI, and not
at all where KARMACTL_NO_UPDATE_CHECK is set. karmactl --version never asks.`,
		RunE: func(c *cobra.Command, _ []string) error {
			var newer string
			if r, err := ourReleases(); err == nil && a.opts.simulate == "" {
				newer = r.newerThan(c.Context(), programVersion())
			}
			return runVersion(a, newer)
		},
	}
}

func runVersion(a *app, newer string) error {
	info, _ := debug.ReadBuildInfo()
	d := document.Version{
		Head: document.Of("Version"), Version: versionOf(version, info), Revision: revisionOf(info),
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Newer: newer,
	}
	if a.term.JSON {
		return a.term.Document(&d)
	}
	a.term.Printf("karmactl %s  %s  %s\n", d.Version, d.Platform, d.Go)
	if newer != "" {
		a.term.Notef("%s is out: %s/tag/%s", newer, releasesURL, newer)
	}
	return nil
}

// programVersion is the version of the program that runs.
func programVersion() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(version, info)
}

// versionOf is the linker's version, else the one that Go recorded of the main
// module: of `go install …@v1.2.3`, or of the commit that was built. A build
// without either is "dev".
func versionOf(linked string, info *debug.BuildInfo) string {
	switch {
	case linked != "":
		return linked
	case info == nil, info.Main.Version == "", info.Main.Version == "(devel)":
		return "dev"
	}
	return info.Main.Version
}

// revisionOf is the commit that was built, "" where Go did not record it.
func revisionOf(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
