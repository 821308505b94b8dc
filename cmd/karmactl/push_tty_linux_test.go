package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	media "github.com/google/go-containerregistry/pkg/v1/types"
)

// bigImage is an OCI layout of an image that takes a moment to push.
func bigImage(t *testing.T) string {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		l, err := random.Layer(16_000_000, media.OCILayer)
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, l); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "image")
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAPushInATerminalIsSeenOnItsWay(t *testing.T) {
	t.Parallel()
	world, image := filepath.Join(t.TempDir(), "world"), bigImage(t)
	if screen, code := inTerminal(t, 80, "", "", nil, "up", "--yes", "-q", "--simulate", world, "-f", shippedFile()); code != 0 {
		t.Fatalf("up exits %d:\n%s", code, screen)
	}
	screen, code := inTerminal(t, 80, "", "", []string{"NO_COLOR=1"}, "deploy", "validator", "karma-hello", "--image", image, "--simulate", world, "-f", shippedFile())
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, screen)
	}
	if strings.Contains(screen, "\x1b[3") {
		t.Errorf("colour all the same:\n%q", screen)
	}
	for _, agent := range []string{"validator", "karma-hello"} {
		row := regexp.MustCompile(`[◐◓◑◒] ` + agent + ` +\d/4 layers +\d+\.\d / 64\.\d MB  [█░]{8}`)
		end := regexp.MustCompile(fmt.Sprintf(`(?m)  %-16s push     karmacadabra/%s@sha256:[0-9a-f]{12}…\s+4\s+layers,\s+64\.\d\s+MB\s+sent\s+\d`, agent, agent))
		rows, ends := row.FindAllStringIndex(screen, -1), end.FindAllStringIndex(screen, -1)
		if len(rows) == 0 || len(ends) != 1 || rows[len(rows)-1][0] > ends[0][0] {
			t.Errorf("%s has %d rows, the last not before its end, and %d ends:\n%s", agent, len(rows), len(ends), screen)
		}
	}
	for _, line := range strings.Split(screen, "\n") {
		if w := lipgloss.Width(strings.TrimRight(line, "\r")); strings.ContainsAny(line, "█░") && w >= 80 {
			t.Errorf("a row of %d columns in a terminal of 80: %q", w, line)
		}
	}
}
