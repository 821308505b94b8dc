package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// SecretVersion is a value that was current.
type SecretVersion struct {
	ID     string
	Sealed string
	At     time.Time
}

// maxSecretValue is in bytes.
const maxSecretValue = 65536

// setSecret makes a new version the current one. The token is its id: with the
// same value it is the same version, with another one it is refused:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
func (s *Sim) setSecret(x *Secret, value, version string) error {
	if len(value) > maxSecretValue {
		return fail("ValidationException", "The value is longer than 65536 bytes.")
	}
	if len(version) < 32 || len(version) > 64 {
		return fail("InvalidParameterException", "ClientRequestToken must be 32-64 characters long.")
	}
	if sealed, known := x.version(version); known {
		was, err := s.unseal(sealed)
		if err == nil && was != value {
			err = fail("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", version, x.ARN)
		}
		return err
	}
	sealed, err := s.seal(value)
	if err != nil {
		return err
	}
	if x.Version != "" {
		x.Older = append([]SecretVersion{{ID: x.Version, Sealed: x.Sealed, At: x.VersionAt}}, x.Older...)
	}
	x.Sealed, x.Version, x.VersionAt, x.Changed = sealed, version, s.now(), s.now()
	return nil
}

// version gives the sealed value of a version that there is.
func (x *Secret) version(id string) (string, bool) {
	if x.Version == id {
		return x.Sealed, true
	}
	for _, o := range x.Older {
		if o.ID == id {
			return o.Sealed, true
		}
	}
	return "", false
}

// stages are the versions that have one.
func (x *Secret) stages() map[string][]string {
	if x.Version == "" {
		return nil
	}
	out := map[string][]string{x.Version: {"AWSCURRENT"}}
	if len(x.Older) > 0 {
		out[x.Older[0].ID] = []string{"AWSPREVIOUS"}
	}
	return out
}

// listSecretVersions leaves out the versions that have no stage, unless asked.
func (s *Sim) listSecretVersions(in *secretsmanager.ListSecretVersionIdsInput) (*secretsmanager.ListSecretVersionIdsOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	if n := in.MaxResults; n != nil && (*n < 1 || *n > 100) {
		return nil, fail("InvalidParameterException", "MaxResults must be between 1 and 100.")
	}
	out := &secretsmanager.ListSecretVersionIdsOutput{ARN: &x.ARN, Name: &x.Name}
	stages := x.stages()
	for _, v := range append([]SecretVersion{{ID: x.Version, At: x.VersionAt}}, x.Older...) {
		if v.ID == "" || stages[v.ID] == nil && !aws.ToBool(in.IncludeDeprecated) {
			continue
		}
		out.Versions = append(out.Versions, types.SecretVersionsListEntry{VersionId: aws.String(v.ID), VersionStages: stages[v.ID], CreatedDate: aws.Time(v.At)})
	}
	return out, nil
}
