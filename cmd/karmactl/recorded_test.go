package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// wholeLife is what is asked of an account with everything in it.
const wholeLife = `
project: karmacadabra
environment: prod
region: us-east-1
budget: {monthly_usd: 500, emails: [ops@example.com]}
network: {nat: single, ipv6: true, endpoints: [s3, ecr.api]}
load_balancer: {domain: agents.example.com}
observability: {xray: true, container_insights: "on", alarms: {emails: [ops@example.com]}}
secrets: {nested: karmacadabra, entry: "{agent}-agent"}
registries: {docker.io: acme/hub}
defaults: {image: "public.ecr.aws/x/agent:v1", exec: true, health: {command: "true"}}
agents:
  validator: {port: 9001, secrets: {PRIVATE_KEY: {key: private_key, optional: true}}, scale: {min: 1, max: 3}}
  karma-hello:
    port: 9002
    calls: [validator]
    image: python:3.13-slim
    user: 1000:1000
    workdir: /app
    ulimits: {nofile: 4096}
    storage: 30
    permissions: [{policy: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]
`

// simpleLife has secrets in parameters, and is reached without a domain.
const simpleLife = `
project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none}
secrets: {store: ssm, nested: karmacadabra, entry: "{agent}-agent"}
defaults: {image: "public.ecr.aws/x/agent:v1"}
agents:
  validator: {port: 9001, secrets: {PRIVATE_KEY: {key: private_key, optional: true}}}
`

// instanceLife has one small instance between its private subnets and the internet, a
// worker that a queue wakes, and a job that a state machine leads.
var instanceLife = strings.Replace(simpleLife, "nat: none", "nat: instance", 1) + `
  consumer: {scale: {min: 0, max: 3, queue: {name: acme-jobs, per_task: 10}}}
jobs:
  tick: {agent: validator, command: [tick], schedule: rate(1 minute), retries: 1}
`

// signIn puts the secret of a private registry into an account.
func (o *office) signIn(secret string) {
	o.t.Helper()
	c := cloud.NewClients(cloud.WithOptions(o.sim.Config(), cloud.LostReplies))
	if _, err := c.SecretsManager.CreateSecret(o.t.Context(), &secretsmanager.CreateSecretInput{Name: &secret, SecretString: aws.String(`{"username":"acme","password":"x"}`)}); err != nil {
		o.t.Fatal(err)
	}
}

// strike has an account tell of what seldom happens: what failed, a secret that someone
// else made without a value, an image for two platforms, a certificate that its owner imported, a task that is stopped by hand.
func (o *office) strike() {
	o.t.Helper()
	reset := o.keep()
	defer reset()
	c := cloud.NewClients(cloud.WithOptions(o.sim.Config(), cloud.LostReplies))
	_, err := c.SecretsManager.CreateSecret(o.t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("bare")})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.sim.Edit(func(w *awssim.World) {
		w.Secrets["bare"].Tags = nil
		for _, n := range w.NATGateways {
			n.State, n.Failure = ec2types.NatGatewayStateFailed, "Gateway.NotAttached"
		}
		for _, l := range w.LoadBalancers {
			l.Failure = "Insufficient capacity"
		}
		for _, cl := range w.Clusters {
			cl.ProvidersUntil = time.Now().Add(time.Minute)
		}
	}); err != nil {
		o.t.Fatal(err)
	}
	time.Sleep(time.Minute)
	o.run("", "plan")
	if _, err := c.SecretsManager.DeleteSecret(o.t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String("bare")}); err != nil {
		o.t.Fatal(err)
	}
	time.Sleep(10 * time.Minute) // a listing is minutes behind
	if _, err := c.SecretsManager.ListSecrets(o.t.Context(), &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)}); err != nil {
		o.t.Fatal(err)
	}
	const imported = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
	if err := o.sim.Seed(awssim.Seed{Images: map[string]string{"elsewhere": "v1"}, Certificates: map[string][]string{imported: {"example.com"}}}); err != nil { // for two platforms
		o.t.Fatal(err)
	}
	if _, err := c.ACM.DescribeCertificate(o.t.Context(), &acm.DescribeCertificateInput{CertificateArn: aws.String(imported)}); err != nil {
		o.t.Fatal(err)
	}
	if _, err := c.ECR.DescribeImages(o.t.Context(), &ecr.DescribeImagesInput{RepositoryName: aws.String("elsewhere")}); err != nil {
		o.t.Fatal(err)
	}
	tasks, err := c.ECS.ListTasks(o.t.Context(), &ecs.ListTasksInput{Cluster: aws.String("karmacadabra-prod")})
	if err != nil || len(tasks.TaskArns) == 0 {
		o.t.Fatal(tasks, err)
	}
	if _, err := c.ECS.StopTask(o.t.Context(), &ecs.StopTaskInput{Cluster: aws.String("karmacadabra-prod"), Task: &tasks.TaskArns[0]}); err != nil {
		o.t.Fatal(err)
	}
}

// Every answer of the simulated account, to all that commands ask, is held to what the
// real AWS was recorded to answer. The tests' benches hold theirs to it, too; here each
// exception has to be needed.
func TestEveryAnswerOfALifeIsAsAWSWasRecorded(t *testing.T) {
	life := []string{
		"plan", "up --yes", "up --yes", "outputs", "status", "status --drift", "doctor", "logs", "logs --query errors", "secrets status", "secrets sync",
		"cost --actual", "scale validator=2", "run validator --cpu 512 --memory 1024 -- echo", "deploy validator --image public.ecr.aws/x/agent:v2", "deploy validator --restart",
		"deploy validator --refresh-secrets", "rollback validator", "state list", "list", "hibernate --yes", "wake --yes", "down --yes",
	}
	unneeded, compared, answers := map[string]int{}, map[string]bool{}, 0
	facts, err := recorded.Read()
	if err != nil {
		t.Fatal(err)
	}
	lives := map[string]string{"with everything": wholeLife, "as simple as can be": simpleLife, "through an instance": instanceLife}
	for name, yaml := range lives {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, yaml)
				watcher := recorded.Watch(t, o.sim.Observe)
				if err := o.sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
					t.Fatal(err)
				}
				o.signIn("acme/hub")
				for i, command := range life {
					if i == 2 {
						o.strike()
					}
					_ = os.RemoveAll(filepath.Join(o.dir, "world", worldName+".cache"))
					if code, said := o.run("", strings.Fields(command)...); code != 0 && command != "doctor" {
						t.Errorf("%s exits %d: %s", command, code, last(said, 12))
					}
				}
				for _, key := range watcher.Unneeded() {
					unneeded[key]++
				}
				for op, n := range watcher.Answers() {
					if facts.Operations[op] != nil {
						compared[op] = true
						answers += n
					}
				}
			})
		})
	}
	for key, n := range unneeded {
		if n == len(lives) {
			t.Errorf("nothing needs the exception %q any more: delete it", key)
		}
	}
	t.Logf("%d answers of %d operations are compared", answers, len(compared))
	if len(compared) < 80 {
		t.Errorf("only %d operations that are recorded are asked", len(compared))
	}
}
