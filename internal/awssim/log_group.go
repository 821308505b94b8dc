package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// LogGroup is a simulated log group with its streams.
type LogGroup struct {
	Name          string
	ARN           string
	RetentionDays int
	Tags          cloud.Tags
	Created       time.Time
	Streams       map[string]*LogStream
	Filters       map[string]*MetricFilter
	// Events are in the order of timestamp, then ingestion.
	Events []LogEvent
}

func (s *Sim) logGroupNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch Logs.CreateLogGroup", s.createLogGroup, "LogGroupName", "Tags"),
			on("CloudWatch Logs.DescribeLogGroups", s.describeLogGroups, "LogGroupNamePrefix").pages("LogGroups", 50, 50),
			on("CloudWatch Logs.PutRetentionPolicy", s.putRetentionPolicy, "LogGroupName", "RetentionInDays"),
			on("CloudWatch Logs.DeleteRetentionPolicy", s.deleteRetentionPolicy, "LogGroupName"),
			on("CloudWatch Logs.DeleteLogGroup", s.deleteLogGroup, "LogGroupName"),
			on("CloudWatch Logs.ListTagsForResource", s.listLogTags, "ResourceArn"),
			on("CloudWatch Logs.TagResource", s.tagLogs, "ResourceArn", "Tags"),
			on("CloudWatch Logs.UntagResource", s.untagLogs, "ResourceArn", "TagKeys"),
		},
		each: func(tell func(thing)) {
			for _, g := range s.world.LogGroups {
				tell(thing{kind: "log-group", name: g.Name, tags: g.Tags, arn: g.ARN, since: g.Created})
			}
		},
	}
}

var logGroupName = lazyregexp.New(`^[a-zA-Z0-9_\-/.#]{1,512}$`)

// retentions are the only numbers of days that AWS takes.
var retentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (s *Sim) logGroup(name string) (*LogGroup, error) {
	g := s.world.LogGroups[name]
	if g == nil || !s.visible(g.Created) {
		return nil, fail("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return g, nil
}

func (s *Sim) createLogGroup(in *logs.CreateLogGroupInput) (*logs.CreateLogGroupOutput, error) {
	name := aws.ToString(in.LogGroupName)
	if !logGroupName.MatchString(name) || strings.HasPrefix(name, "aws/") {
		return nil, fail("InvalidParameterException", "1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+", name)
	}
	if s.world.LogGroups[name] != nil {
		return nil, fail("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	if err := validTags(in.Tags, "InvalidParameterException"); err != nil {
		return nil, err
	}
	tags := cloud.Tags(maps.Clone(in.Tags))
	if tags == nil {
		tags = cloud.Tags{}
	}
	s.world.LogGroups[name] = &LogGroup{
		Name: name, ARN: s.world.arn("logs", "log-group:"+name), Tags: tags, Created: s.now(),
		Streams: map[string]*LogStream{}, Filters: map[string]*MetricFilter{},
	}
	return &logs.CreateLogGroupOutput{}, nil
}

func (s *Sim) describeLogGroups(in *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsOutput, error) {
	var all []types.LogGroup
	for _, g := range sorted(s.world.LogGroups) {
		if !s.visible(g.Created) || !strings.HasPrefix(g.Name, aws.ToString(in.LogGroupNamePrefix)) {
			continue
		}
		d := types.LogGroup{
			LogGroupName: &g.Name, Arn: aws.String(g.ARN + ":*"), LogGroupArn: &g.ARN, CreationTime: aws.Int64(g.Created.UnixMilli()),
			MetricFilterCount: aws.Int32(int32(len(g.Filters))), LogGroupClass: types.LogGroupClassStandard, StoredBytes: aws.Int64(0),
		}
		if g.RetentionDays > 0 {
			d.RetentionInDays = aws.Int32(int32(g.RetentionDays))
		}
		all = append(all, d)
	}
	out := &logs.DescribeLogGroupsOutput{}
	out.LogGroups = all
	return out, nil
}

func (s *Sim) putRetentionPolicy(in *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	days := int(aws.ToInt32(in.RetentionInDays))
	if !slices.Contains(retentions, days) {
		return nil, fail("InvalidParameterException", "1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set", days)
	}
	g.RetentionDays = days
	return &logs.PutRetentionPolicyOutput{}, nil
}

func (s *Sim) deleteRetentionPolicy(in *logs.DeleteRetentionPolicyInput) (*logs.DeleteRetentionPolicyOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	g.RetentionDays = 0
	return &logs.DeleteRetentionPolicyOutput{}, nil
}

func (s *Sim) deleteLogGroup(in *logs.DeleteLogGroupInput) (*logs.DeleteLogGroupOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	delete(s.world.LogGroups, g.Name)
	return &logs.DeleteLogGroupOutput{}, nil
}

// loggedAt is a group by its ARN, which must not end in ":*" here.
func (s *Sim) loggedAt(arn string) (*LogGroup, error) {
	for _, g := range s.world.LogGroups {
		if g.ARN == arn && s.visible(g.Created) {
			return g, nil
		}
	}
	return nil, fail("ResourceNotFoundException", "The specified resource does not exist.")
}

func (s *Sim) listLogTags(in *logs.ListTagsForResourceInput) (*logs.ListTagsForResourceOutput, error) {
	g, err := s.loggedAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &logs.ListTagsForResourceOutput{Tags: maps.Clone(g.Tags)}, nil
}

func (s *Sim) tagLogs(in *logs.TagResourceInput) (*logs.TagResourceOutput, error) {
	g, err := s.loggedAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &logs.TagResourceOutput{}, retag(g.Tags, in.Tags, nil, "InvalidParameterException")
}

func (s *Sim) untagLogs(in *logs.UntagResourceInput) (*logs.UntagResourceOutput, error) {
	g, err := s.loggedAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &logs.UntagResourceOutput{}, retag(g.Tags, nil, in.TagKeys, "InvalidParameterException")
}
