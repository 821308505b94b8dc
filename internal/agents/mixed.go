package agents

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// This file reads the values that may be written in more than one way.

// spotValue is true, false, or the weights of a mix.
func spotValue() value[Spot] {
	const allowed = "true, false, a mix {base: 1, spot: 3, on_demand: 1}, or {fallback: 5m}"
	mix := object("spot", []field[Spot]{
		key("base", "Tasks that are on-demand before any goes to Spot.", integer(0, 100000), func(s *Spot) *int { return &s.Base }),
		key("spot", "Weight of Spot among the tasks beyond base.", integer(1, 1000), func(s *Spot) *int { return &s.SpotWeight }),
		key("fallback", "After how long without Spot capacity up, deploy, status --watch and doctor --fix put it on demand, and later back: AWS never does, and neither does karmactl while no such command runs. Default: never.",
			duration(time.Minute, 10*time.Minute), func(s *Spot) *time.Duration { return &s.Fallback }),
		key("on_demand", "Weight of on-demand among the tasks beyond base.", integer(0, 1000), func(s *Spot) *int { return &s.OnDemandWeight }),
	})
	return value[Spot]{
		read: func(r *reader, n *yaml.Node, into *Spot) {
			n = resolve(n)
			switch n.Kind {
			case yaml.MappingNode:
				s := Spot{Enabled: true, SpotWeight: 1}
				mix.read(r, n, &s)
				*into = s
			case yaml.ScalarNode:
				on, hint, ok := parseBool(n)
				if !ok {
					r.cannotBe(n, hint+allowed)
					return
				}
				*into = Spot{}
				if on {
					*into = Spot{Enabled: true, SpotWeight: 1}
				}
			default:
				r.cannotBe(n, allowed)
			}
		},
		describe: func(d *definitions, preset *Spot) schema {
			s := schema{"anyOf": []schema{{"type": "boolean"}, mix.describe(d, &Spot{SpotWeight: 1})}}
			if preset != nil {
				s["default"] = preset.Enabled
			}
			return s
		},
	}
}

// zonesValue is a number of Availability Zones or a list of their names.
// Six is the most a region has.
func zonesValue() value[Network] {
	const allowed = "a number from 1 to 6, or a list of zones such as [us-east-1a, us-east-1b]"
	count := integer(1, 6)
	names := list("names of zones such as us-east-1a", 6, text(zoneRule))
	return value[Network]{
		read: func(r *reader, n *yaml.Node, into *Network) {
			switch n = resolve(n); {
			case n.Kind == yaml.SequenceNode:
				before := len(r.problems)
				var zones []string
				names.read(r, n, &zones)
				if len(r.problems) == before && len(zones) == 0 {
					r.problem(n, "azs names no zone", "at least one, such as [us-east-1a, us-east-1b]")
				}
				into.Zones, into.AZs = zones, len(zones)
			case n.Kind == yaml.ScalarNode && wholeNumber.MatchString(n.Value):
				into.Zones = nil
				count.read(r, n, &into.AZs)
			default:
				r.cannotBe(n, allowed)
			}
		},
		describe: func(d *definitions, preset *Network) schema {
			many := names.describe(d, nil)
			many["minItems"] = 1
			s := schema{"anyOf": []schema{count.describe(d, nil), many}}
			if preset != nil {
				s["default"] = preset.AZs
			}
			return s
		},
	}
}

// insightsValue is off, on or enhanced. YAML 1.1 readers and people take on
// and off for booleans, so those are read too.
func insightsValue() value[Insights] {
	return scalar(
		schema{"enum": []any{InsightsOff, InsightsOn, InsightsEnhanced, true, false}},
		"off, on or enhanced",
		func(n *yaml.Node) parsed[Insights] {
			switch word := strings.ToLower(n.Value); {
			case word == "true":
				return good(InsightsOn)
			case word == "false":
				return good(InsightsOff)
			case slices.Contains([]Insights{InsightsOff, InsightsOn, InsightsEnhanced}, Insights(word)):
				return good(Insights(word))
			}
			return wrong[Insights]("")
		}, itself)
}

// bucketValue is the name of a bucket, or off.
func bucketValue() value[string] {
	name := text(bucketRule)
	inner := name.read
	name.read = func(r *reader, n *yaml.Node, into *string) {
		if n = resolve(n); n.Kind == yaml.ScalarNode && (n.Value == "off" || n.Value == "false") {
			*into = ""
			return
		}
		if n.Kind == yaml.ScalarNode && (n.Tag == "!!bool" || n.Value == "on") {
			r.cannotBe(n, bucketRule.allowed)
			return
		}
		inner(r, n, into)
	}
	describe := name.describe
	name.describe = func(d *definitions, preset *string) schema {
		return schema{"anyOf": []schema{describe(d, preset), {"enum": []any{false, "off"}}}, "default": "off"}
	}
	return name
}

var weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// daysValue is MON-FRI, MON,WED or a list of days.
func daysValue() value[string] {
	const allowed = "days such as MON-FRI, SUN-SAT or MON,WED (a week begins on SUN), or a list [MON, WED]"
	day := `(SUN|MON|TUE|WED|THU|FRI|SAT)`
	one := lazyregexp.New(`^` + day + `(-` + day + `)?$`)
	parse := func(s string) bool {
		var seen []string
		for part := range strings.SplitSeq(s, ",") {
			m := one.FindStringSubmatch(part)
			if m == nil || slices.Contains(seen, part) {
				return false
			}
			if m[3] != "" && slices.Index(weekdays, m[1]) >= slices.Index(weekdays, m[3]) {
				return false
			}
			seen = append(seen, part)
		}
		return true
	}
	return value[string]{
		read: func(r *reader, n *yaml.Node, into *string) {
			n = resolve(n)
			said := n.Value
			if n.Kind == yaml.SequenceNode {
				parts := make([]string, len(n.Content))
				for i, c := range n.Content {
					parts[i] = resolve(c).Value
				}
				said = strings.Join(parts, ",")
			}
			switch upper := strings.ToUpper(strings.ReplaceAll(said, " ", "")); {
			case n.Kind == yaml.MappingNode, !parse(upper):
				r.cannotBe(n, allowed)
			case upper != said:
				r.cannotBe(n, didYouMean(upper)+allowed)
			default:
				*into = said
			}
		},
		describe: func(_ *definitions, preset *string) schema {
			part := day + `(-` + day + `)?`
			s := schema{"anyOf": []schema{
				{"type": "string", "pattern": `^` + part + `(,` + part + `)*$`},
				{"type": "array", "minItems": 1, "uniqueItems": true, "items": schema{"type": "string", "pattern": `^` + part + `$`}},
			}}
			return s
		},
	}
}

// containerCheckValue is the container health check: its command alone, or a
// mapping that gives it times of its own.
func containerCheckValue() value[ContainerCheck] {
	command := probeValue()
	full := object("container-check", []field[ContainerCheck]{
		need(key("run", "A text for the shell, or the list that ECS takes.", command, func(c *ContainerCheck) *[]string { return &c.Command })),
		key("interval", "Between two checks. Default: the load balancer's.", duration(5*time.Second, 300*time.Second), func(c *ContainerCheck) *time.Duration { return &c.Interval }),
		key("timeout", "How long a check may take. Default: the load balancer's, at most 60s.", duration(2*time.Second, maxContainerTimeout), func(c *ContainerCheck) *time.Duration { return &c.Timeout }),
		key("retries", "Failures in a row until unhealthy. Default: unhealthy.", integer(1, 10), func(c *ContainerCheck) *int { return &c.Retries }),
		key("start", "How long failures do not count after a start. Default: grace, at most 300s.", duration(time.Second, maxContainerStart), func(c *ContainerCheck) *time.Duration { return &c.Start }),
	})
	return value[ContainerCheck]{
		read: func(r *reader, n *yaml.Node, into *ContainerCheck) {
			if n = resolve(n); n.Kind == yaml.MappingNode {
				*into = ContainerCheck{}
				full.read(r, n, into)
				return
			}
			command.read(r, n, &into.Command)
		},
		describe: func(d *definitions, _ *ContainerCheck) schema {
			return schema{"anyOf": []schema{command.describe(d, nil), full.describe(d, nil)}}
		},
	}
}

// probeValue is the container health check: a text for the shell, or the
// list that ECS takes, which begins with CMD or CMD-SHELL.
func probeValue() value[[]string] {
	const allowed = `a text for the shell, a list ["CMD", "program", "argument"] or ["CMD-SHELL", "text"], or [] for none`
	many := words(allowed)
	return value[[]string]{
		read: func(r *reader, n *yaml.Node, into *[]string) {
			if n = resolve(n); n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.TrimSpace(n.Value) != "" {
				*into = []string{"CMD-SHELL", n.Value}
				return
			}
			var list []string
			many.read(r, n, &list)
			switch {
			case n.Kind != yaml.SequenceNode:
			case len(list) == 0, list[0] == "CMD" && len(list) > 1, list[0] == "CMD-SHELL" && len(list) == 2:
				*into = list
			case list[0] == "CMD":
				r.problem(n, "command has no program after CMD", allowed)
			case list[0] == "CMD-SHELL":
				r.problem(n, fmt.Sprintf("command has %d texts after CMD-SHELL, which takes one", len(list)-1), allowed)
			default:
				r.problem(n, fmt.Sprintf("command cannot begin with %q", shorten(list[0])), allowed)
			}
		},
		describe: func(d *definitions, preset *[]string) schema {
			return schema{"anyOf": []schema{{"type": "string", "minLength": 1}, many.describe(d, preset)}}
		},
	}
}
