package awssim

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// SecretVersion is one value of a secret, sealed, and the staging labels it has.
// Without one it is deprecated.
type SecretVersion struct {
	ID     string
	Sealed string
	At     time.Time
	Stages []string `json:",omitempty"`
}

// The staging labels that AWS moves by itself.
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
)

// What a secret takes: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const (
	maxSecretValue  = 65536 // bytes
	maxSecretStages = 20    // across all its versions
)

// setSecret makes a new version and attaches the labels to it, AWSCURRENT without
// any and to the first one always. The token is its id: with the same value it is
// the same version, with another one it is refused:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
func (s *Sim) setSecret(x *Secret, value, version string, stages ...string) error {
	if len(value) > maxSecretValue {
		return fail("ValidationException", "The value is longer than 65536 bytes.")
	}
	if len(version) < 32 || len(version) > 64 {
		return fail("InvalidParameterException", "ClientRequestToken must be 32-64 characters long.")
	}
	if known := x.version(version); known != nil {
		was, err := s.unseal(known.Sealed)
		if err == nil && was != value {
			err = fail("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", version, x.ARN)
		}
		return err
	}
	if (len(stages) == 0 || len(x.Versions) == 0) && !slices.Contains(stages, stageCurrent) {
		stages = append(slices.Clone(stages), stageCurrent)
	}
	if !x.roomFor(stages...) {
		return fail("LimitExceededException", "A secret can have at most %d staging labels.", maxSecretStages)
	}
	sealed, err := s.seal(value)
	if err != nil {
		return err
	}
	v := &SecretVersion{ID: version, Sealed: sealed, At: s.now()}
	x.Versions = append([]*SecretVersion{v}, x.Versions...)
	for _, stage := range stages {
		x.attach(stage, v)
	}
	x.Changed = s.now()
	return nil
}

// version gives the version with an id; nil without one.
func (x *Secret) version(id string) *SecretVersion {
	for _, v := range x.Versions {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// holder gives the version that has a label: one at most has it.
func (x *Secret) holder(stage string) *SecretVersion {
	for _, v := range x.Versions {
		if slices.Contains(v.Stages, stage) {
			return v
		}
	}
	return nil
}

// roomFor tells whether the secret can have these labels too.
func (x *Secret) roomFor(stages ...string) bool {
	all := map[string]bool{}
	for _, stage := range stages {
		all[stage] = true
	}
	for _, v := range x.Versions {
		for _, stage := range v.Stages {
			all[stage] = true
		}
	}
	return len(all) <= maxSecretStages
}

// attach moves a label to a version. AWSPREVIOUS follows AWSCURRENT to the version
// that it is taken from.
func (x *Secret) attach(stage string, to *SecretVersion) {
	from := x.holder(stage)
	if from == to {
		return
	}
	to.Stages = append(to.Stages, stage)
	if from == nil {
		return
	}
	from.detach(stage)
	if stage == stageCurrent {
		x.attach(stagePrevious, from)
	}
}

func (v *SecretVersion) detach(stage string) {
	v.Stages = slices.DeleteFunc(v.Stages, func(s string) bool { return s == stage })
}

// stages are the versions that have labels, with those.
func (x *Secret) stages() map[string][]string {
	var out map[string][]string
	for _, v := range x.Versions {
		if len(v.Stages) == 0 {
			continue
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[v.ID] = slices.Clone(v.Stages)
	}
	return out
}

// updateSecretVersionStage moves a label only when it is told where the label is:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
func (s *Sim) updateSecretVersionStage(in *secretsmanager.UpdateSecretVersionStageInput) (*secretsmanager.UpdateSecretVersionStageOutput, error) {
	x, err := s.usableSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	stage, holder := aws.ToString(in.VersionStage), x.holder(aws.ToString(in.VersionStage))
	from, to := x.version(aws.ToString(in.RemoveFromVersionId)), x.version(aws.ToString(in.MoveToVersionId))
	switch {
	case stage == "" || in.RemoveFromVersionId == nil && in.MoveToVersionId == nil:
		return nil, fail("InvalidParameterException", "Name a staging label, and the version to move it to or to remove it from.")
	case in.RemoveFromVersionId != nil && from == nil:
		return nil, fail("InvalidParameterException", "Not a valid version: %s", *in.RemoveFromVersionId)
	case in.MoveToVersionId != nil && to == nil:
		return nil, fail("InvalidParameterException", "Not a valid version: %s", *in.MoveToVersionId)
	case from != nil && from != holder:
		return nil, fail("InvalidParameterException", "Staging label %s is not attached to version %s.", stage, from.ID)
	case to != nil && from == nil && holder != nil && holder != to:
		return nil, fail("InvalidParameterException", "The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", stage, holder.ID)
	case to == nil && stage == stageCurrent:
		return nil, fail("InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
	case to != nil && !x.roomFor(stage):
		return nil, fail("LimitExceededException", "A secret can have at most %d staging labels.", maxSecretStages)
	case to == nil:
		from.detach(stage)
	default:
		x.attach(stage, to)
	}
	x.Changed = s.now()
	return &secretsmanager.UpdateSecretVersionStageOutput{ARN: &x.ARN, Name: &x.Name}, nil
}

// listSecretVersions leaves out the versions that have no stage, unless asked.
func (s *Sim) listSecretVersions(in *secretsmanager.ListSecretVersionIdsInput) (*secretsmanager.ListSecretVersionIdsOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.ListSecretVersionIdsOutput{ARN: &x.ARN, Name: &x.Name}
	for _, v := range x.Versions {
		if len(v.Stages) == 0 && !aws.ToBool(in.IncludeDeprecated) {
			continue
		}
		out.Versions = append(out.Versions, types.SecretVersionsListEntry{VersionId: aws.String(v.ID), VersionStages: slices.Clone(v.Stages), CreatedDate: aws.Time(v.At), KmsKeyIds: []string{cmp.Or(x.KeyID, "DefaultEncryptionKey")}})
	}
	return out, nil
}
