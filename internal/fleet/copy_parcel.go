package fleet

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// incoming reads what a copy's script prints, a line at a time.
type incoming struct {
	to     io.Writer
	begin  func(int64)
	ready  chan struct{}
	sum    hash.Hash
	size   int64
	begun  bool // content is coming, or came
	inside bool
	folder bool
	// want is the sum as the container has it; at is where it put what was sent.
	want, at string
	// said is the last line that is nothing of a copy.
	said string
}

func newIncoming(to io.Writer, begin func(int64)) *incoming {
	return &incoming{to: to, begin: begin, ready: make(chan struct{}), sum: sha256.New()}
}

// Write takes one line, as commandOutput passes them on.
func (in *incoming) Write(b []byte) (int, error) {
	line := strings.TrimRight(string(b), "\r\n")
	mark := func(m string) (string, bool) {
		_, value, ok := strings.Cut(line, m) // a prompt or an echo may be before it
		return strings.TrimSpace(value), ok
	}
	if value, ok := mark(markFile); ok {
		size, _ := strconv.ParseInt(value, 10, 64) // it is only shown
		in.start(size)
	} else if _, ok := mark(markFolder); ok {
		in.folder = true
		in.start(-1)
	} else if value, ok := mark(markSum); ok {
		in.want, _, _ = strings.Cut(value, " ")
		in.inside = false
	} else if _, ok := mark(markReady); ok && !in.begun {
		in.begun = true
		close(in.ready)
	} else if value, ok := mark(markAt); ok {
		in.at = value
	} else if in.inside {
		return len(b), in.content(line)
	} else if line != "" {
		in.said = line
	}
	return len(b), nil
}

func (in *incoming) start(size int64) {
	in.begun, in.inside = true, true
	if in.begin != nil {
		in.begin(size)
	}
}

func (in *incoming) content(line string) error {
	raw, err := base64.StdEncoding.DecodeString(line)
	if err != nil { // the sum will not be right; what was said in between may tell why
		in.said = line
		return nil
	}
	_, _ = in.sum.Write(raw) // a hash never fails
	n, err := in.to.Write(raw)
	in.size += int64(n)
	return err
}

// parcel is a file, or a folder as a tar archive, that is ready to be sent.
type parcel struct {
	name    string // the last of its path
	folder  bool
	mode    fs.FileMode
	size    int64
	sum     string
	content *os.File
	close   func()
	copied  *Copied
}

// wrapUp makes a parcel. What it is of is read now: a change after that is noticed by its sum.
func wrapUp(from string) (*parcel, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	abs, err := filepath.Abs(from)
	if err != nil {
		return nil, err
	}
	p := &parcel{name: filepath.Base(abs), folder: info.IsDir(), mode: info.Mode(), copied: &Copied{Folder: info.IsDir(), Files: 1}}
	switch {
	case p.folder:
		err = p.pack(from)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("copy: %s is neither a file nor a folder", from)
	default:
		p.content, err = os.Open(from)
		p.close = func() { _ = p.content.Close() }
	}
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	sum := sha256.New()
	if p.size, err = io.Copy(sum, p.content); err != nil {
		p.close()
		return nil, fmt.Errorf("copy: %w", err)
	}
	p.sum = hex.EncodeToString(sum.Sum(nil))
	p.copied.Bytes, p.copied.SHA256 = p.size, p.sum
	return p, nil
}

// pack makes an archive of a folder. Owners are not kept: they are this machine's.
func (p *parcel) pack(from string) error {
	from, err := filepath.EvalSymlinks(from) // WalkDir does not follow a link that leads to the folder
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "karmactl-cp-*")
	if err != nil {
		return err
	}
	p.content, p.close, p.copied.Files = f, func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}, 0
	archive := tar.NewWriter(f)
	err = filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		return p.add(archive, name, rel, d)
	})
	if err = errors.Join(err, archive.Close()); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		p.close()
	}
	return err
}

func (p *parcel) add(archive *tar.Writer, name, rel string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	link := ""
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if link, err = os.Readlink(name); err != nil {
			return err
		}
		if !within(rel, link) {
			p.copied.Left = append(p.copied.Left, rel)
			return nil
		}
	case !info.IsDir() && !info.Mode().IsRegular():
		p.copied.Left = append(p.copied.Left, rel)
		return nil
	}
	h, err := tar.FileInfoHeader(info, filepath.ToSlash(link))
	if err != nil {
		return err
	}
	h.Name, h.Uid, h.Gid, h.Uname, h.Gname = filepath.ToSlash(rel), 0, 0, "", ""
	if err := archive.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	_, err = io.Copy(archive, f)
	p.copied.Files++
	return err
}

// within tells whether a link stays in the folder that is copied.
func within(name, link string) bool {
	return !filepath.IsAbs(link) && filepath.IsLocal(filepath.Join(filepath.Dir(name), link))
}

// unpack puts an archive's files into a folder, and nothing outside of it, whatever their names are.
func unpack(archive io.Reader, to string, out *Copied) error {
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // as mkdir makes a folder
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is written by it
	out.Files = 0
	for files := tar.NewReader(archive); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(filepath.FromSlash(h.Name))
		switch {
		case name == ".":
		case h.Typeflag == tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case h.Typeflag == tar.TypeReg:
			err = unpackFile(root, name, h, files)
			out.Files++
		case h.Typeflag == tar.TypeSymlink && within(name, h.Linkname):
			_ = root.Remove(name) // what was there; that there was none is no fault
			err = root.Symlink(h.Linkname, name)
		default:
			out.Left = append(out.Left, name)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, h.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
