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

func TestALogQueryGivesWhatTheLanguageSays(t *testing.T) {
	for query, want := range map[string]string{
		`fields @message | filter @message like /ERROR/`:                                                   `@message=ERROR cannot pay`,
		`fields @message | filter @message like "pay" and not @message like /ERROR/`:                       `@message=POST /pay 500 took=30`,
		`filter @message not like /GET|POST|ERROR/ | display user.name, ms * 2 as twice`:                   `user.name=ada twice=24`,
		`parse @message "* * * took=*" as verb, path, status, ms | filter ms > 1000 | display path, ms`:    `path=/slow ms=1500`,
		`parse /took=(?<ms>\d+)/ | stats count(ms) as n, avg(ms), max(ms) as most, pct(ms, 50)`:            `n=5 avg(ms)=312.4 most=1500 pct(ms, 50)=15`,
		`parse /^(?<verb>[A-Z]+) \// | filter ispresent(verb) | stats count(*) as n by verb | sort n desc`: "verb=GET n=3\nverb=POST n=1",
		`stats count(*) by @log | sort @log`:                                                               "@log=123456789012:/ecs/a count(*)=4\n@log=123456789012:/ecs/b count(*)=2",
		`stats count() as n by bin(1m) as at, level | filter ispresent(level) | display level, n`:          `level=error n=1`,
		`fields @message | filter @message in ["ERROR cannot pay"] or ms = 12 | sort @timestamp | limit 1`: `@message=ERROR cannot pay`,
		"fields substr(@message, 0, 5) as s # the beginning\n| sort @timestamp desc | limit 1":             `s=GET /`,
		`fields @timestamp | filter coalesce(nothing, "x") != "x"`:                                         ``,
		`stats latest(@message) as last, earliest(@message) as first`:                                      "last=GET /health 200 took=15 first=GET /health 200 took=5",
		`filter strlen(trim(@message)) = 16 | display tolower(@message) as m`:                              `m=error cannot pay`,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, client := queried(t)
			got, out, err := ask(t.Context(), client, query)
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if got != want {
				t.Errorf("%s gives\n%s\nwant\n%s", query, got, want)
			}
			if s := out.Statistics; out.Status != types.QueryStatusComplete || s.RecordsScanned != 6 || s.BytesScanned < 6*eventOverhead {
				t.Errorf("%s: %s, %+v", query, out.Status, s)
			}
		})
	}
}

func TestALogQueryIsRefusedForWhatTheLanguageDoesNotKnow(t *testing.T) {
	for query, want := range map[string]string{
		``:                                     "unexpected symbol found end of query at line 1 and position 1",
		`select *`:                             "unexpected symbol found select at line 1 and position 1",
		`fields @message | dance`:              "unexpected symbol found dance at line 1 and position 19",
		`fields @message |`:                    "unexpected symbol found end of query",
		"fields @message\n| filter ;":          "unexpected symbol found ; at line 2 and position 10",
		`filter @message like`:                 "unexpected symbol found end of query",
		`filter @message like /(/`:             "invalid regular expression",
		`filter dance(@message) = 1`:           "dance is not known",
		`filter strlen() = 1`:                  "unexpected symbol found )",
		`filter strlen(@message, 1) = 1`:       "invalid number of arguments of strlen",
		`stats dance(@message)`:                "stats needs a function",
		`stats pct(ms, 101)`:                   "a number from 0 to 100",
		`stats count(*) by bin(soon)`:          "bin needs a length of time",
		`parse @message "* *" as one`:          "parse has 2 wildcards and 1 names",
		`parse @message /no names/`:            "parse needs named groups",
		`parse @message /(no|yes) (?<name>x)/`: "parse needs named groups",
		`limit 10001`:                          "limit must be between 1 and 10000",
		`fields @message limit 5`:              "unexpected symbol found limit",
		`filter @message in ["a"`:              "unexpected symbol found end of query",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, client := queried(t)
			_, _, err := ask(t.Context(), client, query)
			if !cloud.Is(err, "MalformedQueryException") || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %s", query, err, want)
			}
		})
	}
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
