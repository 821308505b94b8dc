package awssim

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// AccessPoint is a directory of a file system, as whose owner everything is read and written.
type AccessPoint struct {
	ID         string
	ARN        string
	Token      string
	FileSystem string
	Path       string
	// User is who every file belongs to; nil is the program's own user.
	User *types.PosixUser
	// Creates is who the directory belongs to when it is made; nil makes none.
	Creates *types.CreationInfo
	State   types.LifeCycleState
	Tags    cloud.Tags
	Created time.Time
	Deleted time.Time
}

// How long an access point is creating and deleting, as for file systems.
const (
	accessPointCreating = 5 * time.Second
	accessPointDeleting = 2 * time.Second
)

// accessPointQuota is how many a file system has:
// https://docs.aws.amazon.com/efs/latest/ug/limits.html
const accessPointQuota = 10000

func (s *Sim) accessPointNoun() noun {
	return noun{
		ops: []operation{
			on("EFS.CreateAccessPoint", s.createAccessPoint, "ClientToken", "FileSystemId", "PosixUser", "RootDirectory", "Tags"),
			on("EFS.DescribeAccessPoints", s.describeAccessPoints, "FileSystemId", "AccessPointId").pages("AccessPoints", 100, 100),
			on("EFS.DeleteAccessPoint", s.deleteAccessPoint, "AccessPointId"),
		},
		settle: func() {
			for id, a := range s.world.AccessPoints {
				if s.efsGone(&a.State, a.Created.Add(accessPointCreating), a.Deleted.Add(accessPointDeleting)) {
					delete(s.world.AccessPoints, id)
				}
			}
		},
		each: func(tell func(thing)) {
			for _, a := range s.world.AccessPoints {
				tell(thing{kind: "access-point", name: a.ID, tags: a.Tags, arn: a.ARN, since: a.Created, gone: a.State == types.LifeCycleStateDeleting})
			}
		},
	}
}

// accessPoint is one that is visible, named by its id or its ARN.
func (s *Sim) accessPoint(ref *string) (*AccessPoint, error) {
	id := aws.ToString(ref)
	id = id[strings.LastIndexByte(id, '/')+1:]
	a := s.world.AccessPoints[id]
	if a == nil || !s.visible(a.Created) {
		return nil, efsMissing("AccessPointNotFound", "Access point", id)
	}
	return a, nil
}

func (s *Sim) createAccessPoint(in *efs.CreateAccessPointInput) (*efs.CreateAccessPointOutput, error) {
	f, err := s.fileSystem(in.FileSystemId)
	if err != nil {
		return nil, err
	}
	token := aws.ToString(in.ClientToken)
	count := 0
	for _, a := range s.world.AccessPoints {
		if a.Token == token && token != "" {
			return nil, refuseAs(http.StatusConflict, &types.AccessPointAlreadyExists{
				Message: aws.String("Access point '" + a.ID + "' already exists with client token '" + token + "'"), ErrorCode_: aws.String("AccessPointAlreadyExists"), AccessPointId: &a.ID,
			})
		}
		if a.FileSystem == f.ID {
			count++
		}
	}
	switch {
	case f.State != types.LifeCycleStateAvailable:
		return nil, refuse(http.StatusConflict, "IncorrectFileSystemLifeCycleState", "File system '"+f.ID+"' is not available")
	case count >= accessPointQuota:
		return nil, refuse(http.StatusForbidden, "AccessPointLimitExceeded", "The maximum number of access points has been reached.")
	}
	a := &AccessPoint{Token: token, FileSystem: f.ID, Path: "/", User: in.PosixUser, State: types.LifeCycleStateCreating, Created: s.now()}
	if r := in.RootDirectory; r != nil {
		a.Path, a.Creates = aws.ToString(r.Path), r.CreationInfo
	}
	// At most 100 characters in at most four directories:
	// https://docs.aws.amazon.com/efs/latest/ug/API_RootDirectory.html
	if !strings.HasPrefix(a.Path, "/") || len(a.Path) > 100 || strings.Count(a.Path, "/") > 4 {
		return nil, fail("BadRequest", "Invalid root directory path '%s'", a.Path)
	}
	if a.Tags, err = efsTags(in.Tags); err != nil {
		return nil, err
	}
	a.ID = s.world.id("fsap")
	a.ARN = s.world.arn("elasticfilesystem", "access-point/"+a.ID)
	s.world.AccessPoints[a.ID] = a
	d := s.describeAccessPoint(a)
	return &efs.CreateAccessPointOutput{
		AccessPointArn: d.AccessPointArn, AccessPointId: d.AccessPointId, ClientToken: d.ClientToken, FileSystemId: d.FileSystemId, LifeCycleState: d.LifeCycleState,
		Name: d.Name, OwnerId: d.OwnerId, PosixUser: d.PosixUser, RootDirectory: d.RootDirectory, Tags: d.Tags,
	}, nil
}

func (s *Sim) describeAccessPoint(a *AccessPoint) types.AccessPointDescription {
	return types.AccessPointDescription{
		AccessPointArn: &a.ARN, AccessPointId: &a.ID, ClientToken: &a.Token, FileSystemId: &a.FileSystem, LifeCycleState: a.State, Name: optional(a.Tags["Name"]),
		OwnerId: &s.world.Account, PosixUser: a.User, RootDirectory: &types.RootDirectory{Path: &a.Path, CreationInfo: a.Creates}, Tags: toEFSTags(a.Tags),
	}
}

func (s *Sim) describeAccessPoints(in *efs.DescribeAccessPointsInput) (*efs.DescribeAccessPointsOutput, error) {
	out := &efs.DescribeAccessPointsOutput{}
	if in.AccessPointId != nil {
		a, err := s.accessPoint(in.AccessPointId)
		if err != nil {
			return nil, err
		}
		out.AccessPoints = append(out.AccessPoints, s.describeAccessPoint(a))
		return out, nil
	}
	of := ""
	if in.FileSystemId != nil {
		f, err := s.fileSystem(in.FileSystemId)
		if err != nil {
			return nil, err
		}
		of = f.ID
	}
	for _, a := range sorted(s.world.AccessPoints) {
		if s.visible(a.Created) && (of == "" || a.FileSystem == of) {
			out.AccessPoints = append(out.AccessPoints, s.describeAccessPoint(a))
		}
	}
	return out, nil
}

func (s *Sim) deleteAccessPoint(in *efs.DeleteAccessPointInput) (*efs.DeleteAccessPointOutput, error) {
	a, err := s.accessPoint(in.AccessPointId)
	if err != nil {
		return nil, err
	}
	if a.State != types.LifeCycleStateDeleting {
		a.State, a.Deleted = types.LifeCycleStateDeleting, s.now()
	}
	return &efs.DeleteAccessPointOutput{}, nil
}
