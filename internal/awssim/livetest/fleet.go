// Package livetest is a fleet in the shape that a Terraform module leaves behind, built in a
// simulated account by calls of its own: subnets of /24, name prefixes, one pair of roles for
// all, explicit priorities of rules, alarms and autoscaling. karmactl has made nothing of it.
package livetest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// The names of the fleet.
const (
	Cluster = "acme-prod"
	Region  = "us-east-1"
)

// Agents are the names of its agents, each with its port.
func Agents() []Agent { return []Agent{{"validator", 9001}, {"seller", 9002}, {"chat", 9003}} }

// Agent is one of the fleet's.
type Agent struct {
	Name string
	Port int
}

// Shape is what such a module leaves to its variables.
type Shape struct {
	// Domain has the fleet serve HTTPS, with a certificate and a record for each agent; "" is HTTP.
	Domain string
	// PrivateDNS has the namespace of Service Connect in the DNS of the VPC, too.
	PrivateDNS bool
	// Beside has the first agent's tasks run more containers, and mount a file system.
	Beside bool
}

// Fleet is the fleet with what leads to it.
type Fleet struct {
	Sim *awssim.Sim
	// Host is the DNS name of its load balancer.
	Host string

	shape   Shape
	clients *cloud.Clients
	clock   engine.Clock
	ids     ids
}

// ids are those of what others refer to.
type ids struct {
	vpc, gateway              string
	public, private           []string
	balancers, tasks          string // security groups
	execution, task           string // roles
	balancer, balancerZone    string
	listener                  string
	namespace                 string
	nat, secret, privateTable string
	files                     string // a file system
}

// New builds the fleet in an account of its own, in which a change shows a second later.
func New(ctx context.Context, shape Shape) (*Fleet, error) {
	sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Region: Region, Visible: time.Second})
	if err != nil {
		return nil, err
	}
	return Build(ctx, sim, engine.RealClock{}, shape)
}

// Reader are clients of the fleet's account that can only read.
func (f *Fleet) Reader() *cloud.Clients {
	return cloud.NewClients(cloud.WithOptions(f.Sim.Config(), cloud.ReadOnly))
}

// Build builds the fleet in a simulated account and waits until its agents answer.
func Build(ctx context.Context, sim *awssim.Sim, clock engine.Clock, shape Shape) (*Fleet, error) {
	f := &Fleet{Sim: sim, shape: shape, clients: cloud.NewClients(sim.Config()), clock: clock}
	for _, make := range []func(context.Context) error{f.network, f.groups, f.edge, f.domain, f.roles, f.platform, f.files, f.agents, f.answers} {
		if err := make(ctx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// answers waits until every agent answers.
func (f *Fleet) answers(ctx context.Context) error {
	for range 120 {
		if f.Ask() == nil {
			return nil
		}
		if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	return f.Ask()
}

// Ask sends a request to each agent through the load balancer. The error is of the first
// that does not answer.
func (f *Fleet) Ask() error {
	client := &http.Client{Transport: f.Sim.RoundTripper()}
	for _, a := range Agents() {
		res, err := client.Get("http://" + f.Host + "/" + a.Name + "/health") // a listener may redirect it to HTTPS
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		body, err := io.ReadAll(res.Body)
		if cerr := res.Body.Close(); err == nil {
			err = cerr
		}
		if err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s: %s %w", a.Name, res.Status, body, err)
		}
	}
	return nil
}

// StopOne stops the task of the first agent, so that its service is not steady for a while.
func (f *Fleet) StopOne(ctx context.Context) error {
	service := Cluster + "-" + Agents()[0].Name
	out, err := f.clients.ECS.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String(Cluster), ServiceName: &service})
	if err != nil {
		return err
	}
	for _, arn := range out.TaskArns {
		if _, err := f.clients.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(Cluster), Task: &arn}); err != nil {
			return err
		}
	}
	return f.clock.Wait(ctx, 20*time.Second)
}
