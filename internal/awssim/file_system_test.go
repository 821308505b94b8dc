package awssim

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// efsBench is an account with a cluster and an encrypted file system.
type efsBench struct {
	*ecsBench
	files *efs.Client
	id    string
}

func newEFSBench(t *testing.T) *efsBench {
	t.Helper()
	b := newECSBench(t)
	err := b.sim.Edit(func(w *World) {
		w.Subnets["subnet-2"] = &Subnet{ID: "subnet-2", VPC: "vpc-1", CIDR: "10.0.1.0/24", AZ: "us-east-1a"}
		w.Subnets["subnet-3"] = &Subnet{ID: "subnet-3", VPC: "vpc-2", CIDR: "10.1.1.0/24", AZ: "us-east-1b"}
		w.SecurityGroups["sg-tasks"] = &SecurityGroup{ID: "sg-tasks", VPC: "vpc-1", Name: "tasks"}
		w.SecurityGroups["sg-files"] = &SecurityGroup{ID: "sg-files", VPC: "vpc-1", Name: "files", Ingress: []SecurityGroupRule{{Protocol: "tcp", From: 2049, To: 2049, Group: "sg-tasks"}}}
		w.Roles["task"] = &IAMRole{
			Name: "task", ARN: "arn:aws:iam::" + w.Account + ":role/task", Tags: cloud.Tags{},
			Trust:  `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`,
			Inline: map[string]string{"all": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "elasticfilesystem:Client*", "Resource": "*"}]}`},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	files := efs.NewFromConfig(b.sim.Config())
	out := must[*efs.CreateFileSystemOutput](t)(files.CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{CreationToken: aws.String("1"), Encrypted: aws.Bool(true)}))
	if out.LifeCycleState != types.LifeCycleStateCreating || !aws.ToBool(out.Encrypted) {
		t.Errorf("made as %s, encrypted: %v", out.LifeCycleState, aws.ToBool(out.Encrypted))
	}
	time.Sleep(fileSystemCreating)
	return &efsBench{b, files, *out.FileSystemId}
}

func (b *efsBench) target(subnet string) (*efs.CreateMountTargetOutput, error) {
	return b.files.CreateMountTarget(b.t.Context(), &efs.CreateMountTargetInput{FileSystemId: &b.id, SubnetId: &subnet, SecurityGroups: []string{"sg-files"}})
}

func (b *efsBench) point(token string) (*efs.CreateAccessPointOutput, error) {
	return b.files.CreateAccessPoint(b.t.Context(), &efs.CreateAccessPointInput{
		ClientToken: &token, FileSystemId: &b.id, PosixUser: &types.PosixUser{Uid: aws.Int64(1000), Gid: aws.Int64(1000)},
		RootDirectory: &types.RootDirectory{Path: aws.String("/bot/memory"), CreationInfo: &types.CreationInfo{OwnerUid: aws.Int64(1000), OwnerGid: aws.Int64(1000), Permissions: aws.String("0750")}},
	})
}

func refusedWith(t *testing.T, err error, code string) {
	t.Helper()
	if cloud.Code(err) != code {
		t.Errorf("AWS refuses with %s, not with %v", code, err)
	}
}

func TestAFileSystemIsMadeOnceForEachToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newEFSBench(t)
		_, err := b.files.CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{CreationToken: aws.String("1")})
		refusedWith(t, err, "FileSystemAlreadyExists")
		var files *types.FileSystemAlreadyExists
		if !errors.As(err, &files) || aws.ToString(files.FileSystemId) != b.id {
			t.Errorf("the refusal does not name %s", b.id)
		}
		first := must[*efs.CreateAccessPointOutput](t)(b.point("p"))
		_, err = b.point("p")
		refusedWith(t, err, "AccessPointAlreadyExists")
		var point *types.AccessPointAlreadyExists
		if !errors.As(err, &point) || aws.ToString(point.AccessPointId) != *first.AccessPointId {
			t.Errorf("the refusal does not name %s", *first.AccessPointId)
		}
	})
}

func TestAFileSystemHasOneMountTargetInAZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newEFSBench(t)
		must[*efs.CreateMountTargetOutput](t)(b.target("subnet-1"))
		_, err := b.target("subnet-2")
		refusedWith(t, err, "MountTargetConflict")
		_, err = b.target("subnet-3")
		refusedWith(t, err, "MountTargetConflict")
		_, err = b.target("subnet-9")
		refusedWith(t, err, "SubnetNotFound")
	})
}

func TestAFileSystemStaysWhileSomethingCanMountIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newEFSBench(t)
		target, point := must[*efs.CreateMountTargetOutput](t)(b.target("subnet-1")), must[*efs.CreateAccessPointOutput](t)(b.point("p"))
		gone := func() error {
			_, err := b.files.DeleteFileSystem(t.Context(), &efs.DeleteFileSystemInput{FileSystemId: &b.id})
			return err
		}
		refusedWith(t, gone(), "FileSystemInUse")
		must[*efs.DeleteMountTargetOutput](t)(b.files.DeleteMountTarget(t.Context(), &efs.DeleteMountTargetInput{MountTargetId: target.MountTargetId}))
		time.Sleep(mountTargetDeleting)
		refusedWith(t, gone(), "FileSystemInUse")
		must[*efs.DeleteAccessPointOutput](t)(b.files.DeleteAccessPoint(t.Context(), &efs.DeleteAccessPointInput{AccessPointId: point.AccessPointId}))
		time.Sleep(accessPointDeleting)
		if err := gone(); err != nil {
			t.Error(err)
		}
		time.Sleep(fileSystemDeleting)
		_, err := b.files.DescribeFileSystems(t.Context(), &efs.DescribeFileSystemsInput{FileSystemId: &b.id})
		refusedWith(t, err, "FileSystemNotFound")
	})
}

// mounting is a revision with one volume.
func (b *efsBench) mounting(point *string) *ecs.RegisterTaskDefinitionInput {
	d := definition(image)
	d.TaskRoleArn, d.ExecutionRoleArn = aws.String("arn:aws:iam::123456789012:role/task"), aws.String("arn:aws:iam::123456789012:role/execution")
	d.Volumes = []ecstypes.Volume{{Name: aws.String("memory"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{
		FileSystemId: &b.id, TransitEncryption: ecstypes.EFSTransitEncryptionEnabled,
		AuthorizationConfig: &ecstypes.EFSAuthorizationConfig{AccessPointId: point, Iam: ecstypes.EFSAuthorizationConfigIAMEnabled},
	}}}
	d.ContainerDefinitions[0].Command = []string{"sh", "-c", "sleep 600; exit 0"}
	d.ContainerDefinitions[0].MountPoints = []ecstypes.MountPoint{{SourceVolume: aws.String("memory"), ContainerPath: aws.String("/data")}}
	return d
}

func TestATaskStartsOnlyWhereItsVolumeCanBeMounted(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(w *World)
		says   string
	}{
		"all is there":             {func(*World) {}, ""},
		"no mount target":          {func(w *World) { clear(w.MountTargets) }, "ensure that the VPC has an EFS mount target"},
		"the group lets no one in": {func(w *World) { w.SecurityGroups["sg-files"].Ingress = nil }, "failed due to timeout"},
		"the role may not mount":   {func(w *World) { clear(w.Roles["task"].Inline) }, "access denied by server"},
		"no access point":          {func(w *World) { clear(w.AccessPoints) }, "access denied by server"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newEFSBench(t)
				must[*efs.CreateMountTargetOutput](t)(b.target("subnet-1"))
				point := must[*efs.CreateAccessPointOutput](t)(b.point("p")).AccessPointId
				time.Sleep(mountTargetCreating)
				d := must[*ecs.RegisterTaskDefinitionOutput](t)(b.api.RegisterTaskDefinition(t.Context(), b.mounting(point)))
				if err := b.sim.Edit(c.breaks); err != nil {
					t.Fatal(err)
				}
				run := must[*ecs.RunTaskOutput](t)(b.api.RunTask(t.Context(), &ecs.RunTaskInput{
					Cluster: aws.String("c"), TaskDefinition: d.TaskDefinition.TaskDefinitionArn, LaunchType: ecstypes.LaunchTypeFargate,
					NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-tasks"}}},
				}))
				time.Sleep(3 * time.Minute)
				task := must[*ecs.DescribeTasksOutput](t)(b.api.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: []string{*run.Tasks[0].TaskArn}})).Tasks[0]
				why := aws.ToString(task.StoppedReason)
				if c.says == "" && aws.ToString(task.LastStatus) != "RUNNING" || !strings.Contains(why, c.says) {
					t.Errorf("the task is %s: %s", aws.ToString(task.LastStatus), why)
				}
			})
		})
	}
}

func TestAVolumeOfEFSNeedsWhatAWSAsksOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newEFSBench(t)
		for says, edit := range map[string]func(*ecs.RegisterTaskDefinitionInput){
			"transit encryption": func(d *ecs.RegisterTaskDefinitionInput) { d.Volumes[0].EfsVolumeConfiguration.TransitEncryption = "" },
			"root directory": func(d *ecs.RegisterTaskDefinitionInput) {
				d.Volumes[0].EfsVolumeConfiguration.RootDirectory = aws.String("/x")
			},
			"task role":      func(d *ecs.RegisterTaskDefinitionInput) { d.TaskRoleArn = nil },
			"Unknown volume": func(d *ecs.RegisterTaskDefinitionInput) { d.Volumes = nil },
		} {
			d := b.mounting(aws.String("fsap-1"))
			edit(d)
			if _, err := b.api.RegisterTaskDefinition(t.Context(), d); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", says, err)
			}
		}
	})
}
