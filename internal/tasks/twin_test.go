package tasks

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestAQueueIsKnownByItsURLAndInEveryPartition(t *testing.T) {
	for value, is := range map[string]bool{
		"arn:aws:sqs:us-east-1:123456789012:jobs":                     true,
		"arn:aws-cn:sqs:cn-north-1:123456789012:jobs":                 true,
		"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:jobs":          true,
		"arn:aws-eusc:sqs:eusc-de-east-1:123456789012:jobs":           true,
		"https://sqs.us-east-1.amazonaws.com/123456789012/jobs":       true,
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/jobs":   true,
		"https://us-west-2.queue.amazonaws.com/123456789012/jobs":     true,
		"https://queue.amazonaws.com/123456789012/jobs":               true,
		"https://cn-north-1.queue.amazonaws.com.cn/123456789012/jobs": true,
		"arn:aws:sns:us-east-1:123456789012:sqs.events":               false,
		"arn:aws:s3:::jobs":                                               false,
		"https://example.com/queue":                                       false,
		"arn:aws:lambda:us-east-1:123456789012:function:sqs":              false,
		"https://sqsx.example.com":                                        false,
		"https://vpce-0a-1.sqs.us-east-1.vpce.amazonaws.com/123456789012": true,
	} {
		if queue(value) != is {
			t.Errorf("queue(%q) = %v", value, !is)
		}
	}
}

// TestATaskThatOverridesItsCommandKeepsItsEntryPoint: one image with two entry points are two
// programs, whatever command a task of it was started with.
func TestATaskThatOverridesItsCommandKeepsItsEntryPoint(t *testing.T) {
	run := func(entryPoint, command, override []string) process {
		t.Helper()
		r := &twins{definitions: map[string]*types.TaskDefinition{"d": {ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("bot"), EntryPoint: entryPoint, Command: command}}}}}
		task := types.Task{TaskDefinitionArn: aws.String("d"), Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("bot"), Command: override}}}}
		p, err := r.process(t.Context(), task, types.Container{Name: aws.String("bot"), ImageDigest: aws.String("sha256:1")})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	mine := run([]string{"python"}, []string{"bot.py"}, nil)
	for _, c := range []struct {
		entryPoint, command, override []string
		same                          bool
	}{
		{[]string{"python"}, []string{"bot.py"}, nil, true},
		{[]string{"python"}, []string{"web.py"}, []string{"bot.py"}, true},
		{[]string{"node"}, []string{"web.py"}, []string{"bot.py"}, false},
		{nil, nil, []string{"bot.py"}, false},
		{[]string{"python"}, []string{"bot.py"}, []string{"web.py"}, false},
		{[]string{"python", "bot.py"}, nil, nil, false},
	} {
		if other := run(c.entryPoint, c.command, c.override); mine.as(other) != c.same {
			t.Errorf("%q %q overridden by %q is the same: %v", c.entryPoint, c.command, c.override, !c.same)
		}
	}
}
