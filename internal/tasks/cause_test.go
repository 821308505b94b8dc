package tasks

import "testing"

// The texts are AWS's: from the developer guide's pages on stopped tasks
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html,
// resource-initialization-error.html, task_cannot_pull_image.html), on service events
// (service-event-messages-list.html), from the container agent's source
// (agent/asm/asm.go), and from stopped tasks that people have shown in public.
func TestWhatAWSSaysHasACause(t *testing.T) {
	const secrets = "ResourceInitializationError: unable to pull secrets or registry auth: "
	const role = "User: arn:aws:sts::123456789012:assumed-role/demo-web-exec/1 is not authorized to perform: "
	for _, c := range []struct {
		kind Kind
		why  string
		text string
	}{
		// Service events.
		{KindQuota, "the account's quota of Fargate vCPU is used up", "(service web) was unable to place a task. Reason: You’ve reached the limit on the number of vCPUs you can run concurrently. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."},
		{KindQuota, "the account's quota of Fargate tasks is used up", "(service web) was unable to place a task. Reason: You’ve reached the limit on the number of tasks you can run concurrently."},
		{KindQuota, "one task of this size is more than the account's quota allows", "(service web) was unable to place a task. Reason: The requested CPU configuration is above your limit."},
		{KindQuota, "one task of this size is more than the account's quota allows", "(service web) was unable to place a task. Reason: The requested MEMORY configuration is above your limit."},
		{KindCapacity, "Fargate has no capacity in these zones at the moment", "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone."},
		{KindAWS, "a fault within AWS", "(service web) was unable to place a task. Reason: Internal error."},
		{KindImage, "the image is not there", "(service web) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/x/agent:missing: public.ecr.aws/x/agent:missing: not found."},
		{KindRights, "ECS may not take on a role that the task definition names: it is gone, or does not trust ECS", "(service web) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/demo-web-exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.)."},

		// Secrets and parameters.
		{KindSecret, "a secret that the task definition names is not there", secrets + "ResourceNotFoundException: The task can't retrieve the secret with ARN 'arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/web-AbCdEf' from AWS Secrets Manager. Check whether the secret exists in the specified Region."},
		{KindSecret, "a secret that the task definition names is not there", secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-AbCdEf from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."},
		{KindSecret, "a secret that the task definition names has no value", secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/web-AbCdEf from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"},
		{KindSecret, "a secret that the task definition names is being deleted", secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/web-AbCdEf from secrets manager: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."},
		{KindSecret, "a key is missing in the agent's secret", secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key api_key"},
		{KindSecret, "the agent's secret is no flat JSON object", secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character 'p' in literal true (expecting 'r')"},
		{KindSecret, "a parameter that the task definition names is not there", secrets + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): Invalid parameters: /demo/web/api_key"},
		{KindNetwork, network.Why, secrets + "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/web-AbCdEf from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded"},
		{KindNetwork, network.Why, secrets + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp 10.0.3.17:443: i/o timeout"},
		{KindNetwork, network.Why, secrets + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded"},
		{KindRights, secretRight.Why, secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/data-worker-CaCVEg from secrets manager: AccessDeniedException: " + role + "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/data-worker-CaCVEg because no identity-based policy allows the secretsmanager:GetSecretValue action"},
		{KindRights, secretRight.Why, secrets + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: " + role + "ssm:GetParameters on resource: arn:aws:ssm:us-east-1:123456789012:parameter/demo/web/api_key"},
		{KindRights, kmsRight.Why, secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:demo/web-AbCdEf from secrets manager: AccessDeniedException: Access to KMS is not allowed"},
		{KindRights, kmsRight.Why, secrets + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: " + role + "kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/1"},

		{KindRights, kmsRight.Why, secrets + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."},

		// Images.
		{KindImage, "the image is not there", "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v42: 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v42: not found"},
		{KindImage, "the image is not there", "CannotPullImageManifestError: Error response from daemon: manifest unknown: manifest unknown"},
		{KindImage, "the image is not built for the agent's architecture", "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"},
		{KindImage, rateLimit.Why, "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/python/manifests/sha256:1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"},
		{KindImage, "the image needs more room than the task's disk has", "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:1: write /var/lib/containerd/io.containerd.snapshotter: no space left on device: unknown"},
		{KindNetwork, network.Why, "CannotPullContainerError: The task cannot pull 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1 from Amazon ECR. There is a connection issue between the task and Amazon ECR. Check your task network configuration. : failed to do request: Head \"https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/web/manifests/v1\": dial tcp 10.0.3.17:443: i/o timeout"},
		{KindNetwork, network.Why, "CannotPullContainerError: Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"},
		{KindRights, "the agent's execution role may not pull the image", "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry. Error response from daemon: pull access denied for 123456789012.dkr.ecr.us-east-1.amazonaws.com/team/relay, repository does not exist or may require 'docker login': denied: " + role + "ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:123456789012:repository/team/relay because no identity-based policy allows the ecr:BatchGetImage action"},
		{KindRights, "the registry asks for a sign-in before a pull, or has no such repository", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/acme/secret:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"},
		{KindRights, "the registry refuses to hand out the image", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/team/relay:2: unexpected status from HEAD request to https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/team/relay/manifests/2: 403 Forbidden"},

		// Volumes of EFS.
		{KindProgram, "the directory of a volume, or of its access point, is not on the file system", "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-0123456789abcdef0.efs.us-east-1.amazonaws.com:/grafana failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32"},
		{KindRights, "the task role may not mount a volume, or its access point is gone", "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server while mounting fs-065b374f6a1a6b4c8.efs.us-east-1.amazonaws.com:/' : unsuccessful EFS utils command execution; code: 32"},

		// Start and life.
		{KindProgram, "the container restore of its init does not end with 0", "Essential container in task exited: init container restore"},
		{KindHealth, "its container redis did not become healthy within three minutes", "Essential container in task exited: CannotStartContainerError: dependency graph: container ordering dependency [redis] for target [web] has timed out."},
		{KindMemory, "its container redis needs more memory than it has", "Essential container in task exited: container redis: OutOfMemoryError: Container killed due to memory usage"},
		{KindProgram, "its container redis exits", "Essential container in task exited: container redis"},
		{KindLogs, "its log group is gone", "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"},
		{KindRights, "the agent's execution role may not write to its log group", "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: " + role + "logs:CreateLogStream on resource: arn:aws:logs:us-east-1:123456789012:log-group:/ecs/demo/web"},
		{KindAWS, "AWS did not give the task its network interface in time", "Timeout waiting for network interface provisioning to complete."},
		{KindNetwork, "a subnet of the tasks has no free address left", "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0123456789abcdef0': InsufficientFreeAddressesInSubnet"},
		{KindImage, "the program in the image is built for another architecture than the agent's", "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec /app/main: exec format error: unknown"},
		{KindImage, noCommand.Why, "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"gunicorn\": executable file not found in $PATH: unknown"},
		{KindImage, "the command in the image may not be executed", "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app/run.sh\": permission denied: unknown"},
		{KindImage, noContainer.Why, "CannotStartContainerError: failed to get container status: unknown"},
		{KindProgram, "the container did not start within the time that ECS gives it", "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 3m0s"},
		{KindMemory, "it needs more memory than it has", "OutOfMemoryError: Container killed due to memory usage"},
		{KindHealth, "nothing answers at its port and health.path, or not with a code that counts as healthy", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/demo-web/0123456789abcdef)"},
		{KindHealth, "it answers 404 at health.path, which does not count as healthy", "Task failed ELB health checks in (target-group demo-web): Health checks failed with these codes: [404]"},
		{KindHealth, "nothing answers in time at its port and health.path", "Task failed ELB health checks in (target-group demo-web): Request timed out"},
		{KindHealth, "the command of health.command does not end with 0", "Task failed container health checks"},
		{KindSpot, "Spot capacity may be taken back at two minutes' notice", "Your Spot Task was interrupted."},
		{KindProgram, "the program exits", "Essential container in task exited"},
	} {
		got, known := CauseOf("web", c.text)
		if !known || got.Kind != c.kind || got.Why != c.why {
			t.Errorf("%s\n  is %q, %s\n  and not %q, %s", c.text, got.Kind, got.Why, c.kind, c.why)
		}
		if got.Fix() == "" || got.Problem == "" {
			t.Errorf("%s: no fix or no problem: %+v", c.text, got)
		}
	}
}

func TestAMissingKeyIsNamedInItsFix(t *testing.T) {
	c, _ := CauseOf("web", "retrieved secret from Secrets Manager did not contain json key api_key")
	if c.Fix() != "karmactl secrets set web api_key" || !c.Again {
		t.Errorf("%+v", c)
	}
}

func TestAReasonThatNobodyKnowsIsStillToldWithANextStep(t *testing.T) {
	if _, known := CauseOf("web", "SomethingNewError: of next year"); known {
		t.Error("it is known")
	}
	c := Explained("web", "SomethingNewError: of next year")
	if c.Kind != KindUnknown || c.Fix() == "" {
		t.Errorf("%+v", c)
	}
}

func TestTheMemoryToTryNextIsNamed(t *testing.T) {
	c, _ := CauseOf("web", "OutOfMemoryError: Container killed due to memory usage")
	if got := c.WithMemory(1024).Fix(); got != "karmactl up --only web, after agents: {web: {memory: 1024}}" {
		t.Error(got)
	}
}
