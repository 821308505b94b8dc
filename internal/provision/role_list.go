package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// roleListing is the account's roles, or that they may not be listed.
type roleListing struct {
	Roles  []types.RoleDetail
	Denied bool
}

// roles lists every role of the account with its tags and inline policies, in
// one call for all of ours. listed is false where that is not allowed or not
// offered; then each role is asked for by name.
func (h *Env) roles(ctx context.Context, notOlder time.Time) (roles []types.RoleDetail, listed bool, err error) {
	all, err := cloud.List(ctx, h.Inventory, "roles", notOlder, func(ctx context.Context) ([]roleListing, error) {
		all, err := cloud.Pages(ctx, iam.NewGetAccountAuthorizationDetailsPaginator(h.Clients.IAM, &iam.GetAccountAuthorizationDetailsInput{
			Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(1000),
		}), func(out *iam.GetAccountAuthorizationDetailsOutput) []types.RoleDetail { return out.RoleDetailList })
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		return []roleListing{{Roles: all, Denied: err != nil}}, nil
	})
	if err != nil {
		return nil, false, err
	}
	return all[0].Roles, !all[0].Denied, nil
}
