package awssim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// keyActions are what S3, Secrets Manager and the Parameter Store ask of a customer's own
// key on the caller's behalf. AWS's own keys ask nothing of the caller's policies.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
// https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
var keyActions = map[string][]string{
	"Secrets Manager.GetSecretValue": {"kms:Decrypt"},
	"Secrets Manager.PutSecretValue": {"kms:GenerateDataKey", "kms:Decrypt"},
	"SSM.GetParameter":               {"kms:Decrypt"},
	"SSM.PutParameter":               {"kms:Encrypt"},
	"S3.GetObject":                   {"kms:Decrypt"},
	"S3.PutObject":                   {"kms:GenerateDataKey"},
}

// What Secrets Manager and the Parameter Store answer when the key may not be used.
const (
	secretKeyRefused    = "Access to KMS is not allowed"
	parameterKeyRefused = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
)

// keyNeeds are what a call asks of a customer's key, none when it has to do with none.
func (s *Sim) keyNeeds(service, op string, in any) []need {
	via, name, refused := "secretsmanager", "SecretARN", secretKeyRefused
	var key, arn string
	switch in := in.(type) {
	case *secretsmanager.GetSecretValueInput:
		key, arn = s.secretKey(in.SecretId)
	case *secretsmanager.PutSecretValueInput:
		key, arn = s.secretKey(in.SecretId)
	case *ssm.GetParameterInput:
		via, name, refused = "ssm", "PARAMETER_ARN", parameterKeyRefused
		if p, err := s.parameter(in.Name); err == nil && aws.ToBool(in.WithDecryption) {
			key, arn = p.KeyID, s.parameterARN(p)
		}
	case *ssm.PutParameterInput:
		via, name, refused = "ssm", "PARAMETER_ARN", parameterKeyRefused
		if key = aws.ToString(in.KeyId); key == ownParameterKey || in.Type != types.ParameterTypeSecureString && in.Type != "" {
			key = ""
		}
		arn = s.parameterARN(&Parameter{Name: aws.ToString(in.Name)})
	case *s3.GetObjectInput:
		via, name, refused = "s3", "aws:s3:arn", ""
		key, arn = s.bucketKey(in.Bucket)
	case *s3.PutObjectInput:
		via, name, refused = "s3", "aws:s3:arn", ""
		key, arn = s.bucketKey(in.Bucket)
	}
	if key == "" {
		return nil
	}
	var all []need
	for _, action := range keyActions[service+"."+op] {
		all = append(all, need{action: action, resource: key, refused: refused, context: map[string]string{
			"kms:ViaService": via + "." + s.world.Region + ".amazonaws.com", "kms:EncryptionContext:" + name: arn,
		}})
	}
	return all
}

// bucketKey is the key that a bucket encrypts with by itself, and the bucket's ARN, which is the
// encryption context of a bucket key.
func (s *Sim) bucketKey(name *string) (key, arn string) {
	if b := s.world.Buckets[aws.ToString(name)]; b != nil {
		return b.Key, "arn:aws:s3:::" + b.Name
	}
	return "", ""
}

func (s *Sim) secretKey(id *string) (key, arn string) {
	if x, err := s.usableSecret(id); err == nil {
		return x.KeyID, x.ARN
	}
	return "", ""
}
