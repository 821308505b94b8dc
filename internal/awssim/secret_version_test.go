package awssim

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func TestAVersionIsItsTokenAndTheOneBeforeItIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := account(t)
		ctx, name := context.Background(), aws.String("karmacadabra")
		put := func(token, value string) error {
			time.Sleep(time.Minute)
			_, err := c.SecretsManager.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: name, ClientRequestToken: &token, SecretString: &value})
			return err
		}
		one, two := strings.Repeat("1", 32), strings.Repeat("2", 32)
		for _, v := range []struct{ token, value string }{{one, "{}"}, {two, `{"a":"b"}`}, {two, `{"a":"b"}`}} {
			if err := put(v.token, v.value); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(two, "another"); !cloud.Is(err, "ResourceExistsException") {
			t.Fatalf("a token with another value: %v", err)
		}
		if err := put(strings.Repeat("3", 32), strings.Repeat("x", maxSecretValue+1)); !cloud.Is(err, "ValidationException") {
			t.Fatalf("a value over the limit: %v", err)
		}
		list := func(all bool) []string {
			out, err := c.SecretsManager.ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: name, IncludeDeprecated: &all})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range out.Versions {
				got = append(got, strings.TrimSpace((*v.VersionId)[:8]+" "+strings.Join(v.VersionStages, ",")))
			}
			return got
		}
		if got, want := list(false), []string{"22222222 AWSCURRENT", "11111111 AWSPREVIOUS"}; !slices.Equal(got, want) {
			t.Errorf("the versions are %v, not %v", got, want)
		}
		if got := list(true); len(got) != 3 || got[2] != "00000000" {
			t.Errorf("with the deprecated one they are %v", got)
		}
	})
}
