//go:build wire

package wire

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// home is what all resources of a stack in this account share.
func (a *account) home() *provision.Home {
	return &provision.Home{
		Stack: "karmacadabra-prod", Project: "karmacadabra", DeleteImages: true, Account: a.Account,
		Tags:    cloud.Tags{"Project": "karmacadabra", "Environment": "prod"},
		Clients: cloud.NewClients(a.cfg), Inventory: cloud.NewInventory(a.clock), Clock: a.clock,
	}
}

// life is the scenario: up; the plan is empty; up again without a write; down;
// nothing is left.
type life struct {
	*account
	home  *provision.Home
	rec   *engine.Memory
	steps []engine.Step
}

func (l *life) walk(t *testing.T, apply, down bool) *engine.Result {
	t.Helper()
	w := engine.Walk{Steps: l.steps, Record: l.rec, Clock: l.clock, Classify: cloud.Classify, Apply: apply}
	do := w.Up
	if down {
		do = w.Down
	}
	res, err := do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		t.Errorf("on %s (apply %t, down %t):%s", l.name, apply, down, orders(res))
		t.FailNow()
	}
	for _, o := range res.Outcomes {
		if o.Status != engine.Done {
			t.Fatalf("on %s %s ends %s: %s", l.name, o.Key, o.Status, o.Reason)
		}
	}
	return res
}

func (l *life) run(t *testing.T) {
	t.Helper()
	l.walk(t, true, false)
	if res := l.walk(t, false, false); res.Changes() {
		t.Fatalf("on %s the plan after up is not empty:%s", l.name, orders(res))
	}
	mark := l.wire.mark()
	l.walk(t, true, false)
	if wrote := l.wire.mutations(mark); len(wrote) > 0 {
		t.Fatalf("on %s a second up writes: %v", l.name, count(wrote))
	}
	l.walk(t, true, true)
	if res := l.walk(t, false, false); res.Count(engine.Create) != len(l.steps) {
		t.Errorf("on %s something is left after down:%s", l.name, orders(res))
	}
	if left := l.rec.Entries(); len(left) > 0 {
		t.Errorf("on %s the state still has %v", l.name, left)
	}
}

func TestTheNetworkOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			a := e.open(t)
			h := a.home()
			l := &life{account: a, home: h, rec: engine.NewMemory(a.clock), steps: a.holds(networkSteps(h))}
			l.run(t)
		})
	}
}

func networkSteps(h *provision.Home) []engine.Step {
	vpc := &provision.VPC{Home: h, CIDR: "10.0.0.0/16"}
	igw := &provision.InternetGateway{Home: h, VPC: vpc}
	eip := &provision.ElasticIP{Home: h, AZ: "us-east-1a"}
	pt := &provision.RouteTable{Home: h, VPC: vpc, Name: "public"}
	out := []engine.Step{engine.Manage(vpc), engine.Manage(igw), engine.Manage(eip), engine.Manage(pt)}
	ptables := []*provision.RouteTable{pt}
	var nat *provision.NATGateway
	var private []*provision.Subnet
	out = append(out, engine.Manage(&provision.Route{Home: h, Table: pt, Gateway: igw}))
	for i, az := range []string{"us-east-1a", "us-east-1b"} {
		pub := &provision.Subnet{Home: h, VPC: vpc, Tier: "public", AZ: az, CIDR: []string{"10.0.0.0/24", "10.0.1.0/24"}[i]}
		priv := &provision.Subnet{Home: h, VPC: vpc, Tier: "private", AZ: az, CIDR: []string{"10.0.100.0/24", "10.0.101.0/24"}[i]}
		private = append(private, priv)
		tab := &provision.RouteTable{Home: h, VPC: vpc, Name: "private-" + az}
		ptables = append(ptables, tab)
		if nat == nil {
			nat = &provision.NATGateway{Home: h, AZ: az, Subnet: pub, Address: eip, Gateway: igw}
			out = append(out, engine.Manage(nat))
		}
		out = append(out, engine.Manage(pub), engine.Manage(priv), engine.Manage(tab),
			engine.Manage(&provision.Route{Home: h, Table: tab, NAT: nat}),
			engine.Manage(&provision.RouteTableAssociation{Home: h, Table: pt, Subnet: pub}),
			engine.Manage(&provision.RouteTableAssociation{Home: h, Table: tab, Subnet: priv}))
	}
	alb := &provision.SecurityGroup{Home: h, VPC: vpc, Name: "alb", Purpose: "the load balancer", Ingress: []provision.Rule{{Port: 80, CIDR: "0.0.0.0/0", Description: "HTTP"}}}
	ag := &provision.SecurityGroup{Home: h, VPC: vpc, Name: "agents", Purpose: "the agents", Ingress: []provision.Rule{{Port: 9001, From: alb, Description: "x"}, {Port: 9001, Self: true, Description: "y"}}}
	eg := &provision.SecurityGroup{Home: h, VPC: vpc, Name: "endpoints", Purpose: "the endpoints", Ingress: []provision.Rule{{Port: 443, From: ag, Description: "x"}}}
	return append(out, engine.Manage(alb), engine.Manage(ag), engine.Manage(eg),
		engine.Manage(&provision.VPCEndpoint{Home: h, VPC: vpc, Service: "s3", Tables: ptables}),
		engine.Manage(&provision.VPCEndpoint{Home: h, VPC: vpc, Service: "ecr.api", Subnets: private, Group: eg}))
}

func TestThePlatformOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			a := e.open(t)
			h := a.home()
			ns := &provision.Namespace{Home: h, Name: "karmacadabra.local"}
			steps := []engine.Step{engine.Manage(ns), engine.Manage(&provision.Cluster{Home: h, Namespace: ns}),
				engine.Manage(&provision.LogGroup{Home: h, Agent: "validator", RetentionDays: 7}),
				engine.Manage(&provision.Role{Home: h, Kind: "exec", Agent: "validator", Policy: `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`}),
			}
			l := &life{account: a, home: h, rec: engine.NewMemory(a.clock), steps: steps}
			l.run(t)
		})
	}
}
