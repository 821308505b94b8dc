package provision

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatRulesTheBoundsIsSaidOnceWithACommandThatCanBePasted(t *testing.T) {
	one, two, more := Bounds{1, 1}, Bounds{2, 2}, Bounds{1, 3}
	office := func(agent string, is, says Bounds) Ruled {
		return Ruled{Agent: agent, Schedule: "office-hours", Is: is, Says: says}
	}
	hand := func(agent string, is, says Bounds) Ruled { return Ruled{Agent: agent, Is: is, Says: says} }
	for name, c := range map[string]struct {
		all  []Ruled
		want []string
	}{
		"no one":           {nil, nil},
		"one by hand":      {[]Ruled{hand("a", two, more)}, []string{"a is scaled by hand to 2, and agents.yaml says 1–3: karmactl scale a=auto gives it back"}},
		"two alike":        {[]Ruled{hand("a", two, one), hand("b", two, one)}, []string{"a, b are scaled by hand to 2, and agents.yaml says 1: karmactl scale a=auto b=auto gives them back"}},
		"two and one":      {[]Ruled{hand("a", two, one), hand("b", one, more), hand("c", two, one)}, []string{"a, c (2, and agents.yaml says 1) and b (1, and agents.yaml says 1–3) are scaled by hand: karmactl scale a=auto b=auto c=auto gives them back"}},
		"a schedule":       {[]Ruled{office("a", more, two)}, []string{"a is on the schedule office-hours, which was set with 1–3, and agents.yaml says 2: karmactl scale --schedule office-hours sets it again"}},
		"a schedule of 2":  {[]Ruled{office("a", one, two), office("b", one, two)}, []string{"a, b are on the schedule office-hours, which was set with 1, and agents.yaml says 2: karmactl scale --schedule office-hours sets them again"}},
		"as the file says": {[]Ruled{office("a", one, one)}, nil},
		"each way": {[]Ruled{office("a", one, two), hand("b", two, one), office("c", one, one)}, []string{
			"a is on the schedule office-hours, which was set with 1, and agents.yaml says 2: karmactl scale --schedule office-hours sets it again",
			"b is scaled by hand to 2, and agents.yaml says 1: karmactl scale b=auto gives it back",
		}},
		"another's action": {[]Ruled{{Agent: "a", Action: "nightly", Resource: "service/demo-prod/a", Is: two, Says: one}}, []string{
			"a is on the scheduled action nightly, which karmactl did not make, with 2, and agents.yaml says 1 | aws application-autoscaling delete-scheduled-action --service-namespace ecs --resource-id service/demo-prod/a --scalable-dimension ecs:service:DesiredCount --scheduled-action-name nightly",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range NotesOfRuled(c.all) {
				got = append(got, strings.TrimSuffix(n.Text+" | "+n.Command, " | "))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
