package awssim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// queried is a simulated account with two log groups and a client for it.
func queried(t *testing.T) (*Sim, *logs.Client) {
	t.Helper()
	sim, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := cloud.NewClients(sim.Config()).Logs
	for _, name := range []string{"/ecs/a", "/ecs/b"} {
		if _, err := client.CreateLogGroup(t.Context(), &logs.CreateLogGroupInput{LogGroupName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	base := time.Now().Truncate(time.Minute)
	for i, line := range []string{
		`GET /health 200 took=5`, `GET /slow 200 took=1500`, `POST /pay 500 took=30`, `ERROR cannot pay`,
		`{"level":"error","user":{"name":"ada"},"ms":12}`, `GET /health 200 took=15`,
	} {
		group := []string{"/ecs/a", "/ecs/b"}[i/4]
		if err := sim.Write(group, "agent/a/task", base.Add(time.Duration(i)*time.Second), line); err != nil {
			t.Fatal(err)
		}
	}
	return sim, client
}

func ask(ctx context.Context, client *logs.Client, query string) (string, *logs.GetQueryResultsOutput, error) {
	started, err := client.StartQuery(ctx, &logs.StartQueryInput{
		LogGroupNames: []string{"/ecs/a", "/ecs/b"}, QueryString: &query,
		StartTime: aws.Int64(time.Now().Add(-time.Hour).Unix()), EndTime: aws.Int64(time.Now().Add(time.Minute).Unix()),
	})
	if err != nil {
		return "", nil, err
	}
	time.Sleep(5 * time.Second)
	out, err := client.GetQueryResults(ctx, &logs.GetQueryResultsInput{QueryId: started.QueryId})
	if err != nil {
		return "", nil, err
	}
	var lines []string
	for _, row := range out.Results {
		var cells []string
		for _, f := range row {
			if *f.Field != "@ptr" {
				cells = append(cells, *f.Field+"="+*f.Value)
			}
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n"), out, nil
}

func TestALogQueryReadsTheEventsOfItsGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := queried(t)
		got, out, err := ask(t.Context(), client, `stats count(*) by @log | sort @log`)
		if err != nil {
			t.Fatal(err)
		}
		if want := "@log=123456789012:/ecs/a count(*)=4\n@log=123456789012:/ecs/b count(*)=2"; got != want {
			t.Errorf("the query gives\n%s\nwant\n%s", got, want)
		}
		if s := out.Statistics; out.Status != types.QueryStatusComplete || s.RecordsScanned != 6 || s.BytesScanned < 6*eventOverhead {
			t.Errorf("%s, %+v", out.Status, s)
		}
		if _, _, err := ask(t.Context(), client, `fields @message | dance`); !cloud.Is(err, "MalformedQueryException") || !strings.Contains(err.Error(), "unexpected symbol found dance at line 1 and position 19") {
			t.Errorf("a command that does not exist: %v", err)
		}
	})
}

func TestLogQueriesHaveLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := queried(t)
		in := func() *logs.StartQueryInput {
			return &logs.StartQueryInput{
				LogGroupName: aws.String("/ecs/a"), QueryString: aws.String("fields @message"),
				StartTime: aws.Int64(time.Now().Add(-time.Hour).Unix()), EndTime: aws.Int64(time.Now().Unix()),
			}
		}
		for what, c := range map[string]struct {
			change func(*logs.StartQueryInput)
			code   string
		}{
			"no group":             {func(in *logs.StartQueryInput) { in.LogGroupName = nil }, "InvalidParameterException"},
			"51 groups":            {func(in *logs.StartQueryInput) { in.LogGroupName, in.LogGroupNames = nil, make([]string, 51) }, "InvalidParameterException"},
			"a group that is not":  {func(in *logs.StartQueryInput) { in.LogGroupName = aws.String("/ecs/c") }, "ResourceNotFoundException"},
			"an end before":        {func(in *logs.StartQueryInput) { in.EndTime = aws.Int64(*in.StartTime - 1) }, "InvalidParameterException"},
			"a time before groups": {func(in *logs.StartQueryInput) { in.EndTime = aws.Int64(*in.StartTime + 1) }, "MalformedQueryException"},
			"10,001 rows":          {func(in *logs.StartQueryInput) { in.Limit = aws.Int32(10_001) }, "InvalidParameterException"},
		} {
			x := in()
			c.change(x)
			if _, err := client.StartQuery(t.Context(), x); !cloud.Is(err, c.code) {
				t.Errorf("%s: %v", what, err)
			}
		}
		var first *string
		for range 30 {
			out, err := client.StartQuery(t.Context(), in())
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.QueryId
			}
		}
		if _, err := client.StartQuery(t.Context(), in()); !cloud.Is(err, "LimitExceededException") {
			t.Errorf("a 31st query at once: %v", err)
		}
		if _, err := client.StopQuery(t.Context(), &logs.StopQueryInput{QueryId: first}); err != nil {
			t.Error(err)
		}
		if out, err := client.GetQueryResults(t.Context(), &logs.GetQueryResultsInput{QueryId: first}); err != nil || out.Status != types.QueryStatusCancelled {
			t.Errorf("stopped: %v, %v", out, err)
		}
		if _, err := client.StartQuery(t.Context(), in()); err != nil {
			t.Errorf("after one was stopped: %v", err)
		}
		time.Sleep(10 * time.Second)
		if _, err := client.StopQuery(t.Context(), &logs.StopQueryInput{QueryId: first}); !cloud.Is(err, "InvalidParameterException") {
			t.Errorf("stopped twice: %v", err)
		}
	})
}

func TestALogQueryGivesTenThousandRowsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := queried(t)
		for i := range 10_100 {
			if err := sim.Write("/ecs/a", "agent/a/task", time.Now(), fmt.Sprint("line ", i)); err != nil {
				t.Fatal(err)
			}
		}
		_, out, err := ask(t.Context(), client, "fields @message")
		if err != nil || len(out.Results) != 10_000 || out.Statistics.RecordsMatched != 10_106 {
			t.Errorf("%d rows, %v matched, %v", len(out.Results), out.Statistics.RecordsMatched, err)
		}
	})
}
