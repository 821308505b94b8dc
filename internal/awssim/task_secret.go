package awssim

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
)

// injectable is why a secret cannot be injected with the rights of a role; ""
// when it can. Parameters are checked first for their rights, as AWS does.
func (s *Sim) injectable(role iam.Principal, from string) string {
	if !strings.Contains(from, ":secretsmanager:") {
		return s.injectableParameter(role, from)
	}
	parts := strings.Split(from, ":")
	arn, key := strings.Join(parts[:7], ":"), ""
	if len(parts) > 7 {
		key = parts[7]
	}
	const retried = "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
	x, err := s.usableSecret(&arn)
	whole := arn
	if x != nil {
		whole = x.ARN
	}
	if why := s.refusal(role, "secretsmanager:GetSecretValue", whole); why != "" {
		return retried + arn + " from secrets manager: " + why
	}
	if x != nil && x.KeyID != "" && s.undecipherable(role, x.KeyID, "secretsmanager", "SecretARN", x.ARN) {
		return retried + arn + " from secrets manager: AccessDeniedException: " + secretKeyRefused
	}
	if err == nil && x.holder(stageCurrent) == nil {
		err = noCurrentValue()
	}
	if err != nil {
		return retried + arn + " from secrets manager: " + said(err)
	}
	if key == "" {
		return ""
	}
	value, err := s.unseal(x.holder(stageCurrent).Sealed)
	if err != nil {
		return "unable to retrieve secret from asm"
	}
	var flat map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &flat); err != nil {
		// The agent passes on what Go's decoder says: agent/asm/asm.go.
		return "unable to retrieve secret from asm: service call has been retried 1 time(s): " + err.Error()
	}
	if _, ok := flat[key]; !ok {
		return "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key " + key
	}
	return ""
}

// injectableParameter is injectable of a parameter.
func (s *Sim) injectableParameter(role iam.Principal, from string) string {
	const retried = "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
	arn := from
	if !strings.HasPrefix(arn, "arn:") {
		arn = s.world.arn("ssm", "parameter/"+strings.TrimPrefix(from, "/"))
	}
	if why := s.refusal(role, "ssm:GetParameters", arn); why != "" {
		return retried + why
	}
	p, err := s.parameter(&from)
	if err != nil {
		return retried + "Invalid parameters: " + from
	}
	if p.KeyID != "" && s.undecipherable(role, p.KeyID, "ssm", "PARAMETER_ARN", arn) {
		return retried + "AccessDeniedException: " + parameterKeyRefused
	}
	return ""
}

// undecipherable tells whether a role may not use a customer's key for what a
// service asks of it on the role's behalf.
func (s *Sim) undecipherable(role iam.Principal, key, service, context, arn string) bool {
	return !iam.Decide(role, iam.Request{Action: "kms:Decrypt", Resource: key, Context: map[string]string{
		"kms:ViaService": service + "." + s.world.Region + ".amazonaws.com", "kms:EncryptionContext:" + context: arn,
	}}).Allowed
}

// said is how ECS passes on what AWS answered: ResourceNotFoundException: ….
func said(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err.Error()
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

// signedIn is why the image's registry cannot be signed in to: the secret with username
// and password may be named in place of its ARN.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
func (s *Sim) signedIn(role iam.Principal, c *types.RepositoryCredentials) string {
	if c == nil {
		return ""
	}
	from := aws.ToString(c.CredentialsParameter)
	if !strings.HasPrefix(from, "arn:") {
		x, err := s.usableSecret(&from)
		if err != nil {
			return "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + from + " from secrets manager: " + said(err)
		}
		from = x.ARN
	}
	for _, key := range []string{"username", "password"} {
		if reason := s.injectable(role, from+":"+key+"::"); reason != "" {
			return reason
		}
	}
	return ""
}
