package awssim

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	policy "github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// OIDCProvider is a simulated OpenID Connect identity provider of IAM.
type OIDCProvider struct {
	ARN string
	// URL is without its https://, as IAM tells it.
	URL         string
	Audiences   []string
	Thumbprints []string
	Tags        cloud.Tags
	Created     time.Time
}

// The quotas of IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	oidcProvidersPerAccount = 100
	audiencesPerProvider    = 100
	thumbprintsPerProvider  = 5
)

func (s *Sim) oidcProviderNoun() noun {
	return noun{
		ops: []operation{
			on("IAM.CreateOpenIDConnectProvider", s.createOIDCProvider, "Url", "ClientIDList", "ThumbprintList", "Tags"),
			on("IAM.GetOpenIDConnectProvider", s.getOIDCProvider, "OpenIDConnectProviderArn"),
			on("IAM.ListOpenIDConnectProviders", s.listOIDCProviders),
			on("IAM.AddClientIDToOpenIDConnectProvider", s.addClientID, "OpenIDConnectProviderArn", "ClientID"),
			on("IAM.TagOpenIDConnectProvider", s.tagOIDCProvider, "OpenIDConnectProviderArn", "Tags"),
			on("IAM.DeleteOpenIDConnectProvider", s.deleteOIDCProvider, "OpenIDConnectProviderArn"),
		},
		each: func(tell func(thing)) {
			for _, p := range s.world.OIDCProviders {
				tell(thing{kind: "oidc-provider", name: p.URL, tags: p.Tags, arn: p.ARN, since: p.Created})
			}
		},
	}
}

var thumbprint = lazyregexp.New(`^[0-9a-fA-F]{40}$`)

// createOIDCProvider is https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html:
// one for each URL, and a thumbprint of IAM's own finding where none is given.
func (s *Sim) createOIDCProvider(in *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderOutput, error) {
	address := aws.ToString(in.Url)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Port() != "" || u.RawQuery != "" || len(address) > 255 {
		return nil, fail("ValidationError", "Invalid Open ID Connect Provider URL")
	}
	if len(in.ThumbprintList) > thumbprintsPerProvider {
		return nil, fail("InvalidInput", "Thumbprint list must contain fewer than %d entries.", thumbprintsPerProvider)
	}
	for _, t := range in.ThumbprintList {
		if !thumbprint.MatchString(t) {
			return nil, fail("ValidationError", "1 validation error detected: Value at 'thumbprintList' failed to satisfy constraint: Member must have length 40")
		}
	}
	if len(in.ClientIDList) > audiencesPerProvider {
		return nil, fail("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", audiencesPerProvider)
	}
	for _, id := range in.ClientIDList {
		if id == "" || len(id) > 255 {
			return nil, fail("ValidationError", "1 validation error detected: Value at 'clientIDList' failed to satisfy constraint: Member must have length between 1 and 255")
		}
	}
	tags, err := iamTags(in.Tags)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(address, "https://")
	arn := "arn:aws:iam::" + s.world.Account + ":oidc-provider/" + name
	if s.world.OIDCProviders[arn] != nil {
		return nil, fail("EntityAlreadyExists", "Provider with url %s already exists.", address)
	}
	if len(s.world.OIDCProviders) == oidcProvidersPerAccount {
		return nil, fail("LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", oidcProvidersPerAccount)
	}
	p := &OIDCProvider{ARN: arn, URL: name, Audiences: slices.Clone(in.ClientIDList), Thumbprints: slices.Clone(in.ThumbprintList), Tags: tags, Created: s.now()}
	if len(p.Thumbprints) == 0 {
		sum := sha1.Sum([]byte(name)) // a thumbprint is a SHA-1
		p.Thumbprints = []string{hex.EncodeToString(sum[:])}
	}
	s.world.OIDCProviders[arn] = p
	return &iam.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: &p.ARN, Tags: toIAMTags(tags)}, nil
}

func (s *Sim) oidcProvider(arn *string) (*OIDCProvider, error) {
	p := s.world.OIDCProviders[aws.ToString(arn)]
	if p == nil || !s.visible(p.Created) {
		return nil, fail("NoSuchEntity", "OpenIDConnect Provider not found for arn %s", aws.ToString(arn))
	}
	return p, nil
}

func (s *Sim) getOIDCProvider(in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	p, err := s.oidcProvider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetOpenIDConnectProviderOutput{
		Url: &p.URL, ClientIDList: slices.Clone(p.Audiences), ThumbprintList: slices.Clone(p.Thumbprints), CreateDate: &p.Created, Tags: toIAMTags(p.Tags),
	}, nil
}

func (s *Sim) listOIDCProviders(*iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
	out := &iam.ListOpenIDConnectProvidersOutput{}
	for _, p := range sorted(s.world.OIDCProviders) {
		if s.visible(p.Created) {
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, types.OpenIDConnectProviderListEntry{Arn: &p.ARN})
		}
	}
	return out, nil
}

// addClientID does nothing where the provider has the audience already, as
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html says.
func (s *Sim) addClientID(in *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error) {
	p, err := s.oidcProvider(in.OpenIDConnectProviderArn)
	switch id := aws.ToString(in.ClientID); {
	case err != nil:
		return nil, err
	case slices.Contains(p.Audiences, id):
	case len(p.Audiences) == audiencesPerProvider:
		return nil, fail("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", audiencesPerProvider)
	default:
		p.Audiences = append(p.Audiences, id)
	}
	return &iam.AddClientIDToOpenIDConnectProviderOutput{}, nil
}

func (s *Sim) tagOIDCProvider(in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	p, err := s.oidcProvider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	tags, err := iamTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &iam.TagOpenIDConnectProviderOutput{}, retag(p.Tags, tags, nil, "ValidationError")
}

// deleteOIDCProvider succeeds where there is none, and asks of no role whether it trusts the provider:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
func (s *Sim) deleteOIDCProvider(in *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error) {
	delete(s.world.OIDCProviders, aws.ToString(in.OpenIDConnectProviderArn))
	return &iam.DeleteOpenIDConnectProviderOutput{}, nil
}

// providerOf is the ARN of the OIDC provider that a call of IAM is about; "*" where it is about none.
func (s *Sim) providerOf(in any) string {
	if c, ok := in.(*iam.CreateOpenIDConnectProviderInput); ok {
		return "arn:aws:iam::" + s.world.Account + ":oidc-provider/" + strings.TrimPrefix(aws.ToString(c.Url), "https://")
	}
	return cmp.Or(text(in, "OpenIDConnectProviderArn"), "*")
}

// WebIdentityMayTake tells whether STS would give a role to who has a token of an issuer, such as
// token.actions.githubusercontent.com, for an audience and a subject.
func (s *Sim) WebIdentityMayTake(role, issuer, audience, subject string) bool {
	may := false
	err := s.transact(false, func() error {
		r, err := s.role(role)
		if err != nil {
			return err
		}
		p, err := s.oidcProvider(aws.String("arn:aws:iam::" + s.world.Account + ":oidc-provider/" + issuer))
		if err != nil {
			return err
		}
		trust, err := policy.Parse(r.Trust)
		may = err == nil && slices.Contains(p.Audiences, audience) &&
			trust.TrustsWebIdentity(p.ARN, map[string]string{issuer + ":aud": audience, issuer + ":sub": subject})
		return err
	})
	return err == nil && may
}
