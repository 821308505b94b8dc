package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// roleListing is the account's roles, or that they were not listed.
type roleListing struct {
	Roles  []types.RoleDetail
	Listed bool
}

// roles lists every role of the account with its tags and inline policies, in one call
// for all of ours. listed is false where that is not allowed or not offered, and in an
// account that has more roles than one answer holds: a company's may have thousands, of
// which a few are ours. Then each role is asked for by name.
func (h *Env) roles(ctx context.Context, notOlder time.Time) (roles []types.RoleDetail, listed bool, err error) {
	all, err := cloud.List(ctx, h.Inventory, "roles", notOlder, func(ctx context.Context) ([]roleListing, error) {
		out, err := h.Clients.IAM.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{
			Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(1000),
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil || out.IsTruncated:
			return []roleListing{{}}, nil
		}
		return []roleListing{{Roles: out.RoleDetailList, Listed: true}}, nil
	})
	if err != nil {
		return nil, false, err
	}
	return all[0].Roles, all[0].Listed, nil
}
