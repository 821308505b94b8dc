package awssim

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Secret is a simulated secret of Secrets Manager.
type Secret struct {
	ARN         string
	Name        string
	Description string
	// KeyID is the ARN of the customer's key that encrypts it; "" is AWS's own.
	KeyID string `json:",omitempty"`
	// Policy is the secret's own as JSON; "" is none.
	Policy string `json:",omitempty"`
	// Versions are its values, the one that was put last first.
	Versions []*SecretVersion `json:",omitempty"`
	Tags     cloud.Tags
	Created  time.Time
	Changed  time.Time
	// DeleteAt is when it goes for good; zero when it is not being deleted.
	DeleteAt time.Time
	// DeletedAt is when that was asked for.
	DeletedAt time.Time
}

func (s *Sim) secretNoun() noun {
	return noun{
		ops: []operation{
			on("Secrets Manager.CreateSecret", s.createSecret, "Name", "ClientRequestToken", "Description", "SecretString", "Tags"),
			on("Secrets Manager.ListSecrets", s.listSecrets, "Filters", "IncludePlannedDeletion").pages("SecretList", 100, 100),
			on("Secrets Manager.DescribeSecret", s.describeSecret, "SecretId"),
			on("Secrets Manager.GetResourcePolicy", s.getSecretPolicy, "SecretId"),
			on("Secrets Manager.ListSecretVersionIds", s.listSecretVersions, "SecretId", "IncludeDeprecated").pages("Versions", 100, 100),
			on("Secrets Manager.GetSecretValue", s.getSecretValue, "SecretId"),
			on("Secrets Manager.PutSecretValue", s.putSecretValue, "SecretId", "ClientRequestToken", "SecretString", "VersionStages"),
			on("Secrets Manager.UpdateSecretVersionStage", s.updateSecretVersionStage, "SecretId", "VersionStage", "MoveToVersionId", "RemoveFromVersionId"),
			on("Secrets Manager.TagResource", s.tagSecret, "SecretId", "Tags"),
			on("Secrets Manager.UntagResource", s.untagSecret, "SecretId", "TagKeys"),
			on("Secrets Manager.DeleteSecret", s.deleteSecret, "SecretId", "RecoveryWindowInDays", "ForceDeleteWithoutRecovery"),
			on("Secrets Manager.RestoreSecret", s.restoreSecret, "SecretId"),
		},
		settle: s.settleSecrets,
		each: func(tell func(thing)) {
			for _, x := range s.world.Secrets {
				t := thing{kind: "secret", name: x.Name, tags: x.Tags, gone: !x.DeleteAt.IsZero(), arn: x.ARN, since: x.Created}
				if !t.gone && x.DeletedAt.IsZero() {
					t.bills = []metered{{noun: "secret", service: "AWS Secrets Manager", hourly: rates.secret.Div(rates.aMonth)}}
				}
				tell(t)
			}
		},
	}
}

// secretName is AWS's rule: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
var secretName = lazyregexp.New(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

func (s *Sim) settleSecrets() {
	s.seedNestedSecret()
	for name, x := range s.world.Secrets {
		if !x.DeleteAt.IsZero() && !s.now().Before(x.DeleteAt) {
			delete(s.world.Secrets, name)
		}
	}
}

// secret finds by name or ARN.
func (s *Sim) secret(id *string) (*Secret, error) {
	for _, x := range s.world.Secrets {
		if (x.Name == aws.ToString(id) || x.ARN == aws.ToString(id)) && s.visible(x.Created) {
			return x, nil
		}
	}
	return nil, fail("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// secretOf is the ARN of the secret that a call is about; of one that is not there, it has no
// six characters. "*" where a call is about none.
func (s *Sim) secretOf(in any) string {
	id := text(in, "SecretId")
	if id == "" || strings.HasPrefix(id, "arn:") {
		return cmp.Or(id, "*")
	}
	if x := s.world.Secrets[id]; x != nil {
		return x.ARN
	}
	return s.world.arn("secretsmanager", "secret:"+id)
}

// usableSecret is one that is not being deleted.
func (s *Sim) usableSecret(id *string) (*Secret, error) {
	x, err := s.secret(id)
	if err == nil && !x.DeleteAt.IsZero() {
		return nil, fail("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return x, err
}

func (s *Sim) createSecret(in *secretsmanager.CreateSecretInput) (*secretsmanager.CreateSecretOutput, error) {
	name := aws.ToString(in.Name)
	if !secretName.MatchString(name) {
		return nil, fail("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if x := s.world.Secrets[name]; x != nil {
		switch {
		case !x.DeleteAt.IsZero():
			return nil, fail("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
		case x.version(aws.ToString(in.ClientRequestToken)) != nil:
			return &secretsmanager.CreateSecretOutput{ARN: &x.ARN, Name: &x.Name, VersionId: in.ClientRequestToken}, nil
		}
		return nil, fail("ResourceExistsException", "The operation failed because the secret %s already exists.", name)
	}
	tags := fromSecretTags(in.Tags)
	if err := checkTags(tags); err != nil {
		return nil, fail("InvalidParameterException", "The tags are not valid.")
	}
	x := &Secret{Name: name, Description: aws.ToString(in.Description), Tags: tags, Created: s.now(), Changed: s.now()}
	s.world.Serial++
	x.ARN = s.world.arn("secretsmanager", "secret:"+name+"-"+suffix(fmt.Sprint(name, s.world.Serial)))
	if in.SecretString != nil {
		if err := s.setSecret(x, *in.SecretString, aws.ToString(in.ClientRequestToken)); err != nil {
			return nil, err
		}
	}
	s.world.Secrets[name] = x
	out := &secretsmanager.CreateSecretOutput{ARN: &x.ARN, Name: &x.Name}
	if in.SecretString != nil {
		out.VersionId = in.ClientRequestToken
	}
	return out, nil
}

// suffix is the six characters that Secrets Manager puts after a name.
func suffix(of string) string {
	sum := sha256.Sum256([]byte(of))
	return base32.StdEncoding.EncodeToString(sum[:])[:6]
}

// secretListing is how far ListSecrets may be behind: "ListSecrets might not reflect changes
// from the last five minutes. To get the latest information for a specific secret, use
// DescribeSecret", in the SDK's words.
const secretListing = 5 * time.Minute

// listSecrets knows neither a secret nor a deletion before so long.
func (s *Sim) listSecrets(in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	out := &secretsmanager.ListSecretsOutput{}
	for _, x := range sorted(s.world.Secrets) {
		known := func(at time.Time) bool { return !at.IsZero() && !s.now().Before(at.Add(secretListing)) }
		if !known(x.Created) || known(x.DeletedAt) && !aws.ToBool(in.IncludePlannedDeletion) {
			continue
		}
		ok, err := secretMatches(x, in.Filters)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		e := types.SecretListEntry{ARN: &x.ARN, Name: &x.Name, Description: &x.Description, CreatedDate: &x.Created, LastChangedDate: &x.Changed, Tags: toSecretTags(x.Tags)}
		e.SecretVersionsToStages, e.KmsKeyId = x.stages(), optional(x.KeyID)
		if known(x.DeletedAt) {
			e.DeletedDate = &x.DeletedAt
		}
		out.SecretList = append(out.SecretList, e)
	}
	return out, nil
}

func secretMatches(x *Secret, filters []types.Filter) (bool, error) {
	for _, f := range filters {
		var have []string
		switch f.Key {
		case types.FilterNameStringTypeName:
			have = []string{x.Name}
		case types.FilterNameStringTypeTagKey:
			for k := range x.Tags {
				have = append(have, k)
			}
		case types.FilterNameStringTypeTagValue:
			for _, v := range x.Tags {
				have = append(have, v)
			}
		default:
			return false, fail("InvalidParameterException", "filter %s is not simulated", f.Key)
		}
		if !slices.ContainsFunc(have, func(h string) bool {
			return slices.ContainsFunc(f.Values, func(p string) bool { return strings.HasPrefix(h, p) })
		}) {
			return false, nil
		}
	}
	return true, nil
}

func (s *Sim) describeSecret(in *secretsmanager.DescribeSecretInput) (*secretsmanager.DescribeSecretOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	out := &secretsmanager.DescribeSecretOutput{ARN: &x.ARN, Name: &x.Name, Description: &x.Description, CreatedDate: &x.Created, LastChangedDate: &x.Changed, Tags: toSecretTags(x.Tags)}
	out.VersionIdsToStages, out.KmsKeyId = x.stages(), optional(x.KeyID)
	if !x.DeleteAt.IsZero() {
		out.DeletedDate = &x.DeletedAt
	}
	return out, nil
}

// getSecretPolicy has no ResourcePolicy where there is none.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html
func (s *Sim) getSecretPolicy(in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.GetResourcePolicyOutput{ARN: &x.ARN, Name: &x.Name, ResourcePolicy: optional(x.Policy)}, nil
}

func (s *Sim) getSecretValue(in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	x, err := s.usableSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	v := x.holder(stageCurrent)
	if v == nil {
		return nil, noCurrentValue()
	}
	value, err := s.unseal(v.Sealed)
	if err != nil {
		return nil, err
	}
	return &secretsmanager.GetSecretValueOutput{
		ARN: &x.ARN, Name: &x.Name, SecretString: &value, VersionId: aws.String(v.ID), VersionStages: slices.Clone(v.Stages), CreatedDate: aws.Time(v.At),
	}, nil
}

func noCurrentValue() error {
	return fail("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
}

func (s *Sim) putSecretValue(in *secretsmanager.PutSecretValueInput) (*secretsmanager.PutSecretValueOutput, error) {
	x, err := s.usableSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.SecretString == nil {
		return nil, fail("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	}
	if err := s.setSecret(x, *in.SecretString, aws.ToString(in.ClientRequestToken), in.VersionStages...); err != nil {
		return nil, err
	}
	return &secretsmanager.PutSecretValueOutput{ARN: &x.ARN, Name: &x.Name, VersionId: in.ClientRequestToken, VersionStages: x.stages()[*in.ClientRequestToken]}, nil
}

func (s *Sim) tagSecret(in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	x, err := s.usableSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	for k, v := range fromSecretTags(in.Tags) {
		x.Tags[k] = v
	}
	x.Changed = s.now() // "modified in any way": the age of a value is that of its version
	if checkTags(x.Tags) != nil {
		return nil, fail("InvalidParameterException", "The tags are not valid.")
	}
	return &secretsmanager.TagResourceOutput{}, nil
}

func (s *Sim) untagSecret(in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	x, err := s.usableSecret(in.SecretId)
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(x.Tags, k)
	}
	return &secretsmanager.UntagResourceOutput{}, nil
}

// deleteSecret keeps the name for 7 to 30 days, unless forced.
func (s *Sim) deleteSecret(in *secretsmanager.DeleteSecretInput) (*secretsmanager.DeleteSecretOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	days, force := aws.ToInt64(in.RecoveryWindowInDays), aws.ToBool(in.ForceDeleteWithoutRecovery)
	switch {
	case force && days != 0:
		return nil, fail("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	case force:
		delete(s.world.Secrets, x.Name)
		return &secretsmanager.DeleteSecretOutput{ARN: &x.ARN, Name: &x.Name}, nil
	case in.RecoveryWindowInDays == nil:
		days = 30
	case days < 7 || days > 30:
		return nil, fail("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	if !x.DeleteAt.IsZero() {
		return nil, fail("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	x.DeletedAt, x.DeleteAt = s.now(), s.now().Add(time.Duration(days)*24*time.Hour)
	return &secretsmanager.DeleteSecretOutput{ARN: &x.ARN, Name: &x.Name, DeletionDate: &x.DeleteAt}, nil
}

func (s *Sim) restoreSecret(in *secretsmanager.RestoreSecretInput) (*secretsmanager.RestoreSecretOutput, error) {
	x, err := s.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	x.DeleteAt, x.DeletedAt = time.Time{}, time.Time{}
	return &secretsmanager.RestoreSecretOutput{ARN: &x.ARN, Name: &x.Name}, nil
}

func toSecretTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromSecretTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
