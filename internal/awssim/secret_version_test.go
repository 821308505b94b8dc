package awssim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func TestTheListOfSecretsIsMinutesBehindAndADescriptionIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := account(t)
		ctx, name := context.Background(), aws.String("fresh/one")
		if _, err := c.SecretsManager.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, ClientRequestToken: aws.String(strings.Repeat("1", 32))}); err != nil {
			t.Fatal(err)
		}
		seen := func() (listed, deleted, described bool) {
			out, err := c.SecretsManager.ListSecrets(ctx, &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range out.SecretList {
				if aws.ToString(x.Name) == *name {
					listed, deleted = true, x.DeletedDate != nil
				}
			}
			d, err := c.SecretsManager.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: name})
			return listed, deleted, err == nil && d.DeletedDate == nil
		}
		time.Sleep(time.Minute)
		if listed, _, described := seen(); listed || !described {
			t.Errorf("after a minute: listed %t, described %t", listed, described)
		}
		time.Sleep(secretListing)
		if _, err := c.SecretsManager.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: name}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if listed, deleted, described := seen(); !listed || deleted || described {
			t.Errorf("a minute after its deletion: listed %t as deleted %t, described %t", listed, deleted, described)
		}
	})
}

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

// labelled is a secret with the versions one, two and three, the last one current,
// and how to move a label between them.
type labelled struct {
	*testing.T
	c    *cloud.Clients
	name string
}

func newLabelled(t *testing.T) *labelled {
	_, c := account(t)
	l := &labelled{T: t, c: c, name: "labelled"}
	if _, err := c.SecretsManager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &l.name}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2", "3"} {
		if err := l.put(n); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func versionID(n string) *string {
	if n == "" {
		return nil
	}
	return aws.String(strings.Repeat(n, 32))
}

func (l *labelled) put(n string, stages ...string) error {
	time.Sleep(time.Minute)
	_, err := l.c.SecretsManager.PutSecretValue(l.Context(), &secretsmanager.PutSecretValueInput{SecretId: &l.name, ClientRequestToken: versionID(n), SecretString: &n, VersionStages: stages})
	return err
}

func (l *labelled) move(stage, from, to string) error {
	_, err := l.c.SecretsManager.UpdateSecretVersionStage(l.Context(), &secretsmanager.UpdateSecretVersionStageInput{SecretId: &l.name, VersionStage: &stage, RemoveFromVersionId: versionID(from), MoveToVersionId: versionID(to)})
	return err
}

// mustHave holds the labels against "AWSCURRENT 3, AWSPREVIOUS 2", and the current
// value against the version that has AWSCURRENT.
func (l *labelled) mustHave(want string) {
	l.Helper()
	d, err := l.c.SecretsManager.DescribeSecret(l.Context(), &secretsmanager.DescribeSecretInput{SecretId: &l.name})
	if err != nil {
		l.Fatal(err)
	}
	var got []string
	for id, stages := range d.VersionIdsToStages {
		for _, stage := range stages {
			got = append(got, stage+" "+id[:1])
		}
	}
	slices.Sort(got)
	if strings.Join(got, ", ") != want {
		l.Fatalf("the labels are %v, not %s", got, want)
	}
	v, err := l.c.SecretsManager.GetSecretValue(l.Context(), &secretsmanager.GetSecretValueInput{SecretId: &l.name})
	if err != nil || !strings.Contains(want, "AWSCURRENT "+*v.SecretString) {
		l.Fatalf("the current value is not that of AWSCURRENT: %v", err)
	}
}

func TestAVersionWithALabelOfItsOwnIsNotTheCurrentOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLabelled(t)
		if err := l.put("4", "mine"); err != nil {
			t.Fatal(err)
		}
		l.mustHave("AWSCURRENT 3, AWSPREVIOUS 2, mine 4")
		if err := l.put("5", "mine"); err != nil {
			t.Fatal(err)
		}
		l.mustHave("AWSCURRENT 3, AWSPREVIOUS 2, mine 5")
		if err := l.put("6", "AWSCURRENT", "mine"); err != nil {
			t.Fatal(err)
		}
		l.mustHave("AWSCURRENT 6, AWSPREVIOUS 3, mine 6")
	})
}

func TestTheFirstVersionIsCurrentWhateverItsLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := account(t)
		l := &labelled{T: t, c: c, name: "empty"}
		if _, err := c.SecretsManager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &l.name}); err != nil {
			t.Fatal(err)
		}
		if err := l.put("1", "mine"); err != nil {
			t.Fatal(err)
		}
		l.mustHave("AWSCURRENT 1, mine 1")
	})
}

func TestALabelMovesOnlyFromWhereItIs(t *testing.T) {
	for _, tc := range []struct{ name, stage, from, to, code, want string }{
		{"from where it is", "AWSCURRENT", "3", "4", "", "AWSCURRENT 4, AWSPREVIOUS 3, mine 4"},
		{"back to the one before", "AWSCURRENT", "3", "2", "", "AWSCURRENT 2, AWSPREVIOUS 3, mine 4"},
		{"to where it is", "AWSCURRENT", "", "3", "", "AWSCURRENT 3, AWSPREVIOUS 2, mine 4"},
		{"from where it was", "AWSCURRENT", "2", "4", "InvalidParameterException", ""},
		{"from nowhere", "AWSCURRENT", "", "4", "InvalidParameterException", ""},
		{"from no version", "AWSCURRENT", "9", "4", "InvalidParameterException", ""},
		{"to no version", "AWSCURRENT", "3", "9", "InvalidParameterException", ""},
		{"the current one away", "AWSCURRENT", "3", "", "InvalidParameterException", ""},
		{"neither from nor to", "mine", "", "", "InvalidParameterException", ""},
		{"its own one away", "mine", "4", "", "", "AWSCURRENT 3, AWSPREVIOUS 2"},
		{"its own one away from another", "mine", "3", "", "InvalidParameterException", ""},
		{"a new one", "another", "", "1", "", "AWSCURRENT 3, AWSPREVIOUS 2, another 1, mine 4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLabelled(t)
				if err := l.put("4", "mine"); err != nil {
					t.Fatal(err)
				}
				if err := l.move(tc.stage, tc.from, tc.to); cloud.Code(err) != tc.code {
					t.Fatalf("got %v, not %s", err, tc.code)
				}
				if tc.want == "" {
					tc.want = "AWSCURRENT 3, AWSPREVIOUS 2, mine 4"
				}
				l.mustHave(tc.want)
			})
		})
	}
}

func TestASecretTakesTwentyLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLabelled(t)
		for n := range maxSecretStages - 2 { // it has AWSCURRENT and AWSPREVIOUS
			if err := l.move(fmt.Sprint("label-", n), "", "1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.move("one-more", "", "1"); !cloud.Is(err, "LimitExceededException") {
			t.Fatalf("got %v", err)
		}
		if err := l.put("4", "one-more"); !cloud.Is(err, "LimitExceededException") {
			t.Fatalf("got %v", err)
		}
		if err := l.put("4", "label-0"); err != nil {
			t.Fatal(err)
		}
	})
}
