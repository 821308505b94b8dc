package awssim

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// portDocument is AWS's own document for a port of a task, and what it takes.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html#sessions-start-port-forwarding
const portDocument = "AWS-StartPortForwardingSession"

// startSession opens a session with a container of a running task, whose target is
// ecs:cluster_task_runtime: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
func (s *Sim) startSession(in *ssm.StartSessionInput) (*ssm.StartSessionOutput, error) {
	target := aws.ToString(in.Target)
	parts := strings.Split(strings.TrimPrefix(target, "ecs:"), "_")
	if !strings.HasPrefix(target, "ecs:") || len(parts) != 3 {
		return nil, invalid("awssim knows sessions with tasks of ECS: %s is none.", target)
	}
	if aws.ToString(in.DocumentName) != portDocument {
		return nil, fail("InvalidDocument", "Document with name %s does not exist.", aws.ToString(in.DocumentName))
	}
	for name, values := range in.Parameters {
		port, err := strconv.Atoi(strings.Join(values, ","))
		if name != "portNumber" && name != "localPortNumber" || err != nil || port < 1 || port > 65535 {
			return nil, fail("InvalidParameters", "Parameter %q with value %q is not one of %s.", name, strings.Join(values, ","), portDocument)
		}
	}
	if len(in.Parameters["portNumber"]) == 0 {
		return nil, fail("InvalidParameters", "Parameter portNumber is required.")
	}
	for _, t := range s.world.Tasks {
		if t.Cluster == parts[0] && t.ID == parts[1] && strings.HasPrefix(parts[2], t.ID+"-") && t.Status == "RUNNING" && t.Exec {
			return &ssm.StartSessionOutput{
				SessionId: aws.String("karmactl-" + t.ID), StreamUrl: aws.String("wss://ssmmessages.simulated/v1/data-channel/" + t.ID), TokenValue: aws.String("simulated"),
			}, nil
		}
	}
	return nil, fail("TargetNotConnected", "%s is not connected.", target)
}
