package insights

import (
	"strings"
	"testing"
	"time"
)

// events are four lines of one log group and two of another, a second apart.
func events() []Row {
	base := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	var rows []Row
	for i, line := range []string{
		`GET /health 200 took=5`, `GET /slow 200 took=1500`, `POST /pay 500 took=30`, `ERROR cannot pay`,
		`{"level":"error","user":{"name":"ada"},"ms":12}`, `GET /health 200 took=15`,
	} {
		at := base.Add(time.Duration(i) * time.Second).UnixMilli()
		row := Row{At: at, Fields: map[string]string{"@timestamp": Time(at), "@message": line, "@log": []string{"123456789012:/ecs/a", "123456789012:/ecs/b"}[i/4]}}
		Discover(row.Fields, line)
		rows = append(rows, row)
	}
	return rows
}

// table writes a result as text, a line a row.
func table(r Result) string {
	var lines []string
	for _, row := range r.Rows {
		var cells []string
		for _, c := range r.Columns {
			if v, ok := row.Fields[c]; ok {
				cells = append(cells, c+"="+v)
			}
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n")
}

func TestAQueryGivesWhatTheLanguageSays(t *testing.T) {
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
		q, err := Parse(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := table(q.Run(events(), MaxRows)); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", query, got, want)
		}
	}
}

func TestAQueryIsRefusedForWhatTheLanguageDoesNotKnow(t *testing.T) {
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
		if _, err := Parse(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", query, err, want)
		}
	}
}

func TestAQueryGivesAsManyRowsAsAreAskedFor(t *testing.T) {
	q, err := Parse("fields @message")
	if err != nil {
		t.Fatal(err)
	}
	if r := q.Run(events(), 2); len(r.Rows) != 2 || r.Matched != 6 || r.Rows[0].Fields["@message"] != "GET /health 200 took=15" {
		t.Errorf("%d rows of %d: %v", len(r.Rows), r.Matched, r.Rows)
	}
}
