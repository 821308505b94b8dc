package provision

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Resolver finds the digest behind an image reference.
type Resolver interface {
	// Resolve returns REPOSITORY@DIGEST. An error that is a *WrongArch means that
	// the image is there and cannot run; any other, that the registry did not say.
	Resolve(ctx context.Context, reference string, arch agents.Arch) (string, error)
}

// WrongArch is an image that has no variant for the agent's architecture.
type WrongArch struct {
	Reference string
	Have      []string
	Want      string
}

func (e *WrongArch) Error() string {
	return fmt.Sprintf("image %s is for %s, and the agent runs on %s: build it for %s, or change arch in agents.yaml",
		e.Reference, strings.Join(e.Have, ", "), e.Want, e.Want)
}

// resolveWithin is how long a registry may take: one that does not answer must
// not hold up a run.
const resolveWithin = 5 * time.Second

// Registries asks registries, each reference once in its life, so that a plan and
// the run after it agree.
type Registries struct {
	// Transport is http.DefaultTransport when nil.
	Transport http.RoundTripper
	// Keychain signs in; nil is anonymous.
	Keychain authn.Keychain

	mu    sync.Mutex
	known map[string]resolved
}

type resolved struct {
	image string
	err   error
}

// Resolve asks the registry of the reference.
func (r *Registries) Resolve(ctx context.Context, reference string, arch agents.Arch) (string, error) {
	key := reference + " " + string(arch)
	r.mu.Lock()
	k, ok := r.known[key]
	r.mu.Unlock()
	if ok {
		return k.image, k.err
	}
	k.image, k.err = r.ask(ctx, reference, arch)
	if ctx.Err() != nil {
		return k.image, k.err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]resolved{}
	}
	r.known[key] = k
	return k.image, k.err
}

func (r *Registries) ask(ctx context.Context, reference string, arch agents.Arch) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveWithin)
	defer cancel()
	ref, err := name.ParseReference(reference)
	if err != nil {
		return "", fmt.Errorf("image %q is not a reference: %w", reference, err)
	}
	opts := []remote.Option{remote.WithContext(ctx), remote.WithRetryBackoff(remote.Backoff{Steps: 1})}
	if r.Transport != nil {
		opts = append(opts, remote.WithTransport(r.Transport))
	}
	if r.Keychain != nil {
		opts = append(opts, remote.WithAuthFromKeychain(r.Keychain))
	}
	desc, err := remote.Get(ref, opts...)
	if err != nil {
		return "", Unread(ref, err)
	}
	have, err := architectures(desc)
	if err != nil {
		return "", err
	}
	want := string(arch)
	if arch == agents.ArchX86 || arch == "" {
		want = "amd64"
	}
	if slices.Contains(have, want) {
		return ref.Context().Digest(desc.Digest.String()).Name(), nil
	}
	return "", &WrongArch{Reference: reference, Have: have, Want: want}
}

// architectures are the ones that an image or an index is for.
func architectures(desc *remote.Descriptor) ([]string, error) {
	if !desc.MediaType.IsIndex() {
		img, err := desc.Image()
		if err != nil {
			return nil, err
		}
		cfg, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		return []string{cfg.Architecture}, nil
	}
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, d := range m.Manifests {
		if p := d.Platform; p != nil && p.OS == "linux" {
			out = append(out, p.Architecture)
		}
	}
	return out, nil
}

// ECRRepository is the ARN of the repository of ECR that an image is in, whosever
// account's and in whatever region; "" for an image of another registry.
func ECRRepository(account cloud.Account, image string) string {
	host, path, _ := strings.Cut(image, "/")
	owner, region, ok := ecrHost(host)
	if !ok {
		return ""
	}
	path, _, _ = strings.Cut(path, "@")
	path, _, _ = strings.Cut(path, ":")
	return "arn:" + account.Partition + ":ecr:" + region + ":" + owner + ":repository/" + path
}

// ecrHost takes the name of a registry of ECR apart:
// 123456789012.dkr.ecr.us-east-1.amazonaws.com.
func ecrHost(host string) (account, region string, ok bool) {
	parts := strings.Split(host, ".")
	if len(parts) < 6 || parts[1] != "dkr" || parts[2] != "ecr" || parts[4] != "amazonaws" {
		return "", "", false
	}
	return parts[0], parts[3], true
}

// pinned tells whether an image is named by digest.
func pinned(image string) bool {
	_, digest, ok := strings.Cut(image, "@")
	_, err := v1.NewHash(digest)
	return ok && err == nil
}

// isWrongArch tells an image that cannot run from a registry that did not answer.
func isWrongArch(err error) bool { return errors.As(err, new(*WrongArch)) }

// RepositoryURI is where an agent's images are pushed to, known before it is made.
func (h *Env) RepositoryURI(agent string) string {
	return h.Account.ID + ".dkr.ecr." + h.Account.Region + "." + cloud.DNSSuffix(h.Account.Region) + "/" + h.RepositoryName(agent)
}
