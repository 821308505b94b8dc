package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"golang.org/x/sys/unix"
)

// TestMain is also AWS's plugin, for the sessions of these tests: it carries a real terminal,
// with the command that ECS was asked for.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == pluginName {
		if err := carry(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func carry() error {
	_, _ = os.Stdout.WriteString("\nStarting session with SessionId: ecs-execute-command-1\n")
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	shell := exec.Command("/bin/sh", "-c", os.Getenv("CARRIED_COMMAND"))
	shell.Env = []string{"PATH=" + os.Getenv("CONTAINER_PATH")}
	shell.Stdin, shell.Stdout, shell.Stderr = slave, slave, slave
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		return err
	}
	_ = slave.Close()
	go func() { // as AWS's plugin: 1,024 bytes at a time
		piece, damage := make([]byte, 1024), os.Getenv("DAMAGE") != ""
		for {
			n, err := os.Stdin.Read(piece)
			if err != nil {
				os.Exit(2) // as it does: the end of its input ends the session
			}
			if damage { // another letter of base64 for the first one: a later piece may be the end's mark
				damage, piece[0] = false, 'A'+piece[0]%2
			}
			_, _ = master.Write(piece[:n])
		}
	}()
	_, _ = io.Copy(os.Stdout, master)
	_ = shell.Wait()
	_, _ = os.Stdout.WriteString("\n\nExiting session with sessionId: ecs-execute-command-1.\n\n")
	return nil
}

// told has the plugin know the command, which AWS tells the container.
type told struct {
	*ecs.Client
	t *testing.T
}

func (c told) ExecuteCommand(ctx context.Context, in *ecs.ExecuteCommandInput, o ...func(*ecs.Options)) (*ecs.ExecuteCommandOutput, error) {
	c.t.Setenv("CARRIED_COMMAND", *in.Command)
	return c.Client.ExecuteCommand(ctx, in, o...)
}

// copies has an agent whose container is this machine, with these programs, or all.
func copies(t *testing.T, programs []string, f func(t *testing.T, c *Copy, here, there string)) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, container := t.TempDir(), os.Getenv("PATH")
	if err := os.Symlink(self, filepath.Join(bin, pluginName)); err != nil {
		t.Fatal(err)
	}
	if programs != nil {
		container = t.TempDir()
		for _, p := range programs {
			at, err := exec.LookPath(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(at, filepath.Join(container, p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("CONTAINER_PATH", container)
	t.Setenv("PATH", bin)
	here, there := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withExec(true))
		b.up()
		home := b.home()
		e := &Exec{ECS: told{home.Clients.ECS, t}, Roles: home.Clients.IAM, Cluster: home.ClusterName(), Agent: "validator"}
		f(t, &Copy{Exec: e, Plugin: &SessionPlugin{Region: "us-east-1", Err: io.Discard}}, here, there)
	})
}

func write(t *testing.T, name string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, mode); err != nil {
		t.Fatal(err)
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestAFileArrivesAsItIsInBothDirections(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty": {}, "text": []byte("one\r\ntwo\x03\x04\n"), "a line to the byte": random(lineBytes * 3), "200 KB": random(200_001),
	} {
		t.Run(name, func(t *testing.T) {
			copies(t, nil, func(t *testing.T, c *Copy, here, there string) {
				write(t, filepath.Join(here, "it's.bin"), content, 0o755)
				put, err := c.Put(t.Context(), filepath.Join(here, "it's.bin"), there+"/")
				if err != nil || put.To != filepath.Join(there, "it's.bin") || put.Bytes != int64(len(content)) {
					t.Fatalf("put: %+v, %v", put, err)
				}
				if info, err := os.Stat(put.To); err != nil || info.Mode()&0o100 == 0 {
					t.Errorf("it can be run no more: %v", err)
				}
				got, err := c.Get(t.Context(), put.To, filepath.Join(here, "back"))
				if err != nil || got.SHA256 != put.SHA256 {
					t.Fatalf("got: %+v, %v", got, err)
				}
				back, err := os.ReadFile(filepath.Join(here, "back"))
				if err != nil || !bytes.Equal(back, content) {
					t.Errorf("%d bytes of %d are back: %v", len(back), len(content), err)
				}
				onlyThere(t, there, "it's.bin")
			})
		})
	}
}

// onlyThere wants nothing left over beside what was copied.
func onlyThere(t *testing.T, dir string, want ...string) {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("%s has %q, want %q", dir, names, want)
	}
}

func TestAFolderArrivesWithAllThatIsInIt(t *testing.T) {
	copies(t, nil, func(t *testing.T, c *Copy, here, there string) {
		write(t, filepath.Join(here, "notes", "a.txt"), []byte("a"), 0o644)
		write(t, filepath.Join(here, "notes", "deep", "run.sh"), []byte("#!/bin/sh"), 0o755)
		for name, to := range map[string]string{"in": "deep/run.sh", "out": "/etc/passwd"} {
			if err := os.Symlink(to, filepath.Join(here, "notes", name)); err != nil {
				t.Fatal(err)
			}
		}
		put, err := c.Put(t.Context(), filepath.Join(here, "notes"), there)
		if err != nil || put.To != filepath.Join(there, "notes") || put.Files != 2 || !slices.Equal(put.Left, []string{"out"}) {
			t.Fatalf("put: %+v, %v", put, err)
		}
		if err := os.Symlink("/etc", filepath.Join(put.To, "out")); err != nil {
			t.Fatal(err)
		}
		got, err := c.Get(t.Context(), put.To, filepath.Join(here, "back"))
		if err != nil || got.Files != 2 || !slices.Equal(got.Left, []string{"out"}) {
			t.Fatalf("got: %+v, %v", got, err)
		}
		if text, err := os.ReadFile(filepath.Join(here, "back", "in")); err != nil || string(text) != "#!/bin/sh" {
			t.Errorf("the link within leads to %q: %v", text, err)
		}
		onlyThere(t, filepath.Join(here, "back"), "a.txt", "deep", "in")
		onlyThere(t, there, "notes")
		if err := os.Symlink("notes", filepath.Join(here, "current")); err != nil {
			t.Fatal(err)
		}
		linked, err := c.Put(t.Context(), filepath.Join(here, "current"), there)
		if err != nil || linked.To != filepath.Join(there, "current") || linked.Files != 2 {
			t.Fatalf("what a link leads to: %+v, %v", linked, err)
		}
		onlyThere(t, linked.To, "a.txt", "deep", "in")
	})
}

func TestWhatACopyLacksIsNamedAndNothingIsWritten(t *testing.T) {
	t.Run("programs", func(t *testing.T) {
		copies(t, []string{"sh", "base64", "sed", "tar"}, func(t *testing.T, c *Copy, here, there string) {
			write(t, filepath.Join(here, "x"), []byte("x"), 0o644)
			lacks(t, c, filepath.Join(here, "x"), there, "lacks a program that copying needs (sh, base64, sha256sum, sed; tar for folders): sha256sum", "coreutils")
			onlyThere(t, there)
		})
	})
	t.Run("a shell", func(t *testing.T) {
		in := newIncoming(io.Discard, nil)
		_, _ = in.Write([]byte("Unable to start command: Failed to start pty: fork/exec /bin/sh: no such file or directory\r\n"))
		err := (&Copy{Exec: &Exec{Agent: "validator"}}).failed(0, errNoExitCode, in, "/x")
		if m := (*Missing)(nil); !errors.As(err, &m) || !strings.Contains(m.What, "the container of validator has no /bin/sh") {
			t.Errorf("%v", err)
		}
	})
	copies(t, nil, func(t *testing.T, c *Copy, here, there string) {
		x := filepath.Join(here, "x")
		write(t, x, []byte("x"), 0o644)
		_, err := c.Get(t.Context(), there+"/none", here)
		if m := (*Missing)(nil); !errors.As(err, &m) || !strings.Contains(m.What, "is not in the container of validator") || m.Do != "karmactl exec validator -- ls "+there {
			t.Errorf("%v", err)
		}
		lacks(t, c, x, there+"/none/", "there is no folder in the container of validator", "mkdir -p")
		lacks(t, c, x, there+"/none/y", "there is no folder in the container of validator", "mkdir -p")
		lacks(t, c, x, "/proc/self/y", "cannot be written", "df")
		t.Setenv("DAMAGE", "1")
		write(t, x, random(5000), 0o644)
		lacks(t, c, x, there+"/y", "what arrived is not what was sent: nothing was written", "again")
		onlyThere(t, there)
		onlyThere(t, here, "x")
	})
}

func lacks(t *testing.T, c *Copy, from, to, what, do string) {
	t.Helper()
	_, err := c.Put(t.Context(), from, to)
	if m := (*Missing)(nil); !errors.As(err, &m) || !strings.Contains(m.What, what) || !strings.Contains(m.Do, do) {
		t.Errorf("to %s: %+v\nwant %q, %q", to, err, what, do)
	}
}

func TestAFileThatChangesWhileItIsCopiedIsNotTakenForWhole(t *testing.T) {
	dir := t.TempDir()
	kept, err := os.Create(filepath.Join(dir, "kept"))
	if err != nil {
		t.Fatal(err)
	}
	in := newIncoming(kept, nil)
	for _, line := range []string{"$ " + markFile + "1", "eA==", "tar: removed while it was read", markSum + "0000  -"} {
		if _, err := in.Write([]byte(line + "\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if in.size != 1 || in.want != "0000" || in.said != "tar: removed while it was read" {
		t.Errorf("%d bytes, sum %q, said %q", in.size, in.want, in.said)
	}
}
