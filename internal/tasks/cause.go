package tasks

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what sort of cause it is, for callers that treat one kind differently.
type Kind string

// The kinds of causes.
const (
	KindImage    Kind = "image"    // it is not there, or cannot run
	KindRights   Kind = "rights"   // a role may not do what ECS needs
	KindSecret   Kind = "secret"   // a value is missing or no text of the right form
	KindNetwork  Kind = "network"  // the task reaches nothing
	KindQuota    Kind = "quota"    // the account may not run more
	KindCapacity Kind = "capacity" // AWS has none at the moment
	KindSpot     Kind = "spot"     // AWS took capacity back
	KindLogs     Kind = "logs"     // the log group
	KindMemory   Kind = "memory"   // the program needs more
	KindHealth   Kind = "health"   // checks failed
	KindProgram  Kind = "program"  // the program ended
	KindAWS      Kind = "aws"      // a fault of AWS's own
	KindUnknown  Kind = "unknown"  // karmactl does not know the text
)

// Cause is what a reason of ECS's means to the user.
type Cause struct {
	Kind Kind
	// Problem is what shows, Why what lies behind it.
	Problem, Why string
	// Command mends it, or shows more of it; "" where no command does. Hint goes with
	// it: what the command does, what comes before it, or what to do instead.
	Command, Hint string
	// Again: after the command a task has to be started again.
	Again bool
}

// Fix is the command and the hint in one line.
func (c Cause) Fix() string {
	if c.Command == "" || c.Hint == "" {
		return c.Command + c.Hint
	}
	return c.Command + ", " + c.Hint
}

// WithMemory is the cause with the memory to try next, in MiB.
func (c Cause) WithMemory(next int) Cause {
	if next > 0 {
		c.Hint = strings.Replace(c.Hint, "memory: …", fmt.Sprintf("memory: %d", next), 1)
	}
	return c
}

// mark is a text of ECS's and what it means: all of its words have to be there, in
// any case of letters. AGENT is the agent, WORD what follows the first of the words.
type mark struct {
	words []string
	Cause
}

const (
	noStart    = "no task starts"
	failsCheck = "its tasks fail the load balancer's health check"
	logsOf     = "karmactl logs AGENT --since 1h"
	upAgent    = "karmactl up --only AGENT"

	logsOfContainer = "karmactl logs AGENT --container WORD --since 1h"
)

// marks are the texts of AWS's own pages "stopped task error messages", "resource
// initialization errors", "CannotPullContainer task errors" and "service event
// messages" (Amazon ECS developer guide), and of the container agent's source.
// The first that fits counts: what is nearest to the root comes first. Rights and
// the network come before what fails because of them, as in "failed to fetch secret".
var marks = []mark{
	{[]string{"limit on the number of vcpus"}, quota("the account's quota of Fargate vCPU is used up")},
	{[]string{"limit on the number of tasks"}, quota("the account's quota of Fargate tasks is used up")},
	{[]string{"above your limit"}, quota("one task of this size is more than the account's quota allows")},
	{[]string{"capacity is unavailable"}, Cause{KindCapacity, noStart, "Fargate has no capacity in these zones at the moment", "", "wait: ECS tries again", false}},

	{[]string{"unable to assume"}, Cause{KindRights, noStart, "ECS may not take on a role that the task definition names: it is gone, or does not trust ECS", upAgent, "which makes it again", false}},
	{[]string{"access to kms is not allowed"}, kmsRight},
	{[]string{"not authorized to perform: kms:"}, kmsRight},
	{[]string{"customer master key"}, kmsRight},
	{[]string{"not authorized to perform: ecr:"}, Cause{KindRights, noStart, "the agent's execution role may not pull the image", upAgent, "which puts the right into the role; a repository of another account has to allow it in its own policy too", true}},
	{[]string{"not authorized to perform: secretsmanager:"}, secretRight},
	{[]string{"not authorized to perform: ssm:"}, secretRight},
	{[]string{"not authorized to perform: logs:"}, Cause{KindRights, noStart, "the agent's execution role may not write to its log group", upAgent, "which puts the right into the role", true}},
	{[]string{"accessdenied", "secret"}, secretRight},
	{[]string{"accessdenied"}, Cause{KindRights, noStart, "the agent's execution role may not do what ECS needs for a start", upAgent, "which puts the rights into the role", true}},
	{[]string{"cannotpull", "pull access denied"}, Cause{KindRights, noStart, "the registry asks for a sign-in before a pull, or has no such repository", "karmactl deploy AGENT --image REF", "which copies the image into ECR with your own sign-in", false}},
	{[]string{"cannotpull", "403 forbidden"}, Cause{KindRights, noStart, "the registry refuses to hand out the image", "karmactl deploy AGENT --image REF", "which copies the image into ECR with your own sign-in", false}},
	{[]string{"cannotpull", "401 unauthorized"}, Cause{KindRights, noStart, "the registry wants a sign-in for the image", "karmactl deploy AGENT --image REF", "which copies the image into ECR with your own sign-in", false}},

	{[]string{"toomanyrequests"}, rateLimit},
	{[]string{"429 too many requests"}, rateLimit},
	{[]string{"pull rate limit"}, rateLimit},

	{[]string{"set up efs volumes", "mount target for this file system"}, Cause{KindNetwork, noStart, "the file system of a volume has no mount target in the task's zone", "karmactl plan", "which shows whether one is missing", false}},
	{[]string{"set up efs volumes", "no such file or directory"}, Cause{KindProgram, noStart, "the directory of a volume, or of its access point, is not on the file system", upAgent, "after agents: {AGENT: {volumes: …}} names a directory that is there; only what mounts all of the file system can make one", false}},
	{[]string{"set up efs volumes", "access denied"}, Cause{KindRights, noStart, "the task role may not mount a volume, or its access point is gone", "karmactl plan", "which shows what differs", false}},
	{[]string{"set up efs volumes", "timeout"}, Cause{KindNetwork, noStart, "the security group of a volume's mount target does not let the task in at port 2049", "karmactl plan", "which shows what differs", false}},
	{[]string{"there is a connection issue"}, network},
	{[]string{"i/o timeout"}, network},
	{[]string{"request canceled while waiting"}, network},
	{[]string{"context deadline exceeded"}, network},
	{[]string{"request canceled", "resourceinitializationerror"}, network},
	{[]string{"no such host"}, network},
	{[]string{"connection refused", "cannotpull"}, network},
	{[]string{"tls handshake timeout"}, network},
	{[]string{"check your task network configuration"}, network},
	{[]string{"check your network configuration"}, network},
	{[]string{"insufficientfreeaddressesinsubnet"}, Cause{KindNetwork, noStart, "a subnet of the tasks has no free address left", "", "stop what uses addresses in these subnets and is not needed", false}},
	{[]string{"timeout waiting for network interface"}, Cause{KindAWS, noStart, "AWS did not give the task its network interface in time", "", "wait: ECS tries again; if it lasts, look at the subnets' free addresses and at the AWS Health Dashboard", false}},
	{[]string{"while attempting to create network interface"}, Cause{KindAWS, noStart, "AWS could not make the task's network interface", "", "wait: ECS tries again; the reason has EC2's own words", false}},

	{[]string{"does not contain descriptor matching platform"}, Cause{KindImage, noStart, "the image is not built for the agent's architecture", "karmactl deploy AGENT --build", "which builds it for the arch in agents.yaml", false}},
	{[]string{"exec format error"}, Cause{KindImage, "its tasks end as they start", "the program in the image is built for another architecture than the agent's", "karmactl deploy AGENT --build", "which builds it for the arch in agents.yaml", false}},
	{[]string{"no space left on device"}, Cause{KindImage, noStart, "the image needs more room than the task's disk has", "karmactl deploy AGENT --build", "with a smaller image", false}},
	{[]string{"cannotpull", "not found"}, missingImage},
	{[]string{"cannotpull", "manifest unknown"}, missingImage},
	{[]string{"cannotpull", "does not exist"}, missingImage},
	{[]string{"cannotpull"}, Cause{KindImage, noStart, "the image cannot be pulled", "karmactl deploy AGENT --image REF", "which copies one that can be pulled into ECR", false}},

	{[]string{"did not contain json key "}, Cause{KindSecret, noStart, "a key is missing in the agent's secret", "karmactl secrets set AGENT WORD", "", true}},
	{[]string{"invalid character", "retrieve secret"}, Cause{KindSecret, noStart, "the agent's secret is no flat JSON object", "karmactl secrets sync", "", true}},
	{[]string{"marked for deletion"}, Cause{KindSecret, noStart, "a secret that the task definition names is being deleted", upAgent, "which takes it back", true}},
	{[]string{"marked deleted"}, Cause{KindSecret, noStart, "a secret that the task definition names is being deleted", upAgent, "which takes it back", true}},
	{[]string{"can't find the specified secret value for staging label"}, noValue},
	{[]string{"resourcenotfoundexception", "staging label"}, noValue},
	{[]string{"resourcenotfoundexception", "secret"}, missingSecret},
	{[]string{"invalid parameters:"}, Cause{KindSecret, noStart, "a parameter that the task definition names is not there", "karmactl secrets status AGENT", "which names it; karmactl secrets set AGENT KEY makes it", true}},
	{[]string{"failed to fetch secret "}, Cause{KindSecret, noStart, "a secret that the task definition names cannot be read", "karmactl secrets status AGENT", "", true}},

	{[]string{"log group does not exist"}, missingLogGroup},
	{[]string{"cannot find the amazon cloudwatch log group"}, missingLogGroup},
	{[]string{"failed to validate logger args"}, Cause{KindLogs, noStart, "the task cannot write to its log group", upAgent, "which makes the group and the right again", false}},

	{[]string{"exited: init container "}, Cause{KindProgram, "its tasks do not start", "the container WORD of its init does not end with 0", logsOfContainer, "which has its last words", false}},
	{[]string{"container ordering dependency ", "has timed out"}, Cause{KindHealth, "its tasks do not start", "its container WORD did not become healthy within three minutes", logsOfContainer, "or agents: {AGENT: {sidecars: {WORD: {wait: start}}}}", false}},
	{[]string{"exited: container ", "outofmemory"}, Cause{KindMemory, "its tasks are killed", "its container WORD needs more memory than it has", upAgent, "after agents: {AGENT: {memory: …}}, or more memory for sidecars: {WORD: …}", false}},
	{[]string{"exited: container "}, Cause{KindProgram, "its tasks end by themselves", "its container WORD exits", logsOfContainer, "which has its last words", false}},
	{[]string{"outofmemory"}, Cause{KindMemory, "its tasks are killed", "it needs more memory than it has", upAgent, "after agents: {AGENT: {memory: …}}", false}},
	{[]string{"health checks failed with these codes:"}, Cause{KindHealth, failsCheck, "it answers WORD at health.path, which does not count as healthy", logsOf, "or agents: {AGENT: {health: {path: …}}} as the program has it", false}},
	{[]string{"request timed out"}, Cause{KindHealth, failsCheck, "nothing answers in time at its port and health.path", logsOf, "or agents: {AGENT: {port: …}} as the program has it", false}},
	{[]string{"failed elb health checks"}, Cause{KindHealth, failsCheck, "nothing answers at its port and health.path, or not with a code that counts as healthy", logsOf, "or agents: {AGENT: {port: …, health: {path: …}}} as the program has them", false}},
	{[]string{"failed container health checks"}, Cause{KindHealth, "its tasks fail the container's health check", "the command of health.command does not end with 0", logsOf, "or agents: {AGENT: {health: {command: …}}} as the program wants it", false}},
	{[]string{"executable file not found"}, noCommand},
	{[]string{"oci runtime create failed", "no such file or directory"}, noCommand},
	{[]string{"oci runtime create failed", "permission denied"}, Cause{KindImage, "its tasks end as they start", "the command in the image may not be executed", "karmactl deploy AGENT --build", "after chmod +x in the image", false}},
	{[]string{"cannotstartcontainererror"}, noContainer},
	{[]string{"cannotcreatecontainererror"}, noContainer},
	{[]string{"oci runtime create failed"}, noContainer},
	{[]string{"containerruntimetimeouterror"}, Cause{KindProgram, "its tasks do not get started in time", "the container did not start within the time that ECS gives it", logsOf, "", false}},
	{[]string{"spot task was interrupted"}, Cause{KindSpot, "AWS took its Spot capacity back", "Spot capacity may be taken back at two minutes' notice", upAgent, "after agents: {AGENT: {spot: {base: 1, spot: 1}}}, which keeps one task on demand", false}},
	{[]string{"essential container in task exited"}, Cause{KindProgram, "its tasks end by themselves", "the program exits", logsOf, "which has its last words", false}},
	{[]string{"timeout waiting for ephemeralstorage"}, awsFault},
	{[]string{"internal error"}, awsFault},
	{[]string{"internalerror"}, awsFault},
}

var (
	kmsRight        = Cause{KindRights, noStart, "the agent's execution role may not decrypt with the key of a secret", upAgent, "which puts the right into the role; a key of another account has to allow it in its own policy too", true}
	secretRight     = Cause{KindRights, noStart, "the agent's execution role may not read a secret that the task definition names", upAgent, "which puts the right into the role; a secret of another account has to allow it in its own policy too", true}
	rateLimit       = Cause{KindImage, noStart, "the registry limits how often images may be pulled from it", "karmactl deploy AGENT --image REF", "which copies the image into ECR, where there is no such limit", false}
	network         = Cause{KindNetwork, noStart, "the task does not reach what it needs for a start: a registry, Secrets Manager, CloudWatch Logs", "karmactl doctor AGENT", "which follows its routes", false}
	missingImage    = Cause{KindImage, noStart, "the image is not there", "karmactl deploy AGENT --build", "or with --image REF", false}
	missingSecret   = Cause{KindSecret, noStart, "a secret that the task definition names is not there", "karmactl secrets sync", "", true}
	noValue         = Cause{KindSecret, noStart, "a secret that the task definition names has no value", "karmactl secrets status AGENT", "which names it; karmactl secrets set AGENT KEY gives it one", true}
	missingLogGroup = Cause{KindLogs, noStart, "its log group is gone", upAgent, "which makes it again", false}
	noCommand       = Cause{KindImage, "its tasks end as they start", "the command is not in the image", "karmactl deploy AGENT --build", "after mending agents: {AGENT: {command: …}} or the image's own command", false}
	noContainer     = Cause{KindImage, "its tasks end as they start", "the container cannot be started from the image", logsOf, "and the reason, which has the container runtime's own words", false}
	awsFault        = Cause{KindAWS, noStart, "a fault within AWS", "", "wait: ECS tries again; if it lasts, look at the AWS Health Dashboard", false}
)

func quota(why string) Cause {
	return Cause{KindQuota, noStart, why, "karmactl doctor AGENT", "which names the quota and the command that asks for more", false}
}

// CauseOf reads the reason that ECS gives for the end of a task of an agent, or for
// starting none. A reason that karmactl does not know has no cause: Unknown is for those.
func CauseOf(agent, reason string) (Cause, bool) {
	lower := strings.ToLower(reason)
	for _, m := range marks {
		if slices.ContainsFunc(m.words, func(w string) bool { return !strings.Contains(lower, w) }) {
			continue
		}
		after := reason[min(len(reason), strings.Index(lower, m.words[0])+len(m.words[0])):]
		word, _, _ := strings.Cut(strings.TrimSpace(after), " ")
		fill := strings.NewReplacer("AGENT", agent, "WORD", strings.Trim(word, "[]().:"))
		m.Why, m.Command, m.Hint = fill.Replace(m.Why), fill.Replace(m.Command), fill.Replace(m.Hint)
		return m.Cause, true
	}
	return Cause{}, false
}

// Explained is the cause of a reason, known or not.
func Explained(agent, reason string) Cause {
	if c, known := CauseOf(agent, reason); known {
		return c
	}
	return Cause{
		Kind: KindUnknown, Problem: "its tasks end", Why: "ECS's reason says it: karmactl does not know more of it",
		Command: strings.ReplaceAll(logsOf, "AGENT", agent), Hint: "and AWS's page on stopped task errors",
	}
}
