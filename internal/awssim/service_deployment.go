package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ServiceDeployment is the ledger's line of a deployment.
type ServiceDeployment struct {
	ARN       string
	Service   string
	Status    types.ServiceDeploymentStatus
	Reason    string
	Target    string // revision
	Sources   []string
	Created   time.Time
	Finished  time.Time
	Failures  int
	Threshold int
	Rollback  *types.Rollback
}

// ServiceRevision is what a deployment deploys.
type ServiceRevision struct {
	ARN     string
	Service string
	Config  ServiceConfig
	Created time.Time
}

// closeLedger ends a line that is still open.
func (s *Sim) closeLedger(d *Deployment, status types.ServiceDeploymentStatus, reason string, at time.Time) {
	if l := s.world.ServiceDeployments[d.Ledger]; l != nil && l.Finished.IsZero() {
		l.Status, l.Reason, l.Finished = status, reason, at
	}
}

func (s *Sim) listServiceDeployments(in *ecs.ListServiceDeploymentsInput) (*ecs.ListServiceDeploymentsOutput, error) {
	ref := aws.ToString(in.Service)
	if in.Cluster == nil && strings.Count(ref, "/") < 2 {
		return nil, invalid("Cluster is required when the service is given by name.")
	}
	var lines []*ServiceDeployment
	for _, l := range sorted(s.world.ServiceDeployments) {
		if l.Service != ref && l.Service != s.serviceARN(aws.ToString(in.Cluster)[strings.LastIndexByte(aws.ToString(in.Cluster), '/')+1:], ref) {
			continue
		}
		if len(in.Status) > 0 && !slices.Contains(in.Status, l.Status) {
			continue
		}
		if t := in.CreatedAt; t != nil && (t.After != nil && l.Created.Before(*t.After) || t.Before != nil && l.Created.After(*t.Before)) {
			continue
		}
		lines = append(lines, l)
	}
	slices.Reverse(lines) // the newest first
	out := &ecs.ListServiceDeploymentsOutput{}
	for _, l := range lines {
		b := types.ServiceDeploymentBrief{
			ServiceDeploymentArn: &l.ARN, ServiceArn: &l.Service, Status: l.Status, StatusReason: &l.Reason, CreatedAt: &l.Created, StartedAt: &l.Created, TargetServiceRevisionArn: &l.Target,
		}
		if !l.Finished.IsZero() {
			b.FinishedAt = &l.Finished
		}
		out.ServiceDeployments = append(out.ServiceDeployments, b)
	}
	return out, nil
}

func (s *Sim) describeServiceDeployments(in *ecs.DescribeServiceDeploymentsInput) (*ecs.DescribeServiceDeploymentsOutput, error) {
	if n := len(in.ServiceDeploymentArns); n == 0 || n > 20 {
		return nil, invalid("Specify 1 to 20 service deployments.")
	}
	out := &ecs.DescribeServiceDeploymentsOutput{}
	for _, arn := range in.ServiceDeploymentArns {
		l := s.world.ServiceDeployments[arn]
		if l == nil {
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(arn), Reason: aws.String("MISSING")})
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, s.describeServiceDeployment(l))
	}
	return out, nil
}

func (s *Sim) describeServiceDeployment(l *ServiceDeployment) types.ServiceDeployment {
	monitor := types.ServiceDeploymentRollbackMonitorsStatusMonitoring
	switch {
	case l.Threshold == 0:
		monitor = types.ServiceDeploymentRollbackMonitorsStatusDisabled
	case l.Failures >= l.Threshold:
		monitor = types.ServiceDeploymentRollbackMonitorsStatusTriggered
	case !l.Finished.IsZero():
		monitor = types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete
	}
	d := types.ServiceDeployment{
		ServiceDeploymentArn: &l.ARN, ServiceArn: &l.Service, Status: l.Status, StatusReason: &l.Reason, CreatedAt: &l.Created, StartedAt: &l.Created, UpdatedAt: &l.Created, Rollback: l.Rollback,
		TargetServiceRevision:    s.summarize(l, l.Target),
		DeploymentCircuitBreaker: &types.ServiceDeploymentCircuitBreaker{Status: monitor, FailureCount: int32(l.Failures), Threshold: int32(l.Threshold)},
	}
	if x := s.world.Services[l.Service]; x != nil {
		d.ClusterArn, d.DeploymentConfiguration = aws.String(s.world.arn("ecs", "cluster/"+x.Cluster)), &x.Deploy
	}
	for _, r := range l.Sources {
		d.SourceServiceRevisions = append(d.SourceServiceRevisions, *s.summarize(l, r))
	}
	if !l.Finished.IsZero() {
		d.FinishedAt = &l.Finished
	}
	return d
}

// summarize counts the tasks of a revision.
func (s *Sim) summarize(l *ServiceDeployment, revision string) *types.ServiceRevisionSummary {
	out := &types.ServiceRevisionSummary{Arn: &revision}
	if x := s.world.Services[l.Service]; x != nil {
		for _, d := range x.Deployments {
			if d.Revision == revision {
				running, pending := s.counts(d.ID)
				out.RunningTaskCount += int32(running)
				out.PendingTaskCount += int32(pending)
				out.RequestedTaskCount += int32(d.Desired)
			}
		}
	}
	return out
}

func (s *Sim) describeServiceRevisions(in *ecs.DescribeServiceRevisionsInput) (*ecs.DescribeServiceRevisionsOutput, error) {
	if n := len(in.ServiceRevisionArns); n == 0 || n > 20 {
		return nil, invalid("Specify 1 to 20 service revisions.")
	}
	out := &ecs.DescribeServiceRevisionsOutput{}
	for _, arn := range in.ServiceRevisionArns {
		r := s.world.ServiceRevisions[arn]
		if r == nil {
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(arn), Reason: aws.String("MISSING")})
			continue
		}
		rev := types.ServiceRevision{
			ServiceRevisionArn: &r.ARN, ServiceArn: &r.Service, TaskDefinition: &r.Config.TaskDefinition, CapacityProviderStrategy: r.Config.Strategy,
			NetworkConfiguration: r.Config.Network, LoadBalancers: r.Config.LoadBalancers, ServiceConnectConfiguration: r.Config.Connect, CreatedAt: &r.Created,
		}
		if d := s.world.TaskDefinitions[r.Config.TaskDefinition]; d != nil {
			for _, c := range d.Definition.ContainerDefinitions {
				_, digest, _ := strings.Cut(aws.ToString(c.Image), "@")
				rev.ContainerImages = append(rev.ContainerImages, types.ContainerImage{ContainerName: c.Name, Image: c.Image, ImageDigest: aws.String(digest)})
			}
		}
		out.ServiceRevisions = append(out.ServiceRevisions, rev)
	}
	return out, nil
}
