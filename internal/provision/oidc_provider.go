package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// GitHubIssuer is who signs the tokens of GitHub's workflows, and stsAudience whom they are for:
// https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
const (
	GitHubIssuer = "token.actions.githubusercontent.com"
	stsAudience  = "sts.amazonaws.com"
)

// OIDCProviderSpec is what we own of GitHub's identity provider.
type OIDCProviderSpec struct {
	// Audience tells whether it takes tokens for STS.
	Audience bool
}

// OIDCProvider is GitHub's identity provider in IAM, by which AWS knows the token of a
// workflow. Its id is its ARN. An account has one, for all stacks and all programs: it has
// our key among its tags and no stack's name.
type OIDCProvider struct {
	engine.Ref
	*Env
}

// ARN is known before it is made.
func (p *OIDCProvider) ARN() string { return p.Account.GlobalARN("iam", "oidc-provider/"+GitHubIssuer) }

func (p *OIDCProvider) Key() engine.Key      { return "oidc-provider/github" }
func (p *OIDCProvider) Needs() []engine.Node { return nil }

// Want is one that takes tokens for STS.
func (p *OIDCProvider) Want() OIDCProviderSpec { return OIDCProviderSpec{Audience: true} }

// Find asks for it by its ARN. One without our tag is another owner's.
func (p *OIDCProvider) Find(ctx context.Context, _ engine.Look) (engine.Found[OIDCProviderSpec], error) {
	out, err := p.get(ctx)
	if out == nil || err != nil {
		return engine.Found[OIDCProviderSpec]{}, err
	}
	found := engine.Found[OIDCProviderSpec]{Phase: engine.Ready, ID: p.ARN(), Spec: OIDCProviderSpec{Audience: slices.Contains(out.ClientIDList, stsAudience)}}
	if !p.made(out) {
		return found, &engine.NotManaged{
			Key: p.Key(), What: "IAM OIDC provider " + GitHubIssuer, ID: p.ARN(), Adopt: fmt.Sprintf("to hand it over, tag it %s=%s", cloud.TagKey, p.Key()),
		}
	}
	return found, nil
}

// get is nil where the account has none.
func (p *OIDCProvider) get(ctx context.Context) (*iam.GetOpenIDConnectProviderOutput, error) {
	out, err := p.Clients.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(p.ARN())})
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	return out, err
}

// made tells whether karmactl made it.
func (p *OIDCProvider) made(out *iam.GetOpenIDConnectProviderOutput) bool {
	tags := cloud.FromSDK(out.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return tags[cloud.TagKey] == string(p.Key())
}

// Foreign tells whether the account has one that karmactl did not make: it is used, and
// never changed. One that takes no tokens for STS is of no use, which is an error.
func (p *OIDCProvider) Foreign(ctx context.Context) (bool, error) {
	out, err := p.get(ctx)
	if out == nil || err != nil || p.made(out) {
		return false, err
	}
	if !slices.Contains(out.ClientIDList, stsAudience) {
		return true, fmt.Errorf("the account's OIDC provider of GitHub takes no tokens for %s, and is not karmactl's to change: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %s",
			stsAudience, p.ARN(), stsAudience)
	}
	return true, nil
}

// TrustedBy are the names of the roles of the account that trust it, without these.
func (p *OIDCProvider) TrustedBy(ctx context.Context, without ...string) ([]string, error) {
	roles, err := cloud.Pages(ctx, iam.NewGetAccountAuthorizationDetailsPaginator(p.Clients.IAM, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeRole}}),
		func(out *iam.GetAccountAuthorizationDetailsOutput) []types.RoleDetail { return out.RoleDetailList })
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range roles {
		if name := aws.ToString(r.RoleName); !slices.Contains(without, name) && strings.Contains(iamDocument(aws.ToString(r.AssumeRolePolicyDocument)), `"`+p.ARN()+`"`) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (p *OIDCProvider) Diff(have, want OIDCProviderSpec) []engine.Change {
	return essential(field("audience", have.Audience, want.Audience))
}

// Create makes it. IAM finds the thumbprint by itself, and needs none for GitHub.
func (p *OIDCProvider) Create(ctx context.Context, _ OIDCProviderSpec, _ string) (string, error) {
	_, err := p.Clients.IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + GitHubIssuer), ClientIDList: []string{stsAudience}, Tags: toIAMTags(cloud.Tags{cloud.TagKey: string(p.Key())}),
	})
	if err != nil {
		return "", madeMomentsAgo(err)
	}
	return p.ARN(), nil
}

// madeMomentsAgo has the engine look again for what IAM says exists already and did not show:
// a run that died made it, or another run.
func madeMomentsAgo(err error) error {
	if cloud.Is(err, "EntityAlreadyExists") {
		return &cloud.LostReply{Operation: "Create", Err: err}
	}
	return err
}

// Update has it take tokens for STS.
func (p *OIDCProvider) Update(ctx context.Context, id string, _, _ OIDCProviderSpec) error {
	return failure(p.Clients.IAM.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id, ClientID: aws.String(stsAudience)}))
}

// Delete deletes it. IAM does not ask which roles trust it: see TrustedBy.
func (p *OIDCProvider) Delete(ctx context.Context, id string) error {
	return failure(p.Clients.IAM.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &id}))
}

// gitHubTrust lets a role be taken with tokens of GitHub's of exactly one subject.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html#idp_oidc_Create_GitHub
func gitHubTrust(account cloud.Account, subject string) string {
	return policy(statement{
		Effect: "Allow", Action: []string{"sts:AssumeRoleWithWebIdentity"},
		Principal: map[string]string{"Federated": account.GlobalARN("iam", "oidc-provider/"+GitHubIssuer)},
		Condition: map[string]map[string]any{"StringEquals": {GitHubIssuer + ":aud": stsAudience, GitHubIssuer + ":sub": subject}},
	})
}
