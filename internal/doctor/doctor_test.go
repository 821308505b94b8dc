package doctor

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// hourly gives the validator a job.
func hourly(command string) func(*agents.Config) {
	return func(c *agents.Config) {
		c.Jobs = map[string]agents.Job{"digest": {
			Name: "digest", Agent: "validator", Command: []string{"sh", "-c", command}, Schedule: "every hour", Expression: "cron(0 * * * ? *)", Timezone: "UTC", CPU: 256, Memory: 512,
		}}
	}
}

// Each breaks one thing, and one check finds it: the golden files have the words.
func TestEachCheckFindsWhatItIsFor(t *testing.T) {
	for _, c := range []struct {
		name string
		// finds are the checks that have something to say.
		finds  []string
		change func(*agents.Config)
		do     func(*bench)
	}{
		{name: "well"},
		{name: "service", finds: []string{"service"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { delete(w.Services, serviceOf(w, "abracadabra").ARN) })
		}},
		{name: "role", finds: []string{"role"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for k, r := range w.Roles {
					if strings.Contains(r.Name, "validator") && strings.Contains(r.Name, "exec") {
						delete(w.Roles, k)
					}
				}
			})
			b.stop()
		}},
		{name: "capacity", finds: []string{"capacity"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
			b.stop()
		}},
		{name: "quotas", finds: []string{"quotas"}, change: allScale, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 5} })
		}},
		{name: "quota-addresses", finds: []string{"quotas"}, do: func(b *bench) {
			b.cfg.Network.NAT = agents.NATPerAZ // it is up with one
			for range 4 {
				b.held()
			}
		}},
		{name: "quota-vpcs", finds: []string{"service", "quotas"}, do: (*bench).crowded},
		{name: "image", finds: []string{"task"}, do: func(b *bench) {
			b.container(func(c *ecstypes.ContainerDefinition) {
				c.Image = aws.String("public.ecr.aws/docker/library/python:missing")
			})
		}},
		{name: "secret", finds: []string{"task"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { // it may be read, and is not there
				w.Roles["karmacadabra-prod-us-east-1-validator-execution"].Inline["gone"] = `{"Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*:secret:gone-*"}}`
			})
			b.container(func(c *ecstypes.ContainerDefinition) {
				c.Secrets = append(c.Secrets, ecstypes.Secret{Name: aws.String("KEY"), ValueFrom: aws.String("arn:aws:secretsmanager:us-east-1:123456789012:secret:gone-abcdef:KEY::")})
			})
		}},
		{name: "crash", finds: []string{"task"}, do: func(b *bench) {
			b.container(func(c *ecstypes.ContainerDefinition) {
				c.Environment = append(c.Environment, ecstypes.KeyValuePair{Name: aws.String("AWSSIM_BEHAVIOUR"), Value: aws.String("crash")})
			})
		}},
		{name: "job", finds: []string{"job"}, change: hourly("exit 3"), do: func(*bench) { time.Sleep(time.Until(time.Date(2000, 1, 1, 1, 5, 0, 0, time.UTC))) }},
		{name: "job-schedule", finds: []string{"job"}, change: hourly("exit 0"), do: func(b *bench) {
			b.edit(func(w *awssim.World) { clear(w.JobSchedules) })
		}},
		{name: "log-group", finds: []string{"log-group"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { delete(w.LogGroups, "/ecs/karmacadabra-prod/validator") })
			b.stop()
		}},
		{name: "public-access", finds: []string{"public-access"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.BlockPublicAccess = ec2types.BlockPublicAccessModeBlockIngress })
		}},
		{name: "public-access-both-ways", finds: []string{"public-access"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.BlockPublicAccess = ec2types.BlockPublicAccessModeBlockBidirectional })
		}},
		{name: "egress", finds: []string{"egress"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, rt := range w.RouteTables {
					rt.Routes = slices.DeleteFunc(rt.Routes, func(r awssim.Route) bool { return strings.HasPrefix(r.Target, "nat-") })
				}
			})
			b.stop()
		}},
		{name: "endpoint", finds: []string{"endpoint"}, change: func(c *agents.Config) { c.Network.Endpoints = []string{"s3", "ecr.api"} }, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, e := range w.VPCEndpoints {
					for _, g := range e.Groups {
						w.SecurityGroups[g].Ingress = nil
					}
				}
			})
			b.stop()
		}},
		{name: "health", finds: []string{"target-health"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, x := range w.TargetGroups[aws.ToString(serviceOf(w, "validator").Config.LoadBalancers[0].TargetGroupArn)].Targets {
					x.Answers, x.Since = false, time.Now().UTC().Add(-time.Hour)
				}
			})
		}},
		{name: "path", finds: []string{"target-health"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				w.TargetGroups[aws.ToString(serviceOf(w, "validator").Config.LoadBalancers[0].TargetGroupArn)].Path = "/status"
			})
		}},
		{name: "security-group", finds: []string{"security-group"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, id := range serviceOf(w, "validator").Config.Network.AwsvpcConfiguration.SecurityGroups {
					g := w.SecurityGroups[id]
					g.Ingress = slices.DeleteFunc(g.Ingress, func(r awssim.SecurityGroupRule) bool { return r.Group != id && r.From <= 9001 && r.To >= 9001 })
				}
			})
		}},
		{name: "self-ingress", finds: []string{"service-connect"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, id := range serviceOf(w, "validator").Config.Network.AwsvpcConfiguration.SecurityGroups {
					g := w.SecurityGroups[id]
					g.Ingress = slices.DeleteFunc(g.Ingress, func(r awssim.SecurityGroupRule) bool { return r.Group == id })
				}
			})
		}},
		{name: "namespace", finds: []string{"service-connect"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				s := serviceOf(w, "karma-hello")
				s.Config.Connect, s.Deployments[0].Config.Connect = nil, nil
			})
		}},
		{name: "older", finds: []string{"service-connect"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				serviceOf(w, "karma-hello").Deployments[0].Created = serviceOf(w, "validator").Created.Add(-time.Minute)
			})
		}},
		{name: "insights", finds: []string{"container-insights"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.Clusters["karmacadabra-prod"].Insights = "enabled" })
		}},
		{name: "5xx", finds: []string{"5xx"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				w.TargetErrors = map[string]int{aws.ToString(serviceOf(w, "validator").Config.LoadBalancers[0].TargetGroupArn): 37}
			})
			time.Sleep(20 * time.Minute)
		}},
		{name: "spot", finds: []string{"capacity", "spot"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.InterruptSpot, w.NoSpotCapacity = true, true })
			time.Sleep(time.Minute)
			b.edit(func(w *awssim.World) { w.InterruptSpot = false })
			time.Sleep(10 * time.Minute)
		}},
		{name: "scaled-to-0", finds: []string{"scale"}, do: func(b *bench) {
			_, err := b.c.ECS.UpdateService(b.t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String(b.cfg.Stack()), Service: aws.String("validator"), DesiredCount: aws.Int32(0)})
			if err != nil {
				b.t.Fatal(err)
			}
			time.Sleep(2 * time.Minute)
		}},
		{name: "vcpu-quota", finds: []string{"quotas"}, change: allScale, do: func(b *bench) {
			b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 0.25} })
			b.stop()
		}},
		{name: "hole-between-balancer-and-task", finds: []string{"security-group"}, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, id := range serviceOf(w, "validator").Config.Network.AwsvpcConfiguration.SecurityGroups {
					g := w.SecurityGroups[id]
					g.Ingress = slices.DeleteFunc(g.Ingress, func(r awssim.SecurityGroupRule) bool { return r.Group != id && r.From <= 9001 && r.To >= 9001 })
				}
				for _, x := range w.TargetGroups[aws.ToString(serviceOf(w, "validator").Config.LoadBalancers[0].TargetGroupArn)].Targets {
					x.Answers, x.Since = false, time.Now().UTC().Add(-time.Hour)
				}
			})
		}},
		{name: "failed-and-over", do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, x := range w.Tasks {
					if x.Service == serviceOf(w, "validator").ARN {
						x.Behaviour = "crash" // the one that takes its place does not
					}
				}
			})
			time.Sleep(5 * time.Minute)
		}},
		{name: "elastic-ip", finds: []string{"elastic-ip"}, do: func(b *bench) {
			if _, err := b.c.EC2.AllocateAddress(b.t.Context(), &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc}); err != nil {
				b.t.Fatal(err)
			}
		}},
		{name: "foreign", finds: []string{"foreign"}, change: func(c *agents.Config) { c.Network.Endpoints = []string{"s3", "ecr.api"} }, do: func(b *bench) {
			b.edit(func(w *awssim.World) {
				for _, e := range w.VPCEndpoints {
					if e.Kind == ec2types.VpcEndpointTypeInterface {
						e.Tags = cloud.Tags{"Name": "another owner's"}
					}
				}
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.change)
				if c.do != nil {
					c.do(b)
				}
				r := b.examine()
				got := taskID.ReplaceAllString(text(r), "task …") // AWS chooses it
				var found []string
				for _, f := range r.Findings {
					if !slices.Contains(found, f.Check) {
						found = append(found, f.Check)
					}
				}
				if !slices.Equal(found, c.finds) {
					t.Errorf("it finds %v, not %v:\n%s", found, c.finds, got)
				}
				path := filepath.Join("testdata", c.name+".golden")
				if *update {
					if err := os.MkdirAll("testdata", 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("%s is not what it was (-update rewrites it):\n%s", path, got)
				}
			})
		})
	}
}

// allScale is a fleet of which each agent may have three tasks.
func allScale(c *agents.Config) {
	for i := range c.Agents {
		c.Agents[i].Scale.Max = 3
	}
}

var taskID = regexp.MustCompile(`task [0-9a-f]{32}`)

// stoppedWith is a snapshot of one agent whose only task stopped for a reason.
func stoppedWith(reason string) *snapshot {
	s := ecstypes.Service{DesiredCount: 1, TaskDefinition: aws.String("validator:1")}
	sn := &snapshot{Input: Input{Agents: []agents.Agent{{Name: "validator", CPU: 256, Memory: 512}}, Clock: engine.RealClock{}}}
	sn.Services = map[string]ecstypes.Service{"validator": s}
	sn.Tasks = map[string][]ecstypes.Task{"validator": {{
		StoppedAt: aws.Time(time.Unix(0, 0)), TaskDefinitionArn: s.TaskDefinition, Group: aws.String("service:validator"), StoppedReason: &reason,
	}}}
	return sn
}
