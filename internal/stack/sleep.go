package stack

import "github.com/karmacadabra/karmactl/internal/engine"

// Asleep chooses what hibernation takes away: what bills by the hour whether or
// not anything happens, and all that refers to it. Alarms go too, because they
// would only report that nothing runs. VPC, roles, images, logs, secrets,
// certificate and target groups stay: they cost next to nothing, and some of
// them (the certificate, the images) take longest to make.
//
// AWS bills a NAT gateway and a load balancer by the hour begun, an address by
// the second, in use or not; so the address goes, and another one comes.
func Asleep(steps []engine.Step, keepALB bool) func(engine.Key) bool {
	asleep := engine.Dependents(steps, func(k engine.Key) bool {
		kind, ok := kind(k.Kind())
		return ok && kind.Sleeps != nil && kind.Sleeps(k.Name(), keepALB)
	})
	return func(k engine.Key) bool { return asleep[k] }
}
