package awssim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// twice is a state machine that runs a task, and once more when it has failed.
const twice = `{"QueryLanguage":"JSONata","StartAt":"Look","States":{
	"Look":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:ecs:listTasks","Arguments":{"Cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/c","Family":"f","DesiredStatus":"RUNNING"},"Next":"Free"},
	"Free":{"Type":"Choice","Choices":[{"Condition":"{% $count($states.input.TaskArns) > 0 %}","Next":"Left"}],"Default":"One"},
	"Left":{"Type":"Succeed"},
	"One":{"Type":"Task","Resource":"arn:aws:states:::ecs:runTask.sync","Arguments":RUN,"End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Judge"}]},
	"Judge":{"Type":"Choice","Choices":[{"Condition":"{% $states.input.Error = 'States.TaskFailed' ? $parse($states.input.Cause).Containers[Name='a'].ExitCode = 3 : false %}","Next":"Wait"}],"Default":"Bad"},
	"Wait":{"Type":"Wait","Seconds":60,"Next":"Two"},
	"Two":{"Type":"Task","Resource":"arn:aws:states:::ecs:runTask.sync","Arguments":RUN,"End":true},
	"Bad":{"Type":"Fail","Error":"Bad","Cause":"bad"}}}`

// newMachineBench adds the role of a state machine, which may do all that its states do.
func newMachineBench(t *testing.T) (*jobBench, *sfn.Client, *sfn.CreateStateMachineInput) {
	t.Helper()
	b := newJobBench(t)
	err := b.sim.Edit(func(w *World) {
		w.Roles["states"] = &IAMRole{
			Name: "states", ARN: "arn:aws:iam::" + w.Account + ":role/states", Tags: cloud.Tags{}, Inline: map[string]string{"jobs": startsJobs, "more": `{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Action":["ecs:DescribeTasks","ecs:StopTask"],"Resource":"arn:aws:ecs:us-east-1:123456789012:task/c/*"},
				{"Effect":"Allow","Action":"ecs:ListTasks","Resource":"*","Condition":{"ArnEquals":{"ecs:cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/c"}}},
				{"Effect":"Allow","Action":["events:PutTargets","events:PutRule","events:DescribeRule"],"Resource":"arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForECSTaskRule"}]}`},
			Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
		}
		w.Roles["scheduler"].Inline["machine"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"states:StartExecution","Resource":"arn:aws:states:us-east-1:123456789012:stateMachine:m"}]}`
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(rolePropagation)
	run := `{"Cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/c","TaskDefinition":"` + b.revision + `","LaunchType":"FARGATE","PropagateTags":"TASK_DEFINITION","NetworkConfiguration":{"AwsvpcConfiguration":{"Subnets":["subnet-1"]}}}`
	return b, sfn.NewFromConfig(b.sim.Config()), &sfn.CreateStateMachineInput{
		Name: aws.String("m"), Definition: aws.String(strings.ReplaceAll(twice, `"Arguments":RUN`, `"Arguments":`+run)), RoleArn: aws.String("arn:aws:iam::123456789012:role/states"), Tags: []sfntypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}
}

// leads has a schedule start executions of the machine.
func (b *jobBench) leads(name, expression string) {
	b.t.Helper()
	in := b.input(name, expression, "Europe/Berlin")
	in.Target.Arn, in.Target.EcsParameters = aws.String(startsExecution), nil
	in.Target.Input = aws.String(`{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:m","Name":"<aws.scheduler.execution-id>","Input":"{}"}`)
	must[*scheduler.CreateScheduleOutput](b.t)(b.jobs.CreateSchedule(b.t.Context(), in))
}

func TestStateMachinesAreRefusedAsAWSDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api, in := newMachineBench(t)
		for name, c := range map[string]struct {
			change func(*sfn.CreateStateMachineInput)
			code   string
		}{
			"a name with a space":     {func(in *sfn.CreateStateMachineInput) { in.Name = aws.String("a b") }, "InvalidName"},
			"a name of 81 characters": {func(in *sfn.CreateStateMachineInput) { in.Name = aws.String(strings.Repeat("a", 81)) }, "InvalidName"},
			"a role that trusts another": {func(in *sfn.CreateStateMachineInput) {
				in.RoleArn = aws.String("arn:aws:iam::123456789012:role/scheduler")
			}, "AccessDeniedException"},
			"a state that nothing leads to": {func(in *sfn.CreateStateMachineInput) {
				in.Definition = aws.String(strings.Replace(*in.Definition, `"Left":{`, `"Lost":{"Type":"Succeed"},"Left":{`, 1))
			}, "InvalidDefinition"},
			"a target that is not there": {func(in *sfn.CreateStateMachineInput) {
				in.Definition = aws.String(strings.Replace(*in.Definition, `"Next":"Two"`, `"Next":"Three"`, 1))
			}, "InvalidDefinition"},
			"a field that runTask.sync does not pass on": {func(in *sfn.CreateStateMachineInput) {
				in.Definition = aws.String(strings.Replace(*in.Definition, `"LaunchType"`, `"StartedBy":"me","LaunchType"`, 1))
			}, "InvalidDefinition"},
			"a condition that is no JSONata": {func(in *sfn.CreateStateMachineInput) {
				in.Definition = aws.String(strings.Replace(*in.Definition, `{% $count`, `{% count`, 1))
			}, "InvalidDefinition"},
		} {
			other := *in
			c.change(&other)
			_, err := api.CreateStateMachine(t.Context(), &other)
			refused(t, name, err, c.code)
		}
		if err := b.sim.Edit(func(w *World) { delete(w.Roles["states"].Inline, "more") }); err != nil {
			t.Fatal(err)
		}
		_, err := api.CreateStateMachine(t.Context(), in)
		refused(t, "a role that may not keep the rule", err, "AccessDeniedException")
		if !strings.Contains(err.Error(), "is not authorized to create managed-rule") {
			t.Error(err)
		}
	})
}

func TestAStateMachineIsMadeOnceAndGoesWhenItsExecutionsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api, in := newMachineBench(t)
		arn := must[*sfn.CreateStateMachineOutput](t)(api.CreateStateMachine(t.Context(), in)).StateMachineArn
		in.Tags = nil
		if again := must[*sfn.CreateStateMachineOutput](t)(api.CreateStateMachine(t.Context(), in)); *again.StateMachineArn != *arn {
			t.Errorf("the same again is %s", *again.StateMachineArn)
		}
		other := *in
		other.Definition = aws.String(strings.Replace(*in.Definition, "60", "61", 1))
		_, err := api.CreateStateMachine(t.Context(), &other)
		refused(t, "another definition of that name", err, "StateMachineAlreadyExists")

		b.leads("led", "rate(1 days)")
		time.Sleep(time.Minute)
		running := must[*sfn.ListExecutionsOutput](t)(api.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: arn, StatusFilter: sfntypes.ExecutionStatusRunning})).Executions
		if len(running) != 1 || len(*running[0].Name) != 16 {
			t.Fatalf("%d executions run: %+v", len(running), running)
		}
		must[*sfn.DeleteStateMachineOutput](t)(api.DeleteStateMachine(t.Context(), &sfn.DeleteStateMachineInput{StateMachineArn: arn}))
		time.Sleep(10 * time.Second)
		if d := must[*sfn.DescribeStateMachineOutput](t)(api.DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: arn})); d.Status != sfntypes.StateMachineStatusDeleting {
			t.Errorf("with an execution it is %s", d.Status)
		}
		_, err = api.CreateStateMachine(t.Context(), in)
		refused(t, "one of that name while it is being deleted", err, "StateMachineDeleting")
		must[*sfn.StopExecutionOutput](t)(api.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: running[0].ExecutionArn}))
		time.Sleep(10 * time.Second)
		_, err = api.DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: arn})
		refused(t, "one that is gone", err, "StateMachineDoesNotExist")
		time.Sleep(time.Minute)
		tasks := must[*ecs.ListTasksOutput](t)(b.api.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("c"), Family: aws.String("f"), DesiredStatus: ecstypes.DesiredStatusRunning})).TaskArns
		if len(tasks) != 0 {
			t.Errorf("the execution was stopped, and %d tasks run", len(tasks))
		}
	})
}

// TestAYearOfExecutionsIsTwoTasksADay: the task fails each time, so that each day has two attempts; a schedule of the next
// minute finds the first one's task, and leaves its own out.
func TestAYearOfExecutionsIsTwoTasksADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api, in := newMachineBench(t)
		arn := must[*sfn.CreateStateMachineOutput](t)(api.CreateStateMachine(t.Context(), in)).StateMachineArn
		b.leads("led", "cron(0 4 * * ? *)")
		b.leads("next", "cron(1 4 * * ? *)")
		days, end := 366, time.Now().AddDate(1, 0, 0) // 2000 is a leap year
		if testing.Short() {
			days, end = 60, time.Now().AddDate(0, 0, 60)
		}
		tasks := map[string]int{}
		seen := map[string]bool{}
		for ; time.Now().Before(end); time.Sleep(50 * time.Minute) {
			if h := time.Now().UTC().Hour(); h < 1 || h > 4 {
				continue
			}
			for _, task := range b.tasksBy("AWS Step Functions") {
				if !seen[*task.TaskArn] {
					seen[*task.TaskArn] = true
					tasks[task.CreatedAt.UTC().Format(time.DateOnly)]++
				}
			}
		}
		for day, n := range tasks {
			if n != 2 {
				t.Errorf("%d tasks on %s, want 2", n, day)
			}
		}
		failed := must[*sfn.ListExecutionsOutput](t)(api.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: arn, StatusFilter: sfntypes.ExecutionStatusFailed, MaxResults: 1000})).Executions
		left := must[*sfn.ListExecutionsOutput](t)(api.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: arn, StatusFilter: sfntypes.ExecutionStatusSucceeded, MaxResults: 1000})).Executions
		if len(left) != len(failed) {
			t.Errorf("%d runs were left out, and %d failed", len(left), len(failed))
		}
		if len(tasks) != days || len(failed) != min(days, 90) {
			t.Errorf("tasks on %d days, want %d; %d executions are known, want those of 90 days", len(tasks), days, len(failed))
		}
	})
}

// TestWhatIsNotThereNeitherEqualsNorDiffersInJSONata: both comparisons of it are false.
func TestWhatIsNotThereNeitherEqualsNorDiffersInJSONata(t *testing.T) {
	for text, want := range map[string]bool{
		"{% $states.input.Lost = 1 %}": false, "{% $states.input.Lost != 1 %}": false, "{% $not($states.input.Lost = 1) %}": true,
		"{% $states.input.Here = 1 %}": true, "{% $states.input.Here != 1 %}": false, "{% $states.input.Here != 2 %}": true,
	} {
		e, err := parseJSONata(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e(map[string]any{"input": map[string]any{"Here": 1.0}}); err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
}
