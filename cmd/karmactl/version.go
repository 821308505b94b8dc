package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
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

const (
	releasesURL = "https://github.com/karmacadabra/karmactl/releases"
	// askEvery is how often the releases are asked for at most, whatever they answer.
	askEvery = 24 * time.Hour
	// askWithin is how long the answer may keep a user who asks for the version.
	askWithin = 2 * time.Second
)

// releases tells whether a newer release is out.
type releases struct {
	web  *http.Client
	url  string
	file string // keeps the last answer
	now  time.Time
	env  func(string) string
}

// lastAnswer is what is kept of the last time that the releases were asked for.
type lastAnswer struct {
	Asked   time.Time `json:"asked"`
	Version string    `json:"version,omitempty"` // "" where there was no answer
}

// ourReleases are karmactl's own.
func ourReleases() (releases, error) {
	dir, err := cost.CacheDir()
	return releases{web: http.DefaultClient, url: releasesURL, file: filepath.Join(dir, "latest-release.json"), now: engine.RealClock{}.Now(), env: os.Getenv}, err
}

// newerThan is the newest release when it is newer than this one, else "". It asks
// at most once a day, never in CI, never for a build that is not a release, and not
// at all with KARMACTL_NO_UPDATE_CHECK. Without an answer nothing is said.
func (r releases) newerThan(ctx context.Context, version string) string {
	mine, ok := releaseNumbers(version)
	if !ok || r.env("CI") != "" || r.env("KARMACTL_NO_UPDATE_CHECK") != "" {
		return ""
	}
	last := r.last()
	if age := r.now.Sub(last.Asked); age < 0 || age >= askEvery {
		last = lastAnswer{Asked: r.now, Version: r.ask(ctx)}
		r.keep(last)
	}
	newest, ok := releaseNumbers(last.Version)
	for i := range mine {
		if ok && newest[i] != mine[i] {
			if newest[i] > mine[i] {
				return last.Version
			}
			return ""
		}
	}
	return ""
}

func (r releases) last() lastAnswer {
	var a lastAnswer
	if b, err := os.ReadFile(r.file); err == nil && json.Unmarshal(b, &a) != nil {
		return lastAnswer{}
	}
	return a
}

// keep is best effort: who has no cache is asked for again.
func (r releases) keep(a lastAnswer) {
	b, err := json.Marshal(a)
	if err == nil && os.MkdirAll(filepath.Dir(r.file), 0o755) == nil {
		_ = os.WriteFile(r.file, b, 0o644)
	}
}

// ask follows no redirect: the address that the latest release leads to ends in its
// version, so nothing has to be read, and no API with a limit is called.
func (r releases) ask(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, r.url+"/latest", http.NoBody)
	if err != nil {
		return ""
	}
	web := *r.web
	web.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := web.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	version := path.Base(to.Path)
	if _, ok := releaseNumbers(version); !ok {
		return ""
	}
	return version
}

// releaseNumbers are the three numbers of a release; what has more in its version
// is a private build, or not for every user yet.
func releaseNumbers(version string) (n [3]int, ok bool) {
	parts := strings.Split(version, ".")
	if len(parts) != len(n) || !strings.HasPrefix(version, "v") {
		return n, false
	}
	parts[0] = parts[0][1:]
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return n, false
		}
		n[i] = int(v)
	}
	return n, true
}
