package provision

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Connect is the name and port under which Service Connect knows a service, and the
// namespace in which it looks for others. Without Namespace it is off; without Name
// the service calls others and no one calls it:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts.html
type Connect struct {
	Namespace, Name string
	Port            int
}

func (c Connect) String() string {
	if c.Namespace == "" {
		return ""
	}
	if c.Name == "" {
		return c.Namespace
	}
	return fmt.Sprintf("%s %s:%d", c.Namespace, c.Name, c.Port)
}

// ConnectTimeout is how long the proxy in front of an agent waits. 0 is for ever.
type ConnectTimeout struct {
	// Request is until the response to a request is complete, which is answered with 504
	// otherwise; Idle is until a silent connection is closed.
	Request, Idle time.Duration
}

// The timeouts that AWS does not tell of: the SDK's text of TimeoutConfiguration has the
// second one, and https://github.com/aws/containers-roadmap/issues/1958 the first.
const (
	connectRequest = 15 * time.Second
	connectIdle    = 5 * time.Minute
)

// connectTimeout lets a request take so long. A shorter idle timeout would end it first.
func connectTimeout(request time.Duration) ConnectTimeout {
	if request == 0 {
		return ConnectTimeout{}
	}
	return ConnectTimeout{Request: request, Idle: max(request, connectIdle)}
}

func (t ConnectTimeout) String() string {
	if t == connectTimeout(t.Request) {
		return t.Request.String()
	}
	return fmt.Sprintf("%s, idle %s", t.Request, t.Idle)
}

func readConnectTimeout(t *types.TimeoutConfiguration) ConnectTimeout {
	out := ConnectTimeout{Request: connectRequest, Idle: connectIdle}
	if t != nil && t.PerRequestTimeoutSeconds != nil {
		out.Request = time.Duration(*t.PerRequestTimeoutSeconds) * time.Second
	}
	if t != nil && t.IdleTimeoutSeconds != nil {
		out.Idle = time.Duration(*t.IdleTimeoutSeconds) * time.Second
	}
	return out
}

func (t ConnectTimeout) input() *types.TimeoutConfiguration {
	return &types.TimeoutConfiguration{PerRequestTimeoutSeconds: seconds(t.Request), IdleTimeoutSeconds: seconds(t.Idle)}
}

func readConnect(c *types.ServiceConnectConfiguration) (Connect, ConnectTimeout) {
	if c == nil || !c.Enabled {
		return Connect{}, ConnectTimeout{}
	}
	out, timeout := Connect{Namespace: aws.ToString(c.Namespace)}, ConnectTimeout{}
	for _, s := range c.Services {
		for _, alias := range s.ClientAliases {
			out.Name, out.Port, timeout = aws.ToString(alias.DnsName), int(aws.ToInt32(alias.Port)), readConnectTimeout(s.Timeout)
		}
	}
	return out, timeout
}

func (c Connect) input(t ConnectTimeout) *types.ServiceConnectConfiguration {
	if c.Namespace == "" {
		return &types.ServiceConnectConfiguration{Enabled: false}
	}
	out := &types.ServiceConnectConfiguration{Enabled: true, Namespace: &c.Namespace}
	if c.Name != "" {
		out.Services = []types.ServiceConnectService{{
			PortName: &c.Name, DiscoveryName: &c.Name, ClientAliases: []types.ServiceConnectClientAlias{{DnsName: &c.Name, Port: aws.Int32(int32(c.Port))}},
			Timeout: t.input(),
		}}
	}
	return out
}

func (s *Service) namespace() string {
	if arn := s.Namespace.Output("arn"); arn != "" {
		return arn
	}
	return engine.Unknown(s.Namespace.Key())
}

// callees are the names of the callees that something is true of.
func (s *Service) callees(that func(*Service) bool) Set {
	var out []string
	for _, c := range slices.Concat(s.Callees, s.Circle) {
		if that(c) {
			out = append(out, c.Agent.Name)
		}
	}
	return setOf(out)
}
