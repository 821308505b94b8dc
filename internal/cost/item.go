package cost

import (
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// item is a resource as it is to be priced: as it is wanted, or as it was found.
type item struct {
	key engine.Key
	// agent is whose it is; what all share is no one's.
	agent string
	// spec is nil for kinds of which one costs what the other does.
	spec any
}

// wanted are resources as they are wanted.
func wanted(nodes []engine.Node) ([]item, error) {
	table := kinds()
	var out []item
	for _, n := range nodes {
		i := item{key: n.Key(), agent: provision.AgentOf(n)}
		if want := table[n.Key().Kind()].want; want != nil {
			var err error
			if i.spec, err = want(n); err != nil {
				return nil, err
			}
		}
		out = append(out, i)
	}
	return out, nil
}

// found are resources as a plan found them. What the account has in any case is not
// the stack's; numbers of tasks that a plan leaves to others count as wanted.
func found(wants []item, outcomes []engine.Outcome) []item {
	specs := map[engine.Key]any{}
	for _, i := range wants {
		specs[i.key] = i.spec
	}
	elsewhere := map[string]provision.ScalableTargetSpec{}
	for _, o := range outcomes {
		have, is := o.Have.(provision.ScalableTargetSpec)
		if want, ok := specs[o.Key].(provision.ScalableTargetSpec); is && ok && have.Elsewhere != nil {
			elsewhere[o.Key.Name()] = want
		}
	}
	var out []item
	for _, o := range outcomes {
		if o.Have == nil || o.Key.Kind() == "slr" || o.Key.Kind() == "state-bucket" {
			continue
		}
		i := item{key: o.Key, spec: o.Have}
		if have, group := o.Have.(provision.AutoScalingGroupSpec); group && have.Type == "" { // its next instance is on its way
			want, _ := specs[o.Key].(provision.AutoScalingGroupSpec)
			have.Type = want.Type
			i.spec = have
		}
		if want, left := elsewhere[o.Key.Name()]; left {
			switch have := o.Have.(type) {
			case provision.ServiceSpec:
				have.Tasks = want.Min
				i.spec = have
			case provision.ScalableTargetSpec:
				i.spec = want
			}
		}
		out = append(out, i)
	}
	return out
}

// specOf is the spec of one resource among the resources that are priced.
func specOf[S any](b *bill, k engine.Key) (spec S, ok bool) {
	for _, i := range b.items {
		if i.key == k {
			spec, ok = i.spec.(S)
			return spec, ok
		}
	}
	return spec, false
}
