// Package scripts holds the tests of what is not Go: install.sh, the examples in
// docs, and what the documents say about the tests.
package scripts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// release is a server with one release, v1.2.3, for this machine, and a folder
// with the tools that install.sh finds.
type release struct {
	t       *testing.T
	files   map[string][]byte
	url     string
	tools   string
	into    string
	archive string
}

func newRelease(t *testing.T) *release {
	t.Helper()
	r := &release{t: t, files: map[string][]byte{}, tools: t.TempDir(), into: filepath.Join(t.TempDir(), "new", "bin")}
	r.archive = fmt.Sprintf("karmactl_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	content := archiveOf(t, "#!/bin/sh\necho karmactl v1.2.3 \"$@\"\n")
	sums := fmt.Sprintf("%x  %s\n%x  karmactl_1.2.3_plan9_amd64.tar.gz\n%x  karmactl_1.2.3_%s_%s.tar.gz.sbom.json\n",
		sha256.Sum256(content), r.archive, sha256.Sum256(nil), sha256.Sum256(nil), runtime.GOOS, runtime.GOARCH)
	for _, from := range []string{"/latest/download/", "/download/v1.2.3/"} {
		r.files[from+r.archive] = content
		r.files[from+"checksums.txt"] = []byte(sums)
		r.files[from+"checksums.txt.sigstore.json"] = []byte("{}")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if b, ok := r.files[q.URL.Path]; ok {
			w.Write(b) //nolint:errcheck // the client tells what it got
			return
		}
		http.NotFound(w, q)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	for _, tool := range []string{"sh", "uname", "curl", "wget", "tar", "gzip", "sha256sum", "shasum", "openssl", "cut", "awk", "mktemp", "rm", "cp", "mv", "mkdir", "chmod", "cat"} {
		if path, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(r.tools, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

func archiveOf(t *testing.T, program string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, content := range map[string]string{"LICENSE": "MIT\n", "karmactl": program} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// without takes tools away; replace puts a script in a tool's place.
func (r *release) without(tools ...string) {
	for _, tool := range tools {
		os.Remove(filepath.Join(r.tools, tool)) //nolint:errcheck // it may not be on this machine
	}
}

func (r *release) replace(tool, script string) {
	r.t.Helper()
	r.without(tool)
	if err := os.WriteFile(filepath.Join(r.tools, tool), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func (r *release) install(args ...string) (string, error) {
	cmd := exec.CommandContext(r.t.Context(), "/bin/sh", append([]string{filepath.Join("..", "install.sh"), "-u", r.url, "-d", r.into}, args...)...)
	cmd.Env = []string{"PATH=" + r.tools, "HOME=" + r.t.TempDir(), "TMPDIR=" + r.t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestInstallPutsTheReleaseIntoAnEmptyFolderAndRunsIt(t *testing.T) {
	for _, args := range [][]string{nil, {"-v", "v1.2.3"}, {"-v", "1.2.3"}} {
		r := newRelease(t)
		out, err := r.install(args...)
		if err != nil || !strings.Contains(out, "karmactl v1.2.3 version") || !strings.Contains(out, "is not in your PATH") {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		found, err := os.ReadDir(r.into)
		if err != nil || len(found) != 1 || found[0].Name() != "karmactl" {
			t.Errorf("%q left %v in the folder (%v)", args, found, err)
		}
	}
}

func TestInstallWorksWithEachToolThatCanDoIt(t *testing.T) {
	for _, missing := range [][]string{{"curl"}, {"wget"}, {"sha256sum"}, {"sha256sum", "shasum"}, {"shasum", "openssl"}} {
		r := newRelease(t)
		r.without(missing...)
		if len(missing) == 1 && missing[0] == "curl" && !r.has("wget") || len(missing) == 2 && missing[1] == "shasum" && !r.has("openssl") {
			continue // this machine has no other
		}
		if out, err := r.install(); err != nil {
			t.Errorf("without %q: %v\n%s", missing, err, out)
		}
	}
}

func (r *release) has(tool string) bool {
	_, err := os.Stat(filepath.Join(r.tools, tool))
	return err == nil
}

func TestInstallRefusesAndKeepsTheOldProgram(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		make func(*release)
		want string
	}{
		{"an archive that was changed", nil, func(r *release) {
			r.files["/latest/download/"+r.archive] = archiveOf(r.t, "#!/bin/sh\necho owned\n")
		}, "is not what was released"},
		{"an archive that was cut off", nil, func(r *release) {
			b := r.files["/latest/download/"+r.archive]
			r.files["/latest/download/"+r.archive] = b[:len(b)/2]
		}, "is not what was released"},
		{"a release that is not there", []string{"-v", "v9.9.9"}, func(*release) {}, "/download/v9.9.9/checksums.txt"},
		{"a platform that no release is made for", nil, func(r *release) { r.replace("uname", "echo SunOS\n") }, "there is no archive for SunOS here"},
		{"a machine that no release is made for", nil, func(r *release) {
			r.replace("uname", "[ \"$1\" = -s ] && echo Linux || echo riscv64\n")
		}, "there is no archive for a machine of type riscv64"},
		{"a release without this platform", nil, func(r *release) {
			r.files["/latest/download/checksums.txt"] = []byte("00  karmactl_1.2.3_plan9_amd64.tar.gz\n")
		}, "has no archive for " + runtime.GOOS},
		{"a name that leads elsewhere", nil, func(r *release) {
			r.files["/latest/download/checksums.txt"] = []byte("00  karmactl_../../x_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz\n")
		}, "has no archive for " + runtime.GOOS},
		{"nothing to download with", nil, func(r *release) { r.without("curl", "wget") }, "neither curl nor wget is installed"},
		{"nothing to verify with", nil, func(r *release) { r.without("sha256sum", "shasum", "openssl") }, "nothing here can verify a checksum"},
		{"no tar", nil, func(r *release) { r.without("tar") }, "tar is not installed"},
		{"a signature without cosign", []string{"-s"}, func(*release) {}, "-s needs cosign"},
		{"a signature of somebody else", []string{"-s"}, func(r *release) { r.replace("cosign", "echo no matching identity >&2\nexit 1\n") }, "not karmactl's: no matching identity"},
		{"an option that it does not have", []string{"-x"}, func(*release) {}, "usage: install.sh"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRelease(t)
			c.make(r)
			if err := os.MkdirAll(r.into, 0o755); err != nil {
				t.Fatal(err)
			}
			old := filepath.Join(r.into, "karmactl")
			if err := os.WriteFile(old, []byte("the old one"), 0o755); err != nil {
				t.Fatal(err)
			}
			out, err := r.install(c.args...)
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v\n%s", err, out)
			}
			if b, err := os.ReadFile(old); err != nil || string(b) != "the old one" {
				t.Errorf("the old program is %q now (%v)", b, err)
			}
			if found, _ := os.ReadDir(r.into); len(found) != 1 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
}

func TestInstallAsksCosignForTheReleaseWorkflowsSignature(t *testing.T) {
	r := newRelease(t)
	asked := filepath.Join(t.TempDir(), "asked")
	r.replace("cosign", "echo \"$*\" >"+asked+"\n")
	if out, err := r.install("-s"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"verify-blob --bundle", "--certificate-oidc-issuer https://token.actions.githubusercontent.com", `release\.yml@refs/tags/v`, "checksums.txt"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("cosign was not asked for %q: %s", want, b)
		}
	}
}

// TestAnInstallScriptThatWasCutOffDoesNothing: a shell that reads from a
// connection runs what came so far.
func TestAnInstallScriptThatWasCutOffDoesNothing(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("..", "install.sh"))
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndex(whole, []byte("main \"$@\""))
	for at := last; at > 0; at -= 211 {
		r := newRelease(t)
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-s", "--", "-u", r.url, "-d", r.into)
		cmd.Env = []string{"PATH=" + r.tools}
		cmd.Stdin = bytes.NewReader(whole[:at])
		cmd.Run() //nolint:errcheck // a syntax error is as good as nothing done
		if _, err := os.Stat(r.into); err == nil {
			t.Fatalf("after %d of %d bytes it installed something", at, len(whole))
		}
	}
}
