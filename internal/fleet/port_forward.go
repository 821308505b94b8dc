package fleet

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Forwarder carries a port, until its user ends it: AWS's session-manager-plugin.
type Forwarder interface {
	Plugin
	// Forward ends with the session; request is what the session was asked for with.
	Forward(s types.Session, request *ssm.StartSessionInput) (int, error)
}

// portDocument is AWS's own, which every account has:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html#sessions-start-port-forwarding
const portDocument = "AWS-StartPortForwardingSession"

// Forward carries a local port to a port of a running task, whatever its security groups
// let in, over the way that ECS Exec takes. It ends with the session.
func (e *Exec) Forward(ctx context.Context, api *ssm.Client, plugin Forwarder, local, remote int) (int, error) {
	if err := plugin.Present(); err != nil {
		return 0, err
	}
	t, err := e.pick(ctx)
	if err != nil {
		return 0, err
	}
	c, _ := tasks.Container(t, e.Agent)
	request := &ssm.StartSessionInput{
		Target: aws.String(e.target(t, c)), DocumentName: aws.String(portDocument),
		Parameters: map[string][]string{"portNumber": {strconv.Itoa(remote)}, "localPortNumber": {strconv.Itoa(local)}},
	}
	out, err := api.StartSession(ctx, request)
	if cloud.Is(err, "TargetNotConnected") {
		return 0, e.unconnected(ctx, t)
	}
	if err != nil {
		return 0, fmt.Errorf("open a session with task %s: %w", tasks.Short(aws.ToString(t.TaskArn)), err)
	}
	return plugin.Forward(types.Session{SessionId: out.SessionId, StreamUrl: out.StreamUrl, TokenValue: out.TokenValue}, request)
}
