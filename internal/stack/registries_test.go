package stack

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

const withRegistry = `project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none}
registries: {docker.io: acme/hub, ghcr.io: acme/ghcr}
agents:
  scout: {port: 9001, image: "python:3.13-slim"}
  writer: {port: 9002, image: "public.ecr.aws/docker/library/python:3.13-slim"}
`

func TestAnImageOfAPrivateRegistryIsPulledWithItsSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withRegistry))
		for name, value := range map[string]string{"acme/hub": `{"username":"acme","password":"x"}`, "acme/ghcr": `{"username":"acme","password":"y"}`} {
			if _, err := b.home.Clients.SecretsManager.CreateSecret(context.Background(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String(value)}); err != nil {
				t.Fatal(err)
			}
		}
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, d := range w.TaskDefinitions {
				got, want := "", ""
				if r := d.Definition.ContainerDefinitions[0].RepositoryCredentials; r != nil {
					got = aws.ToString(r.CredentialsParameter)
				}
				if strings.Contains(aws.ToString(d.Definition.Family), "scout") {
					want = "acme/hub"
				}
				if got != want {
					t.Errorf("%s signs in with %q, want %q", aws.ToString(d.Definition.Family), got, want)
				}
			}
			for _, x := range w.Tasks {
				if x.Reason != "" {
					t.Errorf("a task did not start: %s", x.Reason)
				}
			}
		})
	})
}

func TestASecretOfARegistryThatIsNotThereIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withRegistry))
		res, err := b.walkOf(b.fresh(false)).Up(context.Background())
		if err == nil {
			err = res.Err()
		}
		if err == nil || !strings.Contains(err.Error(), "acme/hub") {
			t.Errorf("up ends with %v", err)
		}
	})
}
