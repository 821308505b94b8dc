//go:build wire

package wire

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// refusals are the refusals that karmactl's order and messages rely on. The codes are
// AWS's: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
// and the Errors section of each operation.
func refusals() []refusal {
	return []refusal{
		{"a subnet over another", "InvalidSubnet.Conflict", func(r *rig) error {
			vpc := r.vpc()
			r.subnet(vpc, "10.0.0.0/24", "us-east-1a")
			_, err := r.EC2.CreateSubnet(r.ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("10.0.0.0/25")})
			return err
		}},
		{"a subnet outside its VPC", "InvalidSubnet.Range", func(r *rig) error {
			_, err := r.EC2.CreateSubnet(r.ctx, &ec2.CreateSubnetInput{VpcId: r.vpc(), CidrBlock: aws.String("10.9.0.0/24")})
			return err
		}},
		{"a VPC larger than /16", "InvalidVpc.Range", func(r *rig) error {
			_, err := r.EC2.CreateVpc(r.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/8")})
			return err
		}},
		{"a second group of the same name", "InvalidGroup.Duplicate", func(r *rig) error {
			vpc := r.vpc()
			r.group(vpc, "agents")
			_, err := r.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{VpcId: vpc, GroupName: aws.String("agents"), Description: aws.String("again")})
			return err
		}},
		{"the same rule twice", "InvalidPermission.Duplicate", func(r *rig) error {
			g := r.group(r.vpc(), "agents")
			anybody := ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}
			if err := r.allow(g, anybody); err != nil {
				return stop{err}
			}
			return r.allow(g, anybody)
		}},
		{"deleting a group that another lets in", "DependencyViolation", func(r *rig) error {
			vpc := r.vpc()
			alb := r.group(vpc, "alb")
			if err := r.allow(r.group(vpc, "agents"), ec2types.IpPermission{UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: alb}}}); err != nil {
				return stop{err}
			}
			_, err := r.EC2.DeleteSecurityGroup(r.ctx, &ec2.DeleteSecurityGroupInput{GroupId: alb})
			return err
		}},
		{"a second default route", "RouteAlreadyExists", func(r *rig) error {
			vpc := r.vpc()
			table := must(r.EC2.CreateRouteTable(r.ctx, &ec2.CreateRouteTableInput{VpcId: vpc})).RouteTable.RouteTableId
			in := &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: r.gateway(vpc)}
			must(r.EC2.CreateRoute(r.ctx, in))
			in.GatewayId = nil
			_, address := r.natIn(vpc)
			in.NatGatewayId = address
			_, err := r.EC2.CreateRoute(r.ctx, in)
			return err
		}},
		{"deleting a VPC with a subnet", "DependencyViolation", func(r *rig) error {
			vpc := r.vpc()
			r.subnet(vpc, "10.0.0.0/24", "us-east-1a")
			_, err := r.EC2.DeleteVpc(r.ctx, &ec2.DeleteVpcInput{VpcId: vpc})
			return err
		}},
		{"deleting a VPC with a gateway", "DependencyViolation", func(r *rig) error {
			vpc := r.vpc()
			r.gateway(vpc)
			_, err := r.EC2.DeleteVpc(r.ctx, &ec2.DeleteVpcInput{VpcId: vpc})
			return err
		}},
		{"deleting a VPC with a group", "DependencyViolation", func(r *rig) error {
			vpc := r.vpc()
			r.group(vpc, "agents")
			_, err := r.EC2.DeleteVpc(r.ctx, &ec2.DeleteVpcInput{VpcId: vpc})
			return err
		}},
		{"deleting a subnet under a NAT gateway", "DependencyViolation", func(r *rig) error {
			subnet, _ := r.nat(r.vpc())
			_, err := r.EC2.DeleteSubnet(r.ctx, &ec2.DeleteSubnetInput{SubnetId: subnet})
			return err
		}},
		{"a role of the same name", "EntityAlreadyExists", func(r *rig) error {
			r.role()
			_, err := r.IAM.CreateRole(r.ctx, &iam.CreateRoleInput{RoleName: aws.String("wire"), AssumeRolePolicyDocument: aws.String(trust)})
			return err
		}},
		{"deleting a role with a policy", "DeleteConflict", func(r *rig) error {
			must(r.IAM.PutRolePolicy(r.ctx, &iam.PutRolePolicyInput{
				RoleName: r.role(), PolicyName: aws.String("agent"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`),
			}))
			_, err := r.IAM.DeleteRole(r.ctx, &iam.DeleteRoleInput{RoleName: aws.String("wire")})
			return err
		}},
		{"a role whose trust is no policy", "MalformedPolicyDocument", func(r *rig) error {
			_, err := r.IAM.CreateRole(r.ctx, &iam.CreateRoleInput{RoleName: aws.String("wire"), AssumeRolePolicyDocument: aws.String("{")})
			return err
		}},
		{"a repository of the same name", "RepositoryAlreadyExistsException", func(r *rig) error {
			in := &ecr.CreateRepositoryInput{RepositoryName: aws.String("wire/agent")}
			must(r.ECR.CreateRepository(r.ctx, in))
			_, err := r.ECR.CreateRepository(r.ctx, in)
			return err
		}},
		{"a log group of the same name", "ResourceAlreadyExistsException", func(r *rig) error {
			in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/wire")}
			must(r.Logs.CreateLogGroup(r.ctx, in))
			_, err := r.Logs.CreateLogGroup(r.ctx, in)
			return err
		}},
		{"keeping logs for 8 days", "InvalidParameterException", func(r *rig) error {
			must(r.Logs.CreateLogGroup(r.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/wire")}))
			_, err := r.Logs.PutRetentionPolicy(r.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/wire"), RetentionInDays: aws.Int32(8)})
			return err
		}},
		{"a rule of a taken priority", "PriorityInUse", func(r *rig) error {
			_, target, listener := r.balancer()
			_, err := r.ELB.CreateRule(r.ctx, listenerRule(listener, target))
			return err
		}},
		{"deleting a target group in use", "ResourceInUse", func(r *rig) error {
			_, target, _ := r.balancer()
			_, err := r.ELB.DeleteTargetGroup(r.ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: target})
			return err
		}},
		{"another listener of the same port", "DuplicateListener", func(r *rig) error {
			lb, _, _ := r.balancer()
			_, err := r.ELB.CreateListener(r.ctx, httpListener(lb, "503"))
			return err
		}},
		{"another target group of the same name", "DuplicateTargetGroupName", func(r *rig) error {
			vpc := r.vpc()
			must(r.ELB.CreateTargetGroup(r.ctx, targetGroup(vpc, 9001)))
			_, err := r.ELB.CreateTargetGroup(r.ctx, targetGroup(vpc, 9002))
			return err
		}},
		{"a secret of the same name", "ResourceExistsException", func(r *rig) error {
			in := &secretsmanager.CreateSecretInput{Name: aws.String("wire/agent"), SecretString: aws.String("{}")}
			must(r.SecretsManager.CreateSecret(r.ctx, in))
			_, err := r.SecretsManager.CreateSecret(r.ctx, &secretsmanager.CreateSecretInput{Name: in.Name, SecretString: aws.String(`{"a":"b"}`)})
			return err
		}},
		{"the current version from where it is not", "InvalidParameterException", func(r *rig) error {
			id := aws.String("wire/agent")
			first := must(r.SecretsManager.CreateSecret(r.ctx, &secretsmanager.CreateSecretInput{Name: id, SecretString: aws.String("{}")}))
			must(r.SecretsManager.PutSecretValue(r.ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String(`{"a":"b"}`)}))
			ours := must(r.SecretsManager.PutSecretValue(r.ctx, &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: aws.String(`{"c":"d"}`), VersionStages: []string{"karmactl"}}))
			_, err := r.SecretsManager.UpdateSecretVersionStage(r.ctx, &secretsmanager.UpdateSecretVersionStageInput{
				SecretId: id, VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: first.VersionId, MoveToVersionId: ours.VersionId,
			})
			return err
		}},
		{"a parameter over another", "ParameterAlreadyExists", func(r *rig) error {
			in := &ssm.PutParameterInput{Name: aws.String("/wire/agent/key"), Value: aws.String("v"), Type: ssmtypes.ParameterTypeSecureString}
			must(r.SSM.PutParameter(r.ctx, in))
			_, err := r.SSM.PutParameter(r.ctx, in)
			return err
		}},
		{"a task of a size that Fargate has not", "ClientException", func(r *rig) error {
			_, err := r.ECS.RegisterTaskDefinition(r.ctx, taskDefinition("256", "8192"))
			return err
		}},
		{"a service in no cluster", "ClusterNotFoundException", func(r *rig) error {
			in := r.service()
			in.Cluster = aws.String("none")
			_, err := r.ECS.CreateService(r.ctx, in)
			return err
		}},
		{"a service of the same name", "InvalidParameterException", func(r *rig) error {
			_, err := r.ECS.CreateService(r.ctx, r.service())
			return err
		}},
		{"deleting a cluster with a service", "ClusterContainsServicesException", func(r *rig) error {
			r.service()
			_, err := r.ECS.DeleteCluster(r.ctx, &ecs.DeleteClusterInput{Cluster: aws.String("wire")})
			return err
		}},
		{"a schedule that is no cron", "ValidationException", func(r *rig) error {
			r.scalable()
			return r.schedule("cron(99 * * * ? *)", "UTC")
		}},
		{"a schedule in no timezone", "ValidationException", func(r *rig) error {
			r.scalable()
			return r.schedule("cron(0 8 ? * MON-FRI *)", "Mars/Olympus")
		}},
		{"a schedule without a target", "ObjectNotFoundException", func(r *rig) error {
			return r.schedule("cron(0 8 ? * MON-FRI *)", "UTC")
		}},
		{"a subscription to no topic", "NotFound", func(r *rig) error {
			_, err := r.SNS.Subscribe(r.ctx, &sns.SubscribeInput{
				TopicArn: aws.String("arn:aws:sns:us-east-1:" + "123456789012" + ":none"), Protocol: aws.String("email"), Endpoint: aws.String("ops@example.com"),
			})
			return err
		}},
	}
}

// natIn makes a NAT gateway where the gateway is attached already.
func (r *rig) natIn(vpc *string) (subnet, nat *string) {
	subnet = r.subnet(vpc, "10.0.8.0/24", "us-east-1a")
	address := must(r.EC2.AllocateAddress(r.ctx, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})).AllocationId
	return subnet, must(r.EC2.CreateNatGateway(r.ctx, &ec2.CreateNatGatewayInput{SubnetId: subnet, AllocationId: address, ConnectivityType: ec2types.ConnectivityTypePublic})).NatGateway.NatGatewayId
}

func TestTheSimulatedAWSRefusesWhatAWSRefusesOverTheWire(t *testing.T) {
	for _, x := range refusals() {
		t.Run(x.name, func(t *testing.T) {
			sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}})
			if err != nil {
				t.Fatal(err)
			}
			if code, err := x.ask(t.Context(), cloud.NewClients(sim.Config())); code != x.code {
				t.Errorf("it answers %v, AWS %s", err, x.code)
			}
		})
	}
}

func TestTheEmulatorsRefuseWhatAWSRefusesOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			var names []string
			for _, x := range refusals() {
				names = append(names, x.name)
				lenient, known := e.accepts[x.name]
				t.Run(x.name, func(t *testing.T) {
					a := e.open(t, nil)
					got, err := x.ask(t.Context(), cloud.NewClients(a.plain))
					switch {
					case known && got == x.code:
						t.Errorf("it answers %s now, take it off the list: %s", got, lenient)
					case !known && got != x.code:
						t.Errorf("it answers %v, AWS %s", err, x.code)
					}
				})
			}
			for name := range e.accepts {
				if !slices.Contains(names, name) {
					t.Errorf("there is no such refusal: %s", name)
				}
			}
		})
	}
}
