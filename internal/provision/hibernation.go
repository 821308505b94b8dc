package provision

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
		switch k.Kind() {
		case "service", "nat", "eip", "alarm":
			return true
		case "endpoint":
			return k.Name() != "s3" // the gateway, which is free
		case "alb":
			return !keepALB
		default:
			return false
		}
	})
	return func(k engine.Key) bool { return asleep[k] }
}
