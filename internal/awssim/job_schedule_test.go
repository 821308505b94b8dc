package awssim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// jobBench is an account with a cluster, a revision, a schedule group and the role that
// starts tasks of it.
type jobBench struct {
	*ecsBench
	jobs     *scheduler.Client
	revision string
}

const startsJobs = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"ecs:RunTask","Resource":"arn:aws:ecs:us-east-1:123456789012:task-definition/f:*","Condition":{"ArnEquals":{"ecs:cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/c"}}},
	{"Effect":"Allow","Action":"ecs:TagResource","Resource":"arn:aws:ecs:us-east-1:123456789012:task/c/*","Condition":{"StringEquals":{"ecs:CreateAction":"RunTask"}}},
	{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/execution","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}}]}`

func newJobBench(t *testing.T) *jobBench {
	t.Helper()
	b := newECSBench(t)
	err := b.sim.Edit(func(w *World) {
		w.Roles["scheduler"] = &IAMRole{
			Name: "scheduler", ARN: "arn:aws:iam::" + w.Account + ":role/scheduler", Tags: cloud.Tags{}, Inline: map[string]string{"jobs": startsJobs},
			Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`,
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(rolePropagation)
	d := definition(image)
	d.ExecutionRoleArn = aws.String("arn:aws:iam::123456789012:role/execution")
	d.ContainerDefinitions[0].Command = []string{"sh", "-c", "sleep 20; exit 3"}
	d.Tags = []ecstypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
	jobs := scheduler.NewFromConfig(b.sim.Config())
	must[*scheduler.CreateScheduleGroupOutput](t)(jobs.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: aws.String("g"), ClientToken: aws.String("1")}))
	return &jobBench{b, jobs, *must[*ecs.RegisterTaskDefinitionOutput](t)(b.api.RegisterTaskDefinition(t.Context(), d)).TaskDefinition.TaskDefinitionArn}
}

func (b *jobBench) input(name, expression, zone string) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: &name, GroupName: aws.String("g"), ScheduleExpression: &expression, ScheduleExpressionTimezone: &zone, ClientToken: aws.String(name),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: aws.String("arn:aws:ecs:us-east-1:123456789012:cluster/c"), RoleArn: aws.String("arn:aws:iam::123456789012:role/scheduler"),
			RetryPolicy: &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(600), MaximumRetryAttempts: aws.Int32(185)},
			EcsParameters: &types.EcsParameters{
				TaskDefinitionArn: &b.revision, LaunchType: types.LaunchTypeFargate, PropagateTags: types.PropagateTagsTaskDefinition,
				NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
			},
		},
	}
}

func (b *jobBench) create(name, expression, zone string) {
	b.t.Helper()
	must[*scheduler.CreateScheduleOutput](b.t)(b.jobs.CreateSchedule(b.t.Context(), b.input(name, expression, zone)))
}

// tasks are the tasks that a schedule has started, as long as ECS lists them.
func (b *jobBench) tasks(name string) []ecstypes.Task { return b.tasksBy("chronos-schedule/" + name) }

func (b *jobBench) tasksBy(starter string) []ecstypes.Task {
	b.t.Helper()
	var arns []string
	for _, status := range []ecstypes.DesiredStatus{ecstypes.DesiredStatusRunning, ecstypes.DesiredStatusStopped} {
		out := must[*ecs.ListTasksOutput](b.t)(b.api.ListTasks(context.Background(), &ecs.ListTasksInput{Cluster: aws.String("c"), Family: aws.String("f"), DesiredStatus: status}))
		arns = append(arns, out.TaskArns...)
	}
	if len(arns) == 0 {
		return nil
	}
	out := must[*ecs.DescribeTasksOutput](b.t)(b.api.DescribeTasks(context.Background(), &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: arns, Include: []ecstypes.TaskField{ecstypes.TaskFieldTags}}))
	return slices.DeleteFunc(out.Tasks, func(t ecstypes.Task) bool { return *t.StartedBy != starter })
}

func TestSchedulesAreRefusedAsAWSDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newJobBench(t)
		b.create("nightly", "cron(0 3 * * ? *)", "Europe/Berlin")
		for name, c := range map[string]struct {
			change func(*scheduler.CreateScheduleInput)
			code   string
		}{
			"a name that is taken, with another token": {func(in *scheduler.CreateScheduleInput) {
				in.Name, in.ClientToken = aws.String("nightly"), aws.String("2")
			}, "ConflictException"},
			"a group that is not there": {func(in *scheduler.CreateScheduleInput) { in.GroupName = aws.String("h") }, "ResourceNotFoundException"},
			"a name with a slash":       {func(in *scheduler.CreateScheduleInput) { in.Name = aws.String("a/b") }, "ValidationException"},
			"two days":                  {func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("cron(0 3 * * * *)") }, "ValidationException"},
			"five fields":               {func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("cron(0 3 * * ?)") }, "ValidationException"},
			"an unknown zone":           {func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Mars/Base") }, "ValidationException"},
			"a role of tasks": {func(in *scheduler.CreateScheduleInput) {
				in.Target.RoleArn = aws.String("arn:aws:iam::123456789012:role/execution")
			}, "ValidationException"},
			"a target that is no cluster": {func(in *scheduler.CreateScheduleInput) {
				in.Target.Arn = aws.String("arn:aws:sqs:us-east-1:123456789012:q")
			}, "ValidationException"},
			"retries for two days": {func(in *scheduler.CreateScheduleInput) {
				in.Target.RetryPolicy.MaximumEventAgeInSeconds = aws.Int32(172800)
			}, "ValidationException"},
		} {
			in := b.input("other", "cron(0 3 * * ? *)", "UTC")
			c.change(in)
			_, err := b.jobs.CreateSchedule(t.Context(), in)
			refused(t, name, err, c.code)
		}
		if _, err := b.jobs.CreateSchedule(t.Context(), b.input("nightly", "cron(0 3 * * ? *)", "Europe/Berlin")); err != nil {
			t.Errorf("the same token makes no second one, and no error: %v", err)
		}
		must[*scheduler.DeleteScheduleGroupOutput](t)(b.jobs.DeleteScheduleGroup(t.Context(), &scheduler.DeleteScheduleGroupInput{Name: aws.String("g")}))
		_, err := b.jobs.GetSchedule(t.Context(), &scheduler.GetScheduleInput{GroupName: aws.String("g"), Name: aws.String("nightly")})
		refused(t, "a schedule of a group that is being deleted", err, "ResourceNotFoundException")
		_, err = b.jobs.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: aws.String("g")})
		refused(t, "a group while it is being deleted", err, "ConflictException")
		time.Sleep(groupDeleting + time.Second)
		_, err = b.jobs.GetScheduleGroup(t.Context(), &scheduler.GetScheduleGroupInput{Name: aws.String("g")})
		refused(t, "a group that was deleted", err, "ResourceNotFoundException")
	})
}

func TestAScheduleStartsItsTaskWithTheTagsOfTheRevisionAndItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newJobBench(t)
		b.create("soon", "cron(0/5 * * * ? *)", "UTC")
		time.Sleep(5*time.Minute - 5*time.Second) // the bench took ten
		if got := b.tasks("soon"); len(got) != 1 || *got[0].LastStatus != "PROVISIONING" || len(got[0].Tags) != 1 || *got[0].TaskDefinitionArn != b.revision {
			t.Fatalf("after five minutes: %+v", got)
		}
		time.Sleep(2 * time.Minute)
		if got := b.tasks("soon"); len(got) != 1 || *got[0].LastStatus != "STOPPED" || *got[0].Containers[0].ExitCode != 3 {
			t.Fatalf("after seven minutes: %+v", got)
		}
		in := b.input("soon", "cron(0/5 * * * ? *)", "UTC")
		must[*scheduler.UpdateScheduleOutput](t)(b.jobs.UpdateSchedule(t.Context(), &scheduler.UpdateScheduleInput{
			Name: in.Name, GroupName: in.GroupName, ScheduleExpression: in.ScheduleExpression, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target, State: types.ScheduleStateDisabled,
		}))
		time.Sleep(20 * time.Minute)
		if got := b.tasks("soon"); len(got) != 1 {
			t.Errorf("a schedule that is disabled started %d tasks", len(got)-1)
		}
	})
}

func TestAScheduleWhoseRoleMayNotStartTasksTriesUntilItsEventIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newJobBench(t)
		b.create("refused", "cron(0 12 * * ? *)", "UTC")
		if err := b.sim.Edit(func(w *World) { w.Roles["scheduler"].Inline = nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12*time.Hour + 5*time.Minute)
		_ = b.tasks("refused")
		if x := b.sim.world.JobSchedules["g/refused"]; x.Started != 0 || len(x.Waiting) != 1 {
			t.Errorf("five minutes after it was due: %d started, %v waiting", x.Started, x.Waiting)
		}
		time.Sleep(10 * time.Minute)
		_ = b.tasks("refused")
		if x := b.sim.world.JobSchedules["g/refused"]; x.Started != 0 || x.Dropped != 1 || len(x.Waiting) != 0 {
			t.Errorf("a quarter of an hour after it was due: %d started, %d dropped, %v waiting", x.Started, x.Dropped, x.Waiting)
		}
		out := must[*cloudwatch.GetMetricDataOutput](t)(cloudwatch.NewFromConfig(b.sim.Config()).GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now()), MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("d"), MetricStat: &cwtypes.MetricStat{
				Stat: aws.String("Sum"), Period: aws.Int32(60), Metric: &cwtypes.Metric{
					Namespace: aws.String("AWS/Scheduler"), MetricName: aws.String("InvocationDroppedCount"), Dimensions: []cwtypes.Dimension{{Name: aws.String("ScheduleGroup"), Value: aws.String("g")}},
				},
			}}},
		}))
		if r := out.MetricDataResults[0]; len(r.Values) != 1 || r.Values[0] != 1 || r.Timestamps[0].UTC().Format("15:04") != "12:10" {
			t.Errorf("its metric: %v at %v", r.Values, r.Timestamps)
		}
	})
}

func TestDataPointsComeNewestFirstUnlessTheOldestAreAskedForFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newJobBench(t)
		time.Sleep(time.Hour)
		if err := b.sim.Edit(func(w *World) {
			w.ScheduleGroups["g"].Dropped = []time.Time{time.Now().Add(-30 * time.Minute), time.Now().Add(-20 * time.Minute)}
		}); err != nil {
			t.Fatal(err)
		}
		for by, want := range map[cwtypes.ScanBy]string{"": "00:40 00:30", cwtypes.ScanByTimestampDescending: "00:40 00:30", cwtypes.ScanByTimestampAscending: "00:30 00:40"} {
			out := must[*cloudwatch.GetMetricDataOutput](t)(cloudwatch.NewFromConfig(b.sim.Config()).GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
				StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now()), ScanBy: by, MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("d"), MetricStat: &cwtypes.MetricStat{
					Stat: aws.String("Sum"), Period: aws.Int32(60), Metric: &cwtypes.Metric{
						Namespace: aws.String("AWS/Scheduler"), MetricName: aws.String("InvocationDroppedCount"), Dimensions: []cwtypes.Dimension{{Name: aws.String("ScheduleGroup"), Value: aws.String("g")}},
					},
				}}},
			}))
			var got []string
			for _, at := range out.MetricDataResults[0].Timestamps {
				got = append(got, at.UTC().Format("15:04"))
			}
			if text := strings.Join(got, " "); text != want {
				t.Errorf("by %q: %s, want %s", by, text, want)
			}
		}
	})
}

// Berlin's clocks skip 02:30 on 26 March 2000 and show it twice on 29 October.
func TestAYearOfFiringsInAZoneWithSummerTimeLosesNoneAndDoublesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newJobBench(t)
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		b.create("at0230", "cron(30 2 * * ? *)", "Europe/Berlin")
		b.create("at0300", "cron(0 3 * * ? *)", "Europe/Berlin")
		seen := map[string]map[string]int{"at0230": {}, "at0300": {}}
		tasks := map[string]bool{}
		end := time.Now().AddDate(1, 0, 0)
		want := map[string]int{"at0230": 365, "at0300": 366} // 2000 is a leap year
		if testing.Short() {
			end, want = time.Now().AddDate(0, 0, 100), map[string]int{"at0230": 99, "at0300": 100}
		}
		for ; time.Now().Before(end); time.Sleep(50 * time.Minute) {
			if h := time.Now().In(berlin).Hour(); h < 2 || h > 4 {
				continue
			}
			for name, days := range seen {
				for _, task := range b.tasks(name) {
					if !tasks[*task.TaskArn] {
						tasks[*task.TaskArn] = true
						at := task.CreatedAt.In(berlin)
						days[at.Format(time.DateOnly)]++
						if got := fmt.Sprintf("at%02d%02d", at.Hour(), at.Minute()); got != name {
							t.Errorf("%s started a task at %s", name, at)
						}
					}
				}
			}
		}
		for name, want := range want {
			if got := len(seen[name]); got != want {
				t.Errorf("%s came on %d days, want %d", name, got, want)
			}
			for day, n := range seen[name] {
				if n != 1 {
					t.Errorf("%s came %d times on %s", name, n, day)
				}
			}
		}
		if n := seen["at0230"]["2000-03-26"]; n != 0 {
			t.Errorf("02:30 came %d times where the clocks skip it", n)
		}
	})
}

func TestATimeThatTheClocksSkipIsLeftOutAndOneThatTheyShowTwiceComesOnce(t *testing.T) {
	for zone, c := range map[string]struct{ expression, from, to, want string }{
		"Europe/Berlin":    {"cron(30 2 * * ? *)", "2000-03-25T00:00:00Z", "2000-03-28T00:00:00Z", "[2000-03-25T01:30:00Z 2000-03-27T00:30:00Z]"},
		"America/New_York": {"cron(30 1 * * ? *)", "2000-10-28T00:00:00Z", "2000-10-31T00:00:00Z", "[2000-10-28T05:30:00Z 2000-10-29T05:30:00Z 2000-10-30T06:30:00Z]"},
		"UTC":              {"cron(0 0/8 ? * SUN *)", "2000-01-01T00:00:00Z", "2000-01-03T00:00:00Z", "[2000-01-02T00:00:00Z 2000-01-02T08:00:00Z 2000-01-02T16:00:00Z]"},
		"Asia/Tokyo":       {"rate(1 days)", "2000-01-01T00:00:00Z", "2000-01-02T12:00:00Z", "[2000-01-01T00:00:00Z 2000-01-02T00:00:00Z]"},
	} {
		when, err := parseJobSchedule(c.expression, zone)
		if err != nil {
			t.Fatal(err)
		}
		at := func(s string) time.Time {
			x, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		var got []string
		for _, x := range when.due(at(c.from), at(c.from), at(c.to)) {
			got = append(got, x.Format(time.RFC3339))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s in %s: %v, want %s", c.expression, zone, got, c.want)
		}
	}
}

// TestADayOfTheMonthIsAnotherOneInEach: the forms with L, W and #, from August to November of 2026.
func TestADayOfTheMonthIsAnotherOneInEach(t *testing.T) {
	from := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	for fields, want := range map[string]string{
		"0 9 L * ? *":     "[8-31 9-30 10-31 11-30]",
		"0 9 1W * ? *":    "[8-3 9-1 10-1 11-2]",
		"0 9 15W * ? *":   "[8-14 9-15 10-15 11-16]",
		"0 9 ? * 6L *":    "[8-28 9-25 10-30 11-27]",
		"0 9 ? * FRI#3 *": "[8-21 9-18 10-16 11-20]",
		"0 9 ? * 1#5 *":   "[8-30 11-29]",
		"0 9 ? 11 L *":    "[11-7 11-14 11-21 11-28]",
	} {
		when, err := parseJobSchedule("cron("+fields+")", "UTC")
		if err != nil {
			t.Errorf("%s: %v", fields, err)
			continue
		}
		var got []string
		for _, x := range when.due(from, from, from.AddDate(0, 4, 0)) {
			got = append(got, x.Format("1-2"))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", fields, got, want)
		}
	}
	for _, fields := range []string{"0 9 0W * ? *", "0 9 W * ? *", "0 9 ? * FRI#6 *", "0 9 ? * 8#1 *", "0 9 ? * 3#1,6#3 *", "0 9 ? * FOOL *", "0 L * * ? *"} {
		if _, err := parseJobSchedule("cron("+fields+")", "UTC"); err == nil {
			t.Errorf("%s is taken", fields)
		}
	}
}
