package awssim

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// FileSystem is a simulated file system of EFS.
type FileSystem struct {
	ID        string
	ARN       string
	Token     string
	Encrypted bool
	State     types.LifeCycleState
	// GB is what is stored, by which it is billed. A test sets it, or a rehearsal.
	GB int
	// Directories are what is on it, as far as anyone mounts it, without the slashes around.
	Directories []string `json:",omitempty"`
	Tags        cloud.Tags
	Created     time.Time
	Deleted     time.Time
}

// How long a file system is creating and deleting. AWS names no figures; Terraform's
// logs in public repositories show some 6 s and 2 s.
const (
	fileSystemCreating = 6 * time.Second
	fileSystemDeleting = 2 * time.Second
)

// efsTokenMost is the length of a creation token:
// https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html
const efsTokenMost = 64

func (s *Sim) fileSystemNoun() noun {
	return noun{
		ops: []operation{
			on("EFS.CreateFileSystem", s.createFileSystem, "CreationToken", "Encrypted", "PerformanceMode", "ThroughputMode", "Backup", "Tags"),
			on("EFS.DescribeFileSystems", s.describeFileSystems, "FileSystemId", "CreationToken").pages("FileSystems", 100, 100),
			on("EFS.DeleteFileSystem", s.deleteFileSystem, "FileSystemId"),
			on("EFS.ListTagsForResource", s.listEFSTags, "ResourceId").pages("Tags", 100, 100),
			on("EFS.TagResource", s.tagEFS, "ResourceId", "Tags"),
			on("EFS.UntagResource", s.untagEFS, "ResourceId", "TagKeys"),
		},
		settle: func() {
			for id, f := range s.world.FileSystems {
				if s.efsGone(&f.State, f.Created.Add(fileSystemCreating), f.Deleted.Add(fileSystemDeleting)) {
					delete(s.world.FileSystems, id)
				}
			}
		},
		each: func(tell func(thing)) {
			for _, f := range s.world.FileSystems {
				t := thing{kind: "file-system", name: f.ID, tags: f.Tags, arn: f.ARN, since: f.Created, gone: f.State == types.LifeCycleStateDeleting}
				if f.GB > 0 {
					t.bills = []metered{{noun: "file_system", service: "Amazon Elastic File System", hourly: rates.files.Mul(decimal.NewFromInt(int64(f.GB))).Div(rates.aMonth)}}
				}
				tell(t)
			}
		},
	}
}

// efsGone moves a life cycle on, and tells whether its end is reached.
func (s *Sim) efsGone(state *types.LifeCycleState, made, gone time.Time) bool {
	if *state == types.LifeCycleStateCreating && !s.now().Before(made) {
		*state = types.LifeCycleStateAvailable
	}
	return *state == types.LifeCycleStateDeleting && !s.now().Before(gone)
}

func efsMissing(code, what, id string) error {
	return refuse(http.StatusNotFound, code, what+" '"+id+"' does not exist.")
}

func efsTags(in []types.Tag) (cloud.Tags, error) {
	tags := cloud.FromSDK(in, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return tags, validTags(tags, "BadRequest")
}

func toEFSTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

// fileSystem is one that is visible, named by its id or its ARN.
func (s *Sim) fileSystem(ref *string) (*FileSystem, error) {
	id := aws.ToString(ref)
	id = id[strings.LastIndexByte(id, '/')+1:]
	f := s.world.FileSystems[id]
	if f == nil || !s.visible(f.Created) {
		return nil, efsMissing("FileSystemNotFound", "File system", id)
	}
	return f, nil
}

// createFileSystem refuses a token that a file system has already, and names that one.
func (s *Sim) createFileSystem(in *efs.CreateFileSystemInput) (*efs.CreateFileSystemOutput, error) {
	token := aws.ToString(in.CreationToken)
	if token == "" || len(token) > efsTokenMost {
		return nil, fail("BadRequest", "The creation token has to have 1 to 64 characters.")
	}
	for _, f := range s.world.FileSystems {
		if f.Token == token {
			return nil, refuseAs(http.StatusConflict, &types.FileSystemAlreadyExists{
				Message: aws.String("File system '" + f.ID + "' already exists with creation token '" + token + "'"), ErrorCode_: aws.String("FileSystemAlreadyExists"), FileSystemId: &f.ID,
			})
		}
	}
	if aws.ToBool(in.Backup) || in.PerformanceMode == types.PerformanceModeMaxIo {
		return nil, fail("BadRequest", "awssim has no backups and no max I/O")
	}
	tags, err := efsTags(in.Tags)
	if err != nil {
		return nil, err
	}
	id := s.world.id("fs")
	f := &FileSystem{
		ID: id, ARN: s.world.arn("elasticfilesystem", "file-system/"+id), Token: token, Encrypted: aws.ToBool(in.Encrypted),
		State: types.LifeCycleStateCreating, Tags: tags, Created: s.now(),
	}
	s.world.FileSystems[id] = f
	d := s.describeFileSystem(f)
	return &efs.CreateFileSystemOutput{
		CreationTime: d.CreationTime, CreationToken: d.CreationToken, Encrypted: d.Encrypted, FileSystemArn: d.FileSystemArn, FileSystemId: d.FileSystemId,
		FileSystemProtection: d.FileSystemProtection, KmsKeyId: d.KmsKeyId, LifeCycleState: d.LifeCycleState, Name: d.Name, NumberOfMountTargets: d.NumberOfMountTargets,
		OwnerId: d.OwnerId, PerformanceMode: d.PerformanceMode, SizeInBytes: d.SizeInBytes, Tags: d.Tags, ThroughputMode: d.ThroughputMode,
	}, nil
}

func (s *Sim) describeFileSystem(f *FileSystem) types.FileSystemDescription {
	targets := 0
	for _, m := range s.world.MountTargets {
		if m.FileSystem == f.ID {
			targets++
		}
	}
	d := types.FileSystemDescription{
		CreationTime: &f.Created, CreationToken: &f.Token, FileSystemId: &f.ID, FileSystemArn: &f.ARN, LifeCycleState: f.State, NumberOfMountTargets: int32(targets),
		OwnerId: &s.world.Account, PerformanceMode: types.PerformanceModeGeneralPurpose, ThroughputMode: types.ThroughputModeBursting, Encrypted: &f.Encrypted,
		SizeInBytes: &types.FileSystemSize{Value: int64(f.GB)<<30 + 6144}, Tags: toEFSTags(f.Tags), Name: optional(f.Tags["Name"]),
		FileSystemProtection: &types.FileSystemProtectionDescription{ReplicationOverwriteProtection: types.ReplicationOverwriteProtectionEnabled},
	}
	if f.Encrypted { // by the account's own key of AWS's
		d.KmsKeyId = aws.String(s.world.arn("kms", "key/"+uuid(s.world.Account, "aws/elasticfilesystem")))
	}
	return d
}

func (s *Sim) describeFileSystems(in *efs.DescribeFileSystemsInput) (*efs.DescribeFileSystemsOutput, error) {
	if in.FileSystemId != nil && in.CreationToken != nil {
		return nil, fail("BadRequest", "FileSystemId and CreationToken cannot be given together.")
	}
	out := &efs.DescribeFileSystemsOutput{}
	if in.FileSystemId != nil {
		f, err := s.fileSystem(in.FileSystemId)
		if err != nil {
			return nil, err
		}
		out.FileSystems = append(out.FileSystems, s.describeFileSystem(f))
		return out, nil
	}
	for _, f := range sorted(s.world.FileSystems) {
		if s.visible(f.Created) && (in.CreationToken == nil || *in.CreationToken == f.Token) {
			out.FileSystems = append(out.FileSystems, s.describeFileSystem(f))
		}
	}
	return out, nil
}

// deleteFileSystem refuses while anything can mount it.
// https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystem.html
func (s *Sim) deleteFileSystem(in *efs.DeleteFileSystemInput) (*efs.DeleteFileSystemOutput, error) {
	f, err := s.fileSystem(in.FileSystemId)
	if err != nil {
		return nil, err
	}
	for _, m := range s.world.MountTargets {
		if m.FileSystem == f.ID {
			return nil, refuse(http.StatusConflict, "FileSystemInUse", "Cannot delete a file system that has mount targets")
		}
	}
	for _, a := range s.world.AccessPoints {
		if a.FileSystem == f.ID {
			return nil, refuse(http.StatusConflict, "FileSystemInUse", "Cannot delete a file system that has access points")
		}
	}
	if f.State == types.LifeCycleStateCreating {
		return nil, refuse(http.StatusConflict, "IncorrectFileSystemLifeCycleState", "File system '"+f.ID+"' is being created")
	}
	if f.State != types.LifeCycleStateDeleting {
		f.State, f.Deleted = types.LifeCycleStateDeleting, s.now()
	}
	return &efs.DeleteFileSystemOutput{}, nil
}

// efsTagged are the tags of a file system or an access point, by id or ARN.
func (s *Sim) efsTagged(ref *string) (cloud.Tags, error) {
	id := aws.ToString(ref)
	if id = id[strings.LastIndexByte(id, '/')+1:]; strings.HasPrefix(id, "fsap-") {
		a, err := s.accessPoint(&id)
		if err != nil {
			return nil, err
		}
		return a.Tags, nil
	}
	f, err := s.fileSystem(&id)
	if err != nil {
		return nil, err
	}
	return f.Tags, nil
}

func (s *Sim) listEFSTags(in *efs.ListTagsForResourceInput) (*efs.ListTagsForResourceOutput, error) {
	tags, err := s.efsTagged(in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &efs.ListTagsForResourceOutput{Tags: toEFSTags(tags)}, nil
}

func (s *Sim) tagEFS(in *efs.TagResourceInput) (*efs.TagResourceOutput, error) {
	tags, err := s.efsTagged(in.ResourceId)
	if err != nil {
		return nil, err
	}
	set := cloud.FromSDK(in.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return &efs.TagResourceOutput{}, retag(tags, set, nil, "BadRequest")
}

func (s *Sim) untagEFS(in *efs.UntagResourceInput) (*efs.UntagResourceOutput, error) {
	tags, err := s.efsTagged(in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &efs.UntagResourceOutput{}, retag(tags, nil, in.TagKeys, "BadRequest")
}
