package awssim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// keyActions are what Secrets Manager and the Parameter Store ask of a customer's own
// key on the caller's behalf. AWS's own keys ask nothing of the caller's policies.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
// https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
var keyActions = map[string][]string{
	"Secrets Manager.GetSecretValue": {"kms:Decrypt"},
	"Secrets Manager.PutSecretValue": {"kms:GenerateDataKey", "kms:Decrypt"},
	"SSM.GetParameter":               {"kms:Decrypt"},
	"SSM.PutParameter":               {"kms:Encrypt"},
}

// What the two services answer when the key may not be used.
const (
	secretKeyRefused    = "Access to KMS is not allowed"
	parameterKeyRefused = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
)

// keyNeeds are what a call asks of a customer's key, none when it has to do with none.
func (s *Sim) keyNeeds(service, op string, in any) []need {
	var key, via, name, arn, refused string
	switch in := in.(type) {
	case *secretsmanager.GetSecretValueInput:
		key, arn = s.secretKey(in.SecretId)
	case *secretsmanager.PutSecretValueInput:
		key, arn = s.secretKey(in.SecretId)
	case *ssm.GetParameterInput:
		if p, err := s.parameter(in.Name); err == nil && aws.ToBool(in.WithDecryption) {
			key, arn = p.KeyID, s.parameterARN(p)
		}
	case *ssm.PutParameterInput:
		if key = aws.ToString(in.KeyId); key == ownParameterKey || in.Type != types.ParameterTypeSecureString && in.Type != "" {
			key = ""
		}
		arn = s.parameterARN(&Parameter{Name: aws.ToString(in.Name)})
	}
	if key == "" {
		return nil
	}
	if via, name, refused = "secretsmanager", "SecretARN", secretKeyRefused; service == "SSM" {
		via, name, refused = "ssm", "PARAMETER_ARN", parameterKeyRefused
	}
	var all []need
	for _, action := range keyActions[service+"."+op] {
		all = append(all, need{action: action, resource: key, refused: refused, context: map[string]string{
			"kms:ViaService": via + "." + s.world.Region + ".amazonaws.com", "kms:EncryptionContext:" + name: arn,
		}})
	}
	return all
}

func (s *Sim) secretKey(id *string) (key, arn string) {
	if x, err := s.usableSecret(id); err == nil {
		return x.KeyID, x.ARN
	}
	return "", ""
}
