package stack

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// What ECS starts an agent with is decided by the policy of its execution role:
// secrets whose names end as AWS's own suffixes do, customers' keys, parameters
// and images of other accounts among it.
func TestAnAgentMayReadAllThatItsFileNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		b := newBench(t, slow)
		full := ""
		for _, name := range []string{"api-secret", "other"} {
			out, err := b.home.Clients.SecretsManager.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String(`{"KEY":"one","SECOND":"two"}`)})
			if err != nil {
				t.Fatal(err)
			}
			full = *out.ARN
		}
		if _, err := b.home.Clients.SSM.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/shared/token"), Value: aws.String("three"), Type: types.ParameterTypeSecureString}); err != nil {
			t.Fatal(err)
		}
		const key = "arn:aws:kms:us-east-1:123456789012:key/8c1ff5f4-5cd1-4d2c-9d0e-3a3f4d5a6b7c"
		b.edit(func(w *awssim.World) { w.Secrets["other"].KeyID, w.Parameters["/shared/token"].KeyID = key, key })
		cfg := parse(t, `
project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none}
agents:
  data-worker:
    port: 9001
    image: 210987654321.dkr.ecr.eu-west-1.amazonaws.com/tools/worker:v1
    secrets:
      PRIVATE_KEY: private_key
      BY_NAME: {from: api-secret, key: KEY}
      BY_ARN: {from: '`+full+`', key: SECOND}
      PARAMETER: {from: /shared/token}
`)
		b.home.Images = &provision.Registries{Transport: b.sim.Registry()}
		b.put("karmacadabra", `{"data-worker-agent":{"private_key":"four"}}`)
		b.up(b.fleet(cfg)...)
		var stopped []string
		b.edit(func(w *awssim.World) {
			for _, x := range w.Tasks {
				if x.Reason != "" {
					stopped = append(stopped, x.Reason)
				}
			}
		})
		if len(stopped) > 0 {
			t.Errorf("tasks did not start: %s", strings.Join(stopped, "\n"))
		}
	})
}
