package agents

import "time"

// Health is how an agent is checked: by the load balancer, which asks a public one's
// container on its own path, and in the container by Container.
type Health struct {
	Path     string
	Interval time.Duration
	Timeout  time.Duration
	// Healthy and Unhealthy are how many checks in a row decide.
	Healthy   int
	Unhealthy int
	// Grace is how long ECS ignores failing checks after a task starts.
	Grace time.Duration
	// Codes are the HTTP statuses that count as healthy, 200 to 499, as ELB's
	// Matcher takes them: "200-299,406".
	Codes string
	// Container is the check that ECS runs inside the container.
	Container ContainerCheck
}

// ContainerCheck is ECS's own health check, with ECS's limits
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html).
// A time that the file does not give follows the load balancer's check.
type ContainerCheck struct {
	// Command begins with CMD or CMD-SHELL; empty means no check.
	Command []string
	// Interval is 5 s to 300 s, Timeout 2 s to 60 s.
	Interval time.Duration
	Timeout  time.Duration
	// Retries is how many failures in a row make it unhealthy, 1 to 10.
	Retries int
	// Start is how long failures do not count after a start, at most 300 s.
	Start time.Duration
}
