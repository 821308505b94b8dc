package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// A flat secret is read, changed and written as a whole, and karmactl's lock keeps
// only karmactl away: what another program writes in between, at the console or in a
// rotation, would be lost. AWS has no put with a condition, but it has one for a
// label: AWSCURRENT moves only when the version that it moves from is named. So a
// new version is put beside the current one first, and becomes the current one
// only if that is still the one that was read:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
// A parameter is one value: it needs none of this.
const (
	stageCurrent = "AWSCURRENT"
	// stageWritten is on a version until it is the current one. It is a label of its
	// own because a rotation takes AWSPENDING on another version than the current one
	// for a rotation that is still under way, and refuses to begin:
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
	stageWritten = "karmactl"
	// overwriteTries bounds the versions that are put: AWS keeps those of a day, and
	// a secret takes about a hundred.
	overwriteTries = 5
)

// edit is what a flat secret is to become.
type edit struct {
	// was is the version that it was read from, "" when there is no value yet.
	was  string
	text string
	// values are those in the text, or the values that are there when it is "" because
	// there is nothing to write.
	values secretValues
}

// next reads the secret and tells what it is to become: the first copy when it has
// no value, what it has with the outdated values made new, or what it is.
func (s *Secret) next(ctx context.Context, id string) (edit, error) {
	text, version, err := s.secretVersion(ctx, id)
	if err != nil && !cloud.IsNotFound(err) {
		return edit{}, err
	}
	e := edit{was: version, values: flatten([]byte(text))}
	if text != "" {
		if _, err := s.object(text); err != nil {
			return e, err
		}
	}
	if len(e.values) == 0 {
		e.values, e.text, err = s.firstCopy(ctx)
		return e, err
	}
	if s.Input == nil {
		return e, nil
	}
	d, err := s.compare(ctx, text)
	if err != nil || len(d.outdated) == 0 {
		return e, err
	}
	e.text, err = secretJSON(s.Agent.Name, d.merged())
	e.values = flatten([]byte(e.text))
	return e, err
}

// merged is what the secret has, with the outdated values made new.
func (d difference) merged() map[string]any {
	merged := map[string]any{}
	for k, v := range d.have {
		merged[k] = v
	}
	for _, k := range d.outdated {
		merged[k] = d.want[k]
	}
	return merged
}

// write makes the secret what it is to become, and tells the version and the keys
// that it has then. When another program was faster it reads what that wrote, and
// begins again. Cut short between its calls it has changed no value that counts:
// the next run does it all again, and takes the label from the version that was left.
func (s *Secret) write(ctx context.Context, id string) (secretSeen, error) {
	var refused *overtakenError
	for range overwriteTries {
		e, err := s.next(ctx, id)
		if err != nil {
			return secretSeen{}, err
		}
		now := secretSeen{version: e.was, keys: e.values.names()}
		if e.text == "" {
			return now, nil
		}
		now.version, err = s.put(ctx, id, e)
		if !errors.As(err, &refused) {
			return now, e.values.unquoted(err)
		}
	}
	return secretSeen{}, fmt.Errorf("another program wrote the secret %s each of the %d times that karmactl was about to, so nothing was written: to do it anyway would have lost their values (%w): find out who it is (CloudTrail has PutSecretValue), then run it again", s.SecretName(s.Agent.Name), overwriteTries, refused)
}

// put makes a version of the text, and that the current one if the version that was
// read still is. The token that the SDK adds makes a repeat of the first call the
// same version; a repeat of the second whose reply was lost counts as overtaken, and
// the next look finds everything done.
func (s *Secret) put(ctx context.Context, id string, e edit) (string, error) {
	out, err := s.Clients.SecretsManager.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &e.text, VersionStages: []string{stageWritten}})
	if err != nil {
		return "", err
	}
	if !slices.Contains(out.VersionStages, stageCurrent) { // the first version is the current one at once
		in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: aws.String(stageCurrent), MoveToVersionId: out.VersionId}
		if e.was != "" {
			in.RemoveFromVersionId = &e.was
		}
		if _, err = s.Clients.SecretsManager.UpdateSecretVersionStage(ctx, in); cloud.Is(err, "InvalidParameterException") {
			err = &overtakenError{err}
		}
	}
	s.unlabel(ctx, id, out.VersionId)
	return aws.ToString(out.VersionId), err
}

// unlabel takes the label off: AWS never deletes a version that has one, and this
// may be a value that never counted. It may fail: what it leaves is one label, which
// the next version that is put takes over.
func (s *Secret) unlabel(ctx context.Context, id string, version *string) {
	_, _ = s.Clients.SecretsManager.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: aws.String(stageWritten), RemoveFromVersionId: version})
}

// overtakenError is AWS's refusal to take AWSCURRENT from where it is not any more.
type overtakenError struct{ refusal error }

func (e *overtakenError) Error() string { return e.refusal.Error() }
func (e *overtakenError) Unwrap() error { return e.refusal }
