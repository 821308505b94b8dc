package fleet

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Copy takes a file or a folder out of a running container, or into one, over the session
// of ECS Exec: no port, no key and no bucket is needed. It goes as text through a terminal,
// so that the container needs a shell and a few programs. Nothing is put in its place unless
// its SHA-256 is right.
type Copy struct {
	Exec *Exec
	// Plugin carries it; its streams are the copy's.
	Plugin *SessionPlugin
	// Begin is told the size in bytes before it is carried, -1 of a folder in the container.
	Begin func(size int64)
}

// Copied is what was copied, and where it is.
type Copied struct {
	To     string
	Folder bool
	Files  int
	Bytes  int64
	SHA256 string
	// Left are names in a folder that were left out: what is neither file nor folder, and
	// links that lead out of it.
	Left []string
}

// Get copies from the container to this machine.
func (c *Copy) Get(ctx context.Context, from, to string) (*Copied, error) {
	name := path.Base(path.Clean(from))
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	} else if os.IsPathSeparator(to[len(to)-1]) {
		return nil, &Missing{"there is no folder " + to, "mkdir " + to}
	}
	kept, err := os.CreateTemp(filepath.Dir(to), ".karmactl-cp-*")
	if err != nil {
		return nil, fmt.Errorf("copy to %s: %w", to, err)
	}
	defer func() {
		_ = kept.Close() // it is moved, or of no use
		_ = os.Remove(kept.Name())
	}()
	in := newIncoming(kept, c.Begin)
	code, err := c.session(ctx, getScript(from), in, nil)
	if err := c.failed(code, err, in, from); err != nil {
		return nil, err
	}
	sum := hex.EncodeToString(in.sum.Sum(nil))
	if in.want == "" || in.want != sum {
		return nil, &Missing{fmt.Sprintf("what arrived of %s is not what is there: it changed meanwhile, or not all of it can be read: nothing was written", from), "run it again"}
	}
	out := &Copied{To: to, Folder: in.folder, Files: 1, Bytes: in.size, SHA256: sum}
	if !in.folder {
		if err := kept.Close(); err != nil {
			return nil, err
		}
		if err := os.Chmod(kept.Name(), 0o644); err != nil { //nolint:gosec // as cp makes a file
			return nil, err
		}
		return out, os.Rename(kept.Name(), to)
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return out, unpack(kept, to, out)
}

// Put copies from this machine into the container.
func (c *Copy) Put(ctx context.Context, from, to string) (*Copied, error) {
	p, err := wrapUp(from)
	if err != nil {
		return nil, err
	}
	defer p.close()
	in := newIncoming(io.Discard, nil)
	code, err := c.session(ctx, putScript(p, to), in, func(w io.Writer) error {
		if c.Begin != nil {
			c.Begin(p.size)
		}
		return p.send(w)
	})
	if err := c.failed(code, err, in, to); err != nil {
		return nil, err
	}
	if in.at == "" {
		return nil, errNoExitCode
	}
	p.copied.To = in.at
	return p.copied, nil
}

// session runs a script in the container. What send writes is typed there once the script is ready for it.
func (c *Copy) session(ctx context.Context, script string, in *incoming, send func(io.Writer) error) (int, error) {
	r, w, err := os.Pipe() // a file, so that the end of the session is not waited for by what reads it
	if err != nil {
		return 0, err
	}
	done, sent := make(chan struct{}), make(chan error, 1)
	go func() {
		if send == nil {
			sent <- nil
			return
		}
		select {
		case <-in.ready:
			sent <- send(w)
		case <-done:
			sent <- nil
		}
	}()
	e, p := *c.Exec, *c.Plugin
	p.Command, p.In, p.Out = true, r, in
	e.Plugin = &p
	// It stays open until the session ends: the plugin takes the end of its input for its own.
	code, err := e.Run(ctx, Wrap([]string{"/bin/sh", "-c", script}))
	close(done)
	_, _ = r.Close(), w.Close() // nothing reads it any more
	if serr := <-sent; err == nil && code == 0 && serr != nil {
		err = fmt.Errorf("send it: %w", serr)
	}
	return code, err
}

// failed says why a copy did not end well; nil is that it did.
func (c *Copy) failed(code int, err error, in *incoming, there string) error {
	switch {
	case errors.Is(err, errNoExitCode) && strings.Contains(in.said, "no such file or directory"):
		return &Missing{"the container of " + c.Exec.Agent + " has no /bin/sh, which copying needs", "use an image with a shell, or a volume or a bucket for the file"}
	case err != nil:
		return err
	case code != 0:
		return refusal(code, c.Exec.Agent, there, in.said)
	}
	return nil
}

// send types the parcel: in lines that every terminal takes, and a mark at the end.
func (p *parcel) send(w io.Writer) error {
	if _, err := p.content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	lines := make([]byte, lineBytes)
	for {
		n, err := io.ReadFull(p.content, lines)
		if n > 0 {
			if _, err := io.WriteString(w, base64.StdEncoding.EncodeToString(lines[:n])+"\n"); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, markEnd+"\n")
	return err
}

// lineBytes is what a line of 76 characters carries.
const lineBytes = 57
