package awssim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const githubIssuer = "token.actions.githubusercontent.com"

func TestAnAccountHasOneOIDCProviderForEachURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Clock: engine.RealClock{}, Visible: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		c := cloud.NewClients(s.Config()).IAM
		create := func(in iam.CreateOpenIDConnectProviderInput) (string, error) {
			out, err := c.CreateOpenIDConnectProvider(t.Context(), &in)
			if err != nil {
				return "", err
			}
			return aws.ToString(out.OpenIDConnectProviderArn), nil
		}
		github := iam.CreateOpenIDConnectProviderInput{
			Url: aws.String("https://" + githubIssuer), ClientIDList: []string{"sts.amazonaws.com"}, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}},
		}
		arn, err := create(github)
		if err != nil || arn != "arn:aws:iam::123456789012:oidc-provider/"+githubIssuer {
			t.Fatalf("%q, %v", arn, err)
		}
		_, err = create(github)
		refused(t, "the same URL again", err, "EntityAlreadyExists")
		_, err = c.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		refused(t, "one made this moment", err, "NoSuchEntity")
		for name, url := range map[string]string{"no https": "http://a.example", "a port": "https://a.example:8443", "a query": "https://a.example?x=1", "no host": "https://"} {
			_, err = create(iam.CreateOpenIDConnectProviderInput{Url: aws.String(url)})
			refused(t, name, err, "ValidationError")
		}
		_, err = create(iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example"), ThumbprintList: []string{"beef"}})
		refused(t, "a thumbprint of four digits", err, "ValidationError")

		time.Sleep(5 * time.Second)
		got, err := c.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
		if err != nil || aws.ToString(got.Url) != githubIssuer || len(got.ClientIDList) != 1 || len(got.ThumbprintList) != 1 || len(got.ThumbprintList[0]) != 40 || len(got.Tags) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		list, err := c.ListOpenIDConnectProviders(t.Context(), &iam.ListOpenIDConnectProvidersInput{})
		if err != nil || len(list.OpenIDConnectProviderList) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := c.TagOpenIDConnectProvider(t.Context(), &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}); err != nil {
			t.Error(err)
		}
		for range 2 { // both are idempotent
			if _, err := c.AddClientIDToOpenIDConnectProvider(t.Context(), &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, ClientID: aws.String("other")}); err != nil {
				t.Error(err)
			}
		}
		if got, err = c.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn}); err != nil || len(got.Tags) != 2 || len(got.ClientIDList) != 2 {
			t.Errorf("%+v, %v", got, err)
		}
		for range 2 {
			if _, err := c.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn}); err != nil {
				t.Error(err)
			}
		}
		_, err = c.AddClientIDToOpenIDConnectProvider(t.Context(), &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn, ClientID: aws.String("other")})
		refused(t, "what is deleted", err, "NoSuchEntity")
	})
}

func TestAnOIDCProviderWithTagsNeedsTheRightToTag(t *testing.T) {
	s, c := account(t)
	if err := s.Edit(func(w *World) {
		w.Operator.Policies = []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:CreateOpenIDConnectProvider","Resource":"*"}]}`}
	}); err != nil {
		t.Fatal(err)
	}
	_, err := c.IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + githubIssuer), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("ops")}},
	})
	refused(t, "tags without iam:TagOpenIDConnectProvider", err, "AccessDenied")
	if _, err := c.IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + githubIssuer)}); err != nil {
		t.Error(err)
	}
}

func TestARoleIsGivenToTheSubjectThatItTrusts(t *testing.T) {
	s, c := account(t)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/` + githubIssuer + `"},
		"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + githubIssuer + `:aud":"sts.amazonaws.com","` + githubIssuer + `:sub":"repo:acme/agents:pull_request"}}}]}`
	if _, err := c.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("plan"), AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
	may := func(audience, subject string) bool {
		return s.WebIdentityMayTake("plan", githubIssuer, audience, subject)
	}
	if may("sts.amazonaws.com", "repo:acme/agents:pull_request") {
		t.Error("without a provider nothing is trusted")
	}
	if _, err := c.IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + githubIssuer), ClientIDList: []string{"sts.amazonaws.com"}}); err != nil {
		t.Fatal(err)
	}
	if !may("sts.amazonaws.com", "repo:acme/agents:pull_request") {
		t.Error("the subject of the trust is refused")
	}
	if may("sts.amazonaws.com", "repo:acme/other:pull_request") || may("other", "repo:acme/agents:pull_request") {
		t.Error("another subject or audience is let in")
	}
}
