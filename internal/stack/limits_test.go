package stack

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// TestScatteredPortsFitIntoASecurityGroup, which takes 60 rules: the nearest ones share a range.
func TestScatteredPortsFitIntoASecurityGroup(t *testing.T) {
	for n, most := range map[int]int{20: 20, 21: 20, 100: 20} {
		var all []agents.Agent
		for i := range n {
			all = append(all, agents.Agent{Port: 1000 + i*i}, agents.Agent{Port: 1000 + i*i}, agents.Agent{})
		}
		ranges := ports(all)
		if len(ranges) > most {
			t.Errorf("%d ports are in %d ranges: %v", n, len(ranges), ranges)
		}
		for _, a := range all {
			in := 0
			for _, r := range ranges {
				if a.Port >= r[0] && a.Port <= r[1] {
					in++
				}
			}
			if a.Port > 0 && in != 1 {
				t.Errorf("port %d is in %d of %v", a.Port, in, ranges)
			}
		}
	}
	if got := fmt.Sprint(ports([]agents.Agent{{Port: 80}, {Port: 82}, {Port: 81}, {Port: 9000}})); got != "[[80 82] [9000 9000]]" {
		t.Errorf("ports 80 to 82 and 9000 are %s", got)
	}
}

// TestPoliciesThatIAMWouldNotTakeStopAPlan: 10,240 characters are all the inline policies of a role.
func TestPoliciesThatIAMWouldNotTakeStopAPlan(t *testing.T) {
	secrets, volumes, buckets := "", "", ""
	for i := range 120 {
		secrets += fmt.Sprintf("S%d: {from: team/a-secret-of-its-own/number-%d, key: k}, ", i, i)
	}
	for i := range 12 {
		volumes += fmt.Sprintf("v%d: {path: /d%d}, ", i, i)
	}
	for i := range 190 {
		buckets += fmt.Sprintf("'arn:aws:s3:::some-bucket-of-mine-%d/*', ", i)
	}
	for _, c := range []struct{ bot, want string }{
		{"secrets: {" + secrets + "}", "the policies of the execution role of bot are "},
		{"volumes: {" + volumes + "}, permissions: [{allow: [s3:GetObject], on: [" + buckets + "]}]", "the policies of the task role of bot are "},
		{"permissions: [{allow: [s3:GetObject], on: [" + buckets + "]}]", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, "secrets: {nested: ''}\nnetwork: {nat: none}\nagents: {bot: {image: 'x/y:1', "+c.bot+"}}"))
			res, err := b.walk(false, b.fresh(true).Steps()...).Up(context.Background())
			if err == nil {
				err = res.Err()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "and IAM takes 10240: fewer ")) {
				t.Errorf("the plan ends with %v, want %q", err, c.want)
			}
		})
	}
}
