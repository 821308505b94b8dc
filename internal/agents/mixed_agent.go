package agents

import (
	"fmt"
	"sort"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// secretsValue maps environment variables to keys of secrets, ordered by variable.
func secretsValue() value[[]Secret] {
	full := object("secret", []field[Secret]{
		key("key", "The top-level key in the agent's flat secret, or in the one that from names.", text(secretKeyRule), func(s *Secret) *string { return &s.Key }),
		key("from", "An existing flat secret or parameter, by name or ARN, instead of the agent's own.", text(secretNameRule), func(s *Secret) *string { return &s.From }),
		key("optional", "Start the agent even when the key has no value yet.", boolean(), func(s *Secret) *bool { return &s.Optional }),
	})
	short := text(secretKeyRule)
	one := value[Secret]{
		read: func(r *reader, n *yaml.Node, into *Secret) {
			if n = resolve(n); n.Kind == yaml.MappingNode {
				full.read(r, n, into)
				return
			}
			short.read(r, n, &into.Key)
		},
		describe: func(d *definitions, _ *Secret) schema {
			return schema{"anyOf": []schema{short.describe(d, nil), full.describe(d, nil)}}
		},
	}
	many := dict(envNameRule, "an environment variable", one, func(name string) Secret { return Secret{Env: name} })
	return value[[]Secret]{
		read: func(r *reader, n *yaml.Node, into *[]Secret) {
			var byName map[string]Secret
			many.read(r, n, &byName)
			out := make([]Secret, 0, len(byName))
			for _, s := range byName {
				out = append(out, s)
			}
			sort.Slice(out, func(i, j int) bool { return out[i].Env < out[j].Env })
			*into = out
		},
		describe: func(d *definitions, _ *[]Secret) schema { return many.describe(d, nil) },
	}
}

var valueFrom = lazyregexp.New(`^(arn:aws[a-z-]*:(?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+))(?::([A-Za-z0-9_.-]*):[^:]*:[^:]*)?$`)

// fromValueFrom says how to write what a task definition of ECS has as valueFrom: an
// ARN, and behind it the key, the stage and the version of the value.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func fromValueFrom(s string) string {
	m := valueFrom.FindStringSubmatch(s)
	switch {
	case m == nil:
		return ""
	case m[2] == "":
		return fmt.Sprintf("write {from: %q}", m[1])
	}
	return fmt.Sprintf("write {from: %q, key: %s}", m[1], m[2])
}

// buildValue is an optional build.
func buildValue() value[*Build] {
	of := object("build", []field[Build]{
		key("context", "The directory that is sent to the build, from where karmactl runs.", text(localPathRule), func(b *Build) *string { return &b.Context }),
		key("dockerfile", "The Dockerfile, from the context.", text(localPathRule), func(b *Build) *string { return &b.Dockerfile }),
		key("target", "The stage to build.", text(anyRule("the name of a stage")), func(b *Build) *string { return &b.Target }),
		key("args", "Build arguments; {agent} stands for the agent's name.",
			dict(buildArgRule, "a build argument", anyText(anyRule("a text")), func(string) string { return "" }), func(b *Build) *map[string]string { return &b.Args }),
	})
	return value[*Build]{
		read: func(r *reader, n *yaml.Node, into **Build) {
			b := Build{Context: ".", Dockerfile: "Dockerfile"}
			of.read(r, n, &b)
			*into = &b
		},
		describe: func(d *definitions, _ **Build) schema {
			return of.describe(d, &Build{Context: ".", Dockerfile: "Dockerfile"})
		},
	}
}

// agentsValue is a mapping from name to agent whose order is kept.
func agentsValue(agent value[Agent]) value[[]Agent] {
	return value[[]Agent]{
		read: func(r *reader, n *yaml.Node, into *[]Agent) {
			n = resolve(n)
			if n.Kind != yaml.MappingNode {
				r.cannotBe(n, "a mapping from each agent's name to the agent, such as validator: {port: 9001}")
				return
			}
			var out []Agent
			for k, child := range pairs(n) {
				if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
					continue
				}
				r.under(k, child, func() {
					if hint, ok := agentNameRule.check(k.Value); !ok {
						r.problem(k, fmt.Sprintf("%q is no name for an agent", shorten(k.Value)), hint)
					}
					a := defaultAgent()
					a.Name = k.Value
					agent.read(r, child, &a)
					out = append(out, a)
				})
			}
			*into = out
		},
		describe: func(d *definitions, _ *[]Agent) schema {
			preset := defaultAgent()
			return describeDict(agentNameRule, agent.describe(d, &preset))
		},
	}
}
