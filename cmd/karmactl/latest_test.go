package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// latestServer leads from /latest to where it is told, and counts who asks.
func latestServer(t *testing.T, to string) (r releases, asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		*asked++
		if to == "" || q.Method != http.MethodHead || q.URL.Path != "/latest" {
			http.NotFound(w, q)
			return
		}
		http.Redirect(w, q, to, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	return releases{
		web: server.Client(), url: server.URL, file: filepath.Join(t.TempDir(), "cache", "latest.json"),
		now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), env: func(string) string { return "" },
	}, asked
}

func TestANewerReleaseIsSaidAndNoOther(t *testing.T) {
	for _, c := range []struct{ mine, to, want string }{
		{"v1.2.3", "/tag/v1.2.4", "v1.2.4"},
		{"v1.9.0", "/tag/v1.10.0", "v1.10.0"},
		{"v1.9.9", "/tag/v2.0.0", "v2.0.0"},
		{"v1.2.3", "/tag/v1.2.3", ""},
		{"v1.3.0", "/tag/v1.2.9", ""},
		{"v1.2.3", "/tag/v2.0.0-rc.1", ""},
		{"v1.2.3", "/tag/<b>v9.9.9", ""},
		{"v1.2.3", "", ""},
	} {
		r, _ := latestServer(t, c.to)
		if got := r.newerThan(t.Context(), c.mine); got != c.want {
			t.Errorf("%s, and %s is the latest: %q, want %q", c.mine, c.to, got, c.want)
		}
	}
}

func TestTheReleasesAreAskedForOnceADay(t *testing.T) {
	for _, to := range []string{"/tag/v1.3.0", ""} { // an answer, or none
		r, asked := latestServer(t, to)
		first := r.newerThan(t.Context(), "v1.2.3")
		r.now = r.now.Add(23 * time.Hour)
		if again := r.newerThan(t.Context(), "v1.2.3"); again != first || *asked != 1 {
			t.Errorf("within a day it asks %d times and says %q, then %q", *asked, first, again)
		}
		r.now = r.now.Add(time.Hour)
		r.newerThan(t.Context(), "v1.2.3")
		if *asked != 2 {
			t.Errorf("after a day it has asked %d times", *asked)
		}
	}
}

func TestTheReleasesAreNotAskedForWhereNobodyWantsIt(t *testing.T) {
	for _, c := range []struct{ version, variable string }{
		{"v1.2.3", "CI"}, {"v1.2.3", "KARMACTL_NO_UPDATE_CHECK"}, {"dev", ""}, {"v1.2.3-4-gabc1234-dirty", ""}, {"v0.0.0-20261128134037-0d6439d00000", ""},
	} {
		r, asked := latestServer(t, "/tag/v9.9.9")
		r.env = func(name string) string {
			if name == c.variable {
				return "1"
			}
			return ""
		}
		if got := r.newerThan(t.Context(), c.version); got != "" || *asked != 0 {
			t.Errorf("%+v: %q, asked %d times", c, got, *asked)
		}
	}
}

func TestACacheThatCannotBeReadOrWrittenStopsNothing(t *testing.T) {
	r, _ := latestServer(t, "/tag/v1.3.0")
	if err := os.MkdirAll(r.file, 0o755); err != nil { // a folder in the file's place
		t.Fatal(err)
	}
	if got := r.newerThan(t.Context(), "v1.2.3"); got != "v1.3.0" {
		t.Errorf("without a cache: %q", got)
	}
}
