package rollout

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Images reads images from registries, directories and files.
type Images struct {
	// Transport is http.DefaultTransport when nil.
	Transport http.RoundTripper
	// Keychain signs in to registries that are read; it is never written.
	Keychain authn.Keychain
	// Temp is where archives are unpacked.
	Temp string
}

// platform of an agent, in the words of images.
func platform(arch agents.Arch) v1.Platform {
	p := v1.Platform{OS: "linux", Architecture: "amd64"}
	if arch == agents.ArchARM {
		p.Architecture = "arm64"
	}
	return p
}

// CheckRef refuses what can be no image: neither a file nor a reference.
func CheckRef(ref string) error {
	if _, err := os.Stat(ref); err == nil {
		return nil
	}
	if _, err := name.ParseReference(ref); err != nil || pathLike(ref) {
		return noImage(ref)
	}
	return nil
}

// pathLike tells whether a text that can be a reference is meant as a file.
func pathLike(ref string) bool {
	return strings.HasPrefix(ref, ".") || strings.HasPrefix(ref, "/") || strings.HasSuffix(ref, ".tar")
}

// noImage is the error of a text that is no file and can be no reference.
func noImage(ref string) error {
	if pathLike(ref) {
		return fmt.Errorf("there is no file and no folder %s", ref)
	}
	return fmt.Errorf("%q is neither a file nor an image such as registry.example.com/team/agent:1.2, in lower case except its tag", ref)
}

// Open reads an image for an architecture: REF is an OCI layout (a directory), an
// archive (of an OCI layout, or of docker save), or a reference to a registry.
// Of an image for several architectures it takes the one. Without that one the
// error is a *provision.WrongArch, which names both.
func (i *Images) Open(ctx context.Context, ref string, arch agents.Arch) (v1.Image, error) {
	info, err := os.Stat(ref)
	switch {
	case err == nil && info.IsDir():
		return fromLayout(ref, ref, arch)
	case err == nil:
		return i.fromArchive(ref, arch)
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		return nil, noImage(ref)
	}
	opts := []remote.Option{remote.WithContext(ctx), remote.WithPlatform(platform(arch))}
	if i.Transport != nil {
		opts = append(opts, remote.WithTransport(i.Transport))
	}
	if i.Keychain != nil {
		opts = append(opts, remote.WithAuthFromKeychain(i.Keychain))
	}
	desc, err := remote.Get(r, opts...)
	if err != nil {
		return nil, provision.Unread(r, err)
	}
	if desc.MediaType.IsIndex() {
		index, err := desc.ImageIndex()
		if err != nil {
			return nil, err
		}
		return choose(index, ref, arch)
	}
	img, err := desc.Image()
	if err != nil {
		return nil, err
	}
	return img, check(img, ref, arch)
}

func fromLayout(dir, ref string, arch agents.Arch) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is not an OCI layout: %w", ref, err)
	}
	return choose(index, ref, arch)
}

// choose takes the image of an architecture out of an index, which may be nested.
func choose(index v1.ImageIndex, ref string, arch agents.Arch) (v1.Image, error) {
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	wrong := &provision.WrongArch{Reference: ref, Want: platform(arch).Architecture}
	for _, d := range m.Manifests {
		if d.MediaType.IsIndex() {
			nested, err := index.ImageIndex(d.Digest)
			if err != nil {
				return nil, err
			}
			img, err := choose(nested, ref, arch)
			if w := new(provision.WrongArch); errors.As(err, &w) {
				wrong.Have = append(wrong.Have, w.Have...)
				continue
			}
			return img, err
		}
		if !d.MediaType.IsImage() || d.Platform != nil && d.Platform.OS == "unknown" { // an attestation
			continue
		}
		img, err := index.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		err = check(img, ref, arch)
		if w := new(provision.WrongArch); errors.As(err, &w) {
			wrong.Have = append(wrong.Have, w.Have...)
			continue
		}
		return img, err
	}
	return nil, wrong
}

// check holds an image's own word against the architecture it is to run on.
func check(img v1.Image, ref string, arch agents.Arch) error {
	cfg, err := img.ConfigFile()
	if err != nil {
		return fmt.Errorf("image %s cannot be read: %w", ref, err)
	}
	if want := platform(arch).Architecture; cfg.Architecture != "" && cfg.Architecture != want {
		return &provision.WrongArch{Reference: ref, Have: []string{cfg.Architecture}, Want: want}
	}
	return nil
}

// fromArchive reads what docker save wrote, or an OCI layout in a tar.
func (i *Images) fromArchive(path string, arch agents.Arch) (v1.Image, error) {
	img, err := tarball.ImageFromPath(path, nil)
	if err == nil {
		return img, check(img, path, arch)
	}
	dir, terr := os.MkdirTemp(i.Temp, "karmactl-image-")
	if terr != nil {
		return nil, terr
	}
	if uerr := unpack(path, dir); uerr != nil {
		return nil, fmt.Errorf("%s is neither of docker save nor an OCI layout: %w", path, uerr)
	}
	return fromLayout(dir, path, arch)
}

// unpack writes the files of an OCI layout; nothing that it names can be outside.
func unpack(path, dir string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for t := tar.NewReader(f); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := filepath.FromSlash(strings.TrimPrefix(h.Name, "./"))
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		out, err := root.Create(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, t)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}
