package agents

import "testing"

func TestAVPCThatIsThereHasItsOwnersWayOut(t *testing.T) {
	got, err := Parse("agents.yaml", []byte(`
network: {vpc: vpc-0a1b2c3d, public: [subnet-0a1b2c31, subnet-0a1b2c32], private: [subnet-0a1b2c33]}
agents: {a: {port: 80}}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	n := got.Network
	if n.NAT != NATNone || len(n.Endpoints) > 0 || n.AZs != 2 || n.Tasks()[0] != "subnet-0a1b2c33" {
		t.Errorf("the network is %+v", n)
	}
	if n.Private = nil; n.Tasks()[1] != "subnet-0a1b2c32" {
		t.Errorf("without private subnets the tasks run in %v", n.Tasks())
	}
}
