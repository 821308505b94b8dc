package awssim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// blobMounting is the account's setting that lets a repository take a layer from
// another one. It is off until it is put on.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html
const blobMounting = "BLOB_MOUNTING"

func (s *Sim) getRegistrySetting(in *ecr.GetAccountSettingInput) (*ecr.GetAccountSettingOutput, error) {
	if aws.ToString(in.Name) != blobMounting {
		return nil, fail("InvalidParameterException", "Invalid parameter at 'name' failed to satisfy constraint: 'Invalid account setting name'")
	}
	value := "DISABLED"
	if s.world.BlobMounting {
		value = "ENABLED"
	}
	return &ecr.GetAccountSettingOutput{Name: in.Name, Value: &value}, nil
}

// blobs answers for the layers of the account's own repositories: a repository
// has what was pushed or mounted into it, and of the others' it knows nothing.
func (f front) blobs(r *http.Request, repository, digest string) (*http.Response, error) {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		if !f.hasBlob(repository, digest) {
			return refusal(r, "BLOB_UNKNOWN", "The layer with digest '"+digest+"' does not exist in the repository with name '"+repository+"'"), nil
		}
	case r.Method == http.MethodPost && q.Get("mount") != "":
		if f.mount(repository, q.Get("from"), q.Get("mount")) {
			out := refusal(r, "", "")
			out.StatusCode, out.Status = http.StatusCreated, "201 Created"
			out.Header = http.Header{"Docker-Content-Digest": {q.Get("mount")}, "Location": {"/v2/" + repository + "/blobs/" + q.Get("mount")}}
			return out, nil
		}
	}
	out, err := f.registries().RoundTrip(r)
	if err != nil || out.StatusCode != http.StatusCreated || q.Get("digest") == "" {
		return out, err
	}
	return out, f.transact(true, func() error { return f.addBlob(repository, q.Get("digest")) })
}

// mount puts a layer of one repository into another, where the account allows it.
func (f front) mount(repository, from, digest string) bool {
	on := false
	if err := f.transact(false, func() error { on = f.world.BlobMounting; return nil }); err != nil || !on || !f.hasBlob(from, digest) {
		return false
	}
	return f.transact(true, func() error { return f.addBlob(repository, digest) }) == nil
}

func (s *Sim) addBlob(repository, digest string) error {
	r, err := s.repository(repository)
	if err == nil && !slices.Contains(r.Blobs, digest) {
		r.Blobs = append(r.Blobs, digest)
	}
	return err
}

func (s *Sim) hasBlob(repository, digest string) (has bool) {
	_ = s.transact(false, func() error { // without the world's file there are no layers
		r := s.world.Repositories[repository]
		has = r != nil && slices.Contains(r.Blobs, digest)
		return nil
	})
	return has
}

// unpushed is the first layer of a manifest that its repository has not got: ECR
// refuses such a manifest.
func (s *Sim) unpushed(repository string, manifest []byte) string {
	m, err := v1.ParseManifest(strings.NewReader(string(manifest)))
	if err != nil {
		return ""
	}
	for _, l := range append(m.Layers, m.Config) {
		if d := l.Digest.String(); l.Digest.Hex != "" && !s.hasBlob(repository, d) {
			return fmt.Sprintf("Layers with digests '[%s]' required for pushing image into repository with name '%s' in the registry with id '%s' do not exist", d, repository, s.opts.Account)
		}
	}
	return ""
}
