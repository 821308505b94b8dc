package stack

import (
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// quick is how long it takes until AWS shows what most resources are: made, changed or deleted.
const quick = 2 * time.Second

// Usual is how long a resource usually takes when a verb is done to it, in the middle of
// what docs/resources.md has: some seconds, and minutes for the few that AWS builds.
func (s *Stack) Usual(k engine.Key, v engine.Verb) engine.Usual {
	switch v {
	case engine.None:
		return engine.Usual{}
	case engine.Delete:
		return usuallyGone(k)
	case engine.Create, engine.Replace:
		return usuallyMade(k)
	case engine.Update:
	}
	if k.Kind() == "service" { // its tasks are replaced
		return engine.Usual{Usable: quick, Whole: 100 * time.Second}
	}
	return engine.Usual{Usable: quick, Whole: quick}
}

func usuallyMade(k engine.Key) engine.Usual {
	whole := func(d time.Duration) engine.Usual { return engine.Usual{Usable: d, Whole: d} }
	switch k.Kind() {
	case "nat":
		return whole(100 * time.Second)
	case "alb": // it takes listeners while it is being made
		return engine.Usual{Usable: quick, Whole: 150 * time.Second}
	case "endpoint":
		if k.Name() != "s3" {
			return whole(2 * time.Minute)
		}
	case "certificate-validation":
		return whole(3 * time.Minute)
	case "record":
		return whole(30 * time.Second)
	case "slr", "namespace", "role":
		return whole(8 * time.Second)
	case "service": // healthy only once the load balancer is there to find it so
		return engine.Usual{Usable: quick, Whole: 75 * time.Second, After: "alb", Last: 30 * time.Second}
	}
	return whole(quick)
}

// usuallyGone: what was in a network is there for some time after it is deleted.
func usuallyGone(k engine.Key) engine.Usual {
	switch k.Kind() {
	case "nat":
		return engine.Usual{Whole: 50 * time.Second}
	case "service":
		return engine.Usual{Whole: 40 * time.Second}
	case "endpoint":
		if k.Name() != "s3" {
			return engine.Usual{Whole: 2 * time.Minute}
		}
	case "sg", "subnet", "igw": // the load balancer's interfaces are in them
		return engine.Usual{Whole: quick, After: "alb", Last: 55 * time.Second}
	}
	return engine.Usual{Whole: quick}
}
