package awssim

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// ScheduleGroup is a simulated group of EventBridge Scheduler. Only groups have tags.
type ScheduleGroup struct {
	Name    string
	ARN     string
	Token   string
	Tags    cloud.Tags
	Created time.Time
	// Deleting is since when it is being deleted, with its schedules.
	Deleting time.Time
	// Dropped is when invocations of its schedules were given up.
	Dropped []time.Time `json:",omitempty"`
}

// groupDeleting is how long a group is DELETING. AWS says only that it stays so until its
// schedules are gone: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html
const groupDeleting = 10 * time.Second

func (s *Sim) scheduleGroupNoun() noun {
	return noun{
		ops: []operation{
			on("Scheduler.CreateScheduleGroup", s.createScheduleGroup, "Name", "ClientToken", "Tags"),
			on("Scheduler.GetScheduleGroup", s.getScheduleGroup, "Name"),
			on("Scheduler.DeleteScheduleGroup", s.deleteScheduleGroup, "Name", "ClientToken"),
			on("Scheduler.ListTagsForResource", s.listScheduleGroupTags, "ResourceArn"),
			on("Scheduler.TagResource", s.tagScheduleGroup, "ResourceArn", "Tags"),
			on("Scheduler.UntagResource", s.untagScheduleGroup, "ResourceArn", "TagKeys"),
		},
		settle: func() {
			for name, g := range s.world.ScheduleGroups {
				if !g.Deleting.IsZero() && !s.now().Before(g.Deleting.Add(groupDeleting)) {
					delete(s.world.ScheduleGroups, name)
				}
			}
			s.settleDroppedAlarms()
		},
		each: func(tell func(thing)) {
			for _, g := range s.world.ScheduleGroups {
				tell(thing{kind: "schedule-group", name: g.Name, tags: g.Tags, arn: g.ARN, since: g.Created, gone: !g.Deleting.IsZero()})
			}
		},
	}
}

// scheduleName is what groups and schedules may be called.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
var scheduleName = lazyregexp.New(`^[0-9a-zA-Z._-]{1,64}$`)

// The refusals of EventBridge Scheduler: it has a REST protocol, so its codes come with
// statuses of their own.
func schedulerMissing(what, name string) error {
	return refuse(http.StatusNotFound, "ResourceNotFoundException", what+" "+name+" does not exist.")
}

func schedulerConflict(message string) error {
	return refuse(http.StatusConflict, "ConflictException", message)
}

func badScheduleName(name string) error {
	if scheduleName.MatchString(name) {
		return nil
	}
	return fail("ValidationException", "1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must have length less than or equal to 64 and satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$", name)
}

// scheduleGroup finds a group, one that is being deleted among them.
func (s *Sim) scheduleGroup(name string) (*ScheduleGroup, error) {
	g := s.world.ScheduleGroups[name]
	if g == nil || !s.visible(g.Created) {
		return nil, schedulerMissing("Schedule group", name)
	}
	return g, nil
}

func (s *Sim) createScheduleGroup(in *scheduler.CreateScheduleGroupInput) (*scheduler.CreateScheduleGroupOutput, error) {
	name, token := aws.ToString(in.Name), aws.ToString(in.ClientToken)
	if err := badScheduleName(name); err != nil {
		return nil, err
	}
	tags := cloud.FromSDK(in.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	if err := validTags(tags, "ValidationException"); err != nil {
		return nil, err
	}
	if g := s.world.ScheduleGroups[name]; g != nil || name == "default" {
		if g != nil && g.Token == token && g.Deleting.IsZero() {
			return &scheduler.CreateScheduleGroupOutput{ScheduleGroupArn: &g.ARN}, nil
		}
		return nil, schedulerConflict("Schedule group " + name + " already exists.")
	}
	g := &ScheduleGroup{Name: name, ARN: s.world.arn("scheduler", "schedule-group/"+name), Token: token, Tags: tags, Created: s.now()}
	s.world.ScheduleGroups[name] = g
	return &scheduler.CreateScheduleGroupOutput{ScheduleGroupArn: &g.ARN}, nil
}

func (s *Sim) getScheduleGroup(in *scheduler.GetScheduleGroupInput) (*scheduler.GetScheduleGroupOutput, error) {
	g, err := s.scheduleGroup(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	state := types.ScheduleGroupStateActive
	if !g.Deleting.IsZero() {
		state = types.ScheduleGroupStateDeleting
	}
	return &scheduler.GetScheduleGroupOutput{Arn: &g.ARN, Name: &g.Name, State: state, CreationDate: &g.Created, LastModificationDate: &g.Created}, nil
}

// deleteScheduleGroup takes the group's schedules with it.
func (s *Sim) deleteScheduleGroup(in *scheduler.DeleteScheduleGroupInput) (*scheduler.DeleteScheduleGroupOutput, error) {
	g, err := s.scheduleGroup(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	if !g.Deleting.IsZero() {
		return nil, schedulerConflict("Schedule group " + g.Name + " is being deleted.")
	}
	g.Deleting = s.now()
	for key, x := range s.world.JobSchedules {
		if x.Group == g.Name {
			delete(s.world.JobSchedules, key)
		}
	}
	return &scheduler.DeleteScheduleGroupOutput{}, nil
}

func (s *Sim) scheduleGroupByARN(arn *string) (*ScheduleGroup, error) {
	name, ok := strings.CutPrefix(aws.ToString(arn), s.world.arn("scheduler", "schedule-group/"))
	if !ok {
		return nil, fail("ValidationException", "Invalid resource ARN %s.", aws.ToString(arn))
	}
	return s.scheduleGroup(name)
}

func (s *Sim) listScheduleGroupTags(in *scheduler.ListTagsForResourceInput) (*scheduler.ListTagsForResourceOutput, error) {
	g, err := s.scheduleGroupByARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &scheduler.ListTagsForResourceOutput{Tags: cloud.ToSDK(g.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) tagScheduleGroup(in *scheduler.TagResourceInput) (*scheduler.TagResourceOutput, error) {
	g, err := s.scheduleGroupByARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	set := cloud.FromSDK(in.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return &scheduler.TagResourceOutput{}, retag(g.Tags, set, nil, "ValidationException")
}

func (s *Sim) untagScheduleGroup(in *scheduler.UntagResourceInput) (*scheduler.UntagResourceOutput, error) {
	g, err := s.scheduleGroupByARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &scheduler.UntagResourceOutput{}, retag(g.Tags, nil, in.TagKeys, "ValidationException")
}
