package provision

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// FileSystemSpec is what we own of a file system.
type FileSystemSpec struct {
	Encrypted bool
	Tags      cloud.Tags
}

// FileSystem is the stack's, on which each volume has a directory of its own. It costs
// $0.30 for each GB and month, takes some 6 s to make and 2 s to delete.
type FileSystem struct {
	engine.Ref
	*Env
	stored atomic.Int64
}

// Stored is how many bytes were on it when it was last read, as AWS meters them: to within
// some hours, and 6 KB when it is empty.
func (f *FileSystem) Stored() int64 { return f.stored.Load() }

func (f *FileSystem) Key() engine.Key      { return "file-system" }
func (f *FileSystem) Needs() []engine.Node { return nil }

// Want is an encrypted file system.
func (f *FileSystem) Want() FileSystemSpec {
	return FileSystemSpec{Encrypted: true, Tags: f.TagsOf(f.Key())}
}

// Find looks among the account's file systems: EFS does not list by tag.
func (f *FileSystem) Find(ctx context.Context, look engine.Look) (engine.Found[FileSystemSpec], error) {
	return find(ctx, f.Env, f.Key(), look, f.list, func(x types.FileSystemDescription, tags cloud.Tags) engine.Found[FileSystemSpec] {
		found := engine.Found[FileSystemSpec]{Spec: FileSystemSpec{Encrypted: aws.ToBool(x.Encrypted), Tags: tags}}
		found.Phase, found.Why = phaseOfEFS("file system", x.LifeCycleState)
		if x.SizeInBytes != nil {
			f.stored.Store(x.SizeInBytes.Value)
		}
		return found
	})
}

func (f *FileSystem) list(ctx context.Context) ([]candidate[types.FileSystemDescription], error) {
	all, err := cloud.Pages(ctx, efs.NewDescribeFileSystemsPaginator(f.Clients.EFS, &efs.DescribeFileSystemsInput{}),
		func(out *efs.DescribeFileSystemsOutput) []types.FileSystemDescription { return out.FileSystems })
	var found []candidate[types.FileSystemDescription]
	for _, x := range all {
		found = append(found, candidate[types.FileSystemDescription]{
			Item: x, ID: aws.ToString(x.FileSystemId), Tags: fromEFSTags(x.Tags),
			Gone: x.LifeCycleState == types.LifeCycleStateDeleted, Leaving: x.LifeCycleState == types.LifeCycleStateDeleting,
		})
	}
	return found, err
}

// phaseOfEFS is a life cycle state of EFS in our words; Absent is what find makes Ready.
func phaseOfEFS(what string, s types.LifeCycleState) (engine.Phase, string) {
	switch s {
	case types.LifeCycleStateCreating, types.LifeCycleStateUpdating:
		return engine.Pending, what + " " + string(s)
	case types.LifeCycleStateDeleting:
		return engine.Leaving, what + " deleting"
	case types.LifeCycleStateError:
		return engine.Broken, what + " in error"
	}
	return engine.Absent, ""
}

// Diff compares. Encryption is for ever, and no file system is replaced, because that would
// lose the files: the engine refuses it.
func (f *FileSystem) Diff(have, want FileSystemSpec) []engine.Change {
	return changes(
		essential(fixed("encrypted", have.Encrypted, want.Encrypted)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the file system. AWS refuses a token that one has already and names that one,
// which is ours: the reply to an earlier call was lost.
func (f *FileSystem) Create(ctx context.Context, want FileSystemSpec, token string) (string, error) {
	out, err := f.Clients.EFS.CreateFileSystem(ctx, &efs.CreateFileSystemInput{
		CreationToken: &token, Encrypted: &want.Encrypted, PerformanceMode: types.PerformanceModeGeneralPurpose, ThroughputMode: types.ThroughputModeBursting, Tags: toEFSTags(want.Tags),
	})
	var taken *types.FileSystemAlreadyExists
	if errors.As(err, &taken) && taken.FileSystemId != nil {
		return *taken.FileSystemId, nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.FileSystemId), nil
}

func (f *FileSystem) Update(ctx context.Context, id string, have, want FileSystemSpec) error {
	return updateEFSTags(ctx, f.Clients.EFS, id, have.Tags, want.Tags)
}

// Delete deletes the file system and all that is on it. AWS refuses while anything can mount
// it; the stack's own mount targets and access points are gone by then.
func (f *FileSystem) Delete(ctx context.Context, id string) error {
	_, err := f.Clients.EFS.DeleteFileSystem(ctx, &efs.DeleteFileSystemInput{FileSystemId: &id})
	if !cloud.Is(err, "FileSystemInUse") {
		return err
	}
	targets, lerr := f.mountTargets(ctx, &efs.DescribeMountTargetsInput{FileSystemId: &id})
	if lerr != nil {
		return err // AWS's refusal says more than the failure to explain it
	}
	points, lerr := (&AccessPoint{Env: f.Env}).list(ctx)
	if lerr != nil {
		return err
	}
	var holders []string
	for _, m := range targets {
		if m.LifeCycleState != types.LifeCycleStateDeleting {
			holders = append(holders, "mount target "+aws.ToString(m.MountTargetId))
		}
	}
	for _, p := range points {
		if aws.ToString(p.Item.FileSystemId) == id && !p.Leaving && !p.Gone {
			holders = append(holders, "access point "+p.ID)
		}
	}
	if len(holders) == 0 {
		return err
	}
	return &engine.InUse{Holder: strings.Join(holders, ", "), Foreign: true, Err: err}
}
