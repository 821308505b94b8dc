package rollout

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// lose takes a key out of the validator's secret, or the secret away, as another
// program might after karmactl has seen that it is there.
func (f *bench) lose(key string) {
	f.t.Helper()
	ctx, sm, name := context.Background(), f.home.Clients.SecretsManager, aws.String(f.home.SecretName("validator"))
	if key == "" {
		if _, err := sm.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name}); err != nil {
			f.t.Fatal(err)
		}
		return
	}
	out, err := sm.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: name})
	if err != nil {
		f.t.Fatal(err)
	}
	var values map[string]string
	if err := json.Unmarshal([]byte(*out.SecretString), &values); err != nil {
		f.t.Fatal(err)
	}
	if _, had := values[key]; !had {
		f.t.Fatalf("the secret has no %s to lose", key)
	}
	delete(values, key)
	left, err := json.Marshal(values)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := sm.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: name, SecretString: aws.String(string(left))}); err != nil {
		f.t.Fatal(err)
	}
}
