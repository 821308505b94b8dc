package provision

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// AccessPointSpec is what we own of an access point.
type AccessPointSpec struct {
	FileSystem string
	Path       string
	UID, GID   int
	Tags       cloud.Tags
}

// AccessPoint is one agent's volume: a directory of the file system, as whose owner it reads
// and writes. It is free, and takes some 5 s to make.
type AccessPoint struct {
	engine.Ref
	*Env
	FileSystem *FileSystem
	Agent      string
	Volume     string
}

// volumeOwner is the user and group of all files of a volume, as any user may run the program.
const volumeOwner = 1000

// AccessPointOf is the one of a key: AGENT/VOLUME.
func AccessPointOf(h *Env, name string) *AccessPoint {
	agent, volume, _ := strings.Cut(name, "/")
	return &AccessPoint{Env: h, Agent: agent, Volume: volume}
}

func (a *AccessPoint) Key() engine.Key      { return engine.Key("access-point/" + a.Agent + "/" + a.Volume) }
func (a *AccessPoint) OfAgent() string      { return a.Agent }
func (a *AccessPoint) Needs() []engine.Node { return nodes(a.FileSystem) }

// ARN is empty before it is there.
func (a *AccessPoint) ARN() string { return a.Account.ARN("elasticfilesystem", "access-point/"+a.ID()) }

func (a *AccessPoint) Want() AccessPointSpec {
	return AccessPointSpec{FileSystem: a.FileSystem.ID(), Path: "/" + a.Agent + "/" + a.Volume, UID: volumeOwner, GID: volumeOwner, Tags: a.TagsOf(a.Key())}
}

// Find looks among the account's access points: EFS does not list by tag.
func (a *AccessPoint) Find(ctx context.Context, look engine.Look) (engine.Found[AccessPointSpec], error) {
	return find(ctx, a.Env, a.Key(), look, a.list, func(x types.AccessPointDescription, tags cloud.Tags) engine.Found[AccessPointSpec] {
		found := engine.Found[AccessPointSpec]{Spec: AccessPointSpec{FileSystem: aws.ToString(x.FileSystemId), Tags: tags}}
		if r := x.RootDirectory; r != nil {
			found.Spec.Path = aws.ToString(r.Path)
		}
		if u := x.PosixUser; u != nil {
			found.Spec.UID, found.Spec.GID = int(aws.ToInt64(u.Uid)), int(aws.ToInt64(u.Gid))
		}
		found.Phase, found.Why = phaseOfEFS("access point", x.LifeCycleState)
		return found
	})
}

func (a *AccessPoint) list(ctx context.Context) ([]candidate[types.AccessPointDescription], error) {
	all, err := cloud.Pages(ctx, efs.NewDescribeAccessPointsPaginator(a.Clients.EFS, &efs.DescribeAccessPointsInput{}),
		func(out *efs.DescribeAccessPointsOutput) []types.AccessPointDescription { return out.AccessPoints })
	var found []candidate[types.AccessPointDescription]
	for _, x := range all {
		found = append(found, candidate[types.AccessPointDescription]{
			Item: x, ID: aws.ToString(x.AccessPointId), Tags: fromEFSTags(x.Tags),
			Gone: x.LifeCycleState == types.LifeCycleStateDeleted, Leaving: x.LifeCycleState == types.LifeCycleStateDeleting,
		})
	}
	return found, err
}

// Diff compares. Only tags change in place; the files stay where they are when the access
// point is replaced.
func (a *AccessPoint) Diff(have, want AccessPointSpec) []engine.Change {
	return changes(
		essential(fixed("file_system", have.FileSystem, want.FileSystem)),
		essential(fixed("path", have.Path, want.Path)),
		essential(fixed("uid", have.UID, want.UID)),
		essential(fixed("gid", have.GID, want.GID)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the access point, and the directory with the first mount. AWS refuses a token
// that one has already and names that one, which is ours: an earlier reply was lost.
func (a *AccessPoint) Create(ctx context.Context, want AccessPointSpec, token string) (string, error) {
	uid, gid := aws.Int64(int64(want.UID)), aws.Int64(int64(want.GID))
	out, err := a.Clients.EFS.CreateAccessPoint(ctx, &efs.CreateAccessPointInput{
		ClientToken: &token, FileSystemId: &want.FileSystem, Tags: toEFSTags(want.Tags), PosixUser: &types.PosixUser{Uid: uid, Gid: gid},
		RootDirectory: &types.RootDirectory{Path: &want.Path, CreationInfo: &types.CreationInfo{OwnerUid: uid, OwnerGid: gid, Permissions: aws.String("0750")}},
	})
	var taken *types.AccessPointAlreadyExists
	if errors.As(err, &taken) && taken.AccessPointId != nil {
		return *taken.AccessPointId, nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.AccessPointId), nil
}

func (a *AccessPoint) Update(ctx context.Context, id string, have, want AccessPointSpec) error {
	return updateEFSTags(ctx, a.Clients.EFS, id, have.Tags, want.Tags)
}

// Delete deletes the access point; the directory and what is in it stay.
func (a *AccessPoint) Delete(ctx context.Context, id string) error {
	return failure(a.Clients.EFS.DeleteAccessPoint(ctx, &efs.DeleteAccessPointInput{AccessPointId: &id}))
}
