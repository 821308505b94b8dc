package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// How long an instance takes. Starting and stopping are from instances' own activity histories in public
// repositories; the checks are made every minute, and the first passes after one to three:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
const (
	instanceStarts  = 15 * time.Second
	instanceChecked = 2 * time.Minute
	instanceStops   = 30 * time.Second
	instanceListed  = time.Hour
	// instanceForwards is when its script has run, from its launch on: the system starts, and installs a package.
	instanceForwards = 75 * time.Second
)

// Instance is a simulated EC2 instance of an Auto Scaling group.
type Instance struct {
	ID string
	// Template and Group are what it was started with and by.
	Template  string
	Group     string
	Type      string
	AZ        string
	Interface string
	VolumeGB  int32
	State     types.InstanceStateName
	Launched  time.Time
	// Ended is when it began to stop.
	Ended time.Time
	// Impaired has its status checks fail. A test sets it.
	Impaired bool `json:",omitempty"`
	Tags     cloud.Tags
}

func (s *Sim) instanceNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.DescribeInstanceStatus", s.describeInstanceStatus, "InstanceIds", "IncludeAllInstances").pages("InstanceStatuses", 100, 1000, "InstanceIds"),
		},
		settle: s.settleInstances,
		each: func(tell func(thing)) {
			for _, i := range s.world.Instances {
				t := thing{kind: "instance", name: i.ID, tags: i.Tags, gone: i.State == types.InstanceStateNameTerminated, since: i.Launched}
				if i.Ended.IsZero() {
					t.bills = []metered{
						{noun: "auto_scaling_group", service: "Amazon Elastic Compute Cloud - Compute", hourly: rates.instances[i.Type]},
						{noun: "auto_scaling_group", service: "EC2 - Other", hourly: times(rates.volume, int(i.VolumeGB)).Div(rates.aMonth)},
					}
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) settleInstances() {
	for id, i := range s.world.Instances {
		switch {
		case i.State == types.InstanceStateNamePending && !s.now().Before(i.Launched.Add(instanceStarts)):
			i.State = types.InstanceStateNameRunning
		case i.State == types.InstanceStateNameShuttingDown && !s.now().Before(i.Ended.Add(instanceStops)):
			i.State = types.InstanceStateNameTerminated
			if n := s.world.NetworkInterfaces[i.Interface]; n != nil && n.Instance == i.ID {
				n.Instance = "" // it was there before the instance, and stays
			}
		case i.State == types.InstanceStateNameTerminated && !s.now().Before(i.Ended.Add(instanceListed)):
			delete(s.world.Instances, id)
		}
	}
}

// endInstance begins to stop one for good.
func (s *Sim) endInstance(i *Instance) {
	if i.Ended.IsZero() {
		i.State, i.Ended = types.InstanceStateNameShuttingDown, s.now()
	}
}

// alive is that it is there and is not going away.
func (i *Instance) alive() bool { return i.Ended.IsZero() }

// forwards tells whether it passes on what comes to its interface.
func (s *Sim) forwards(i *Instance) bool {
	return i != nil && i.State == types.InstanceStateNameRunning && !i.Impaired && !s.now().Before(i.Launched.Add(instanceForwards))
}

func (s *Sim) describeInstanceStatus(in *ec2.DescribeInstanceStatusInput) (*ec2.DescribeInstanceStatusOutput, error) {
	seen := func(i *Instance) bool { return s.visible(i.Launched) }
	if err := only(in.InstanceIds, s.world.Instances, seen, "InvalidInstanceID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeInstanceStatusOutput{}
	for _, i := range sorted(s.world.Instances) {
		if !wanted(in.InstanceIds, i.ID) || !seen(i) || i.State != types.InstanceStateNameRunning && !aws.ToBool(in.IncludeAllInstances) {
			continue
		}
		status := types.SummaryStatusInitializing
		switch {
		case i.Impaired:
			status = types.SummaryStatusImpaired
		case !i.alive():
			status = types.SummaryStatusNotApplicable
		case !s.now().Before(i.Launched.Add(instanceChecked)):
			status = types.SummaryStatusOk
		}
		out.InstanceStatuses = append(out.InstanceStatuses, types.InstanceStatus{
			InstanceId: &i.ID, AvailabilityZone: &i.AZ, InstanceState: &types.InstanceState{Name: i.State},
			InstanceStatus: &types.InstanceStatusSummary{Status: status}, SystemStatus: &types.InstanceStatusSummary{Status: status},
		})
	}
	return out, nil
}
