package awssim

import "fmt"

// World is everything in the simulated account. It is plain data, so that a
// rehearsal can keep it in a file between commands.
type World struct {
	Account string
	Region  string
	// Serial makes ids: they are unique for the life of the account.
	Serial int
	// Generation counts the changes, so that two processes notice each other.
	Generation int
	// Clock ties the account's time to the machine's.
	Clock clockState

	NetworkWorld
	EdgeWorld
	PlatformWorld
	AgentsWorld
	BillingWorld
}

func newWorld(account, region string) *World {
	return &World{Account: account, Region: region, NetworkWorld: newNetworkWorld(), EdgeWorld: newEdgeWorld(), PlatformWorld: newPlatformWorld(), AgentsWorld: newAgentsWorld(), BillingWorld: newBillingWorld()}
}

// id makes the next id: vpc-0000000000000002a.
func (w *World) id(prefix string) string {
	w.Serial++
	return fmt.Sprintf("%s-%017x", prefix, w.Serial)
}

// arn builds an ARN of the account.
func (w *World) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, w.Region, w.Account, resource)
}

// operations is the table of all that is simulated.
func (s *Sim) operations() map[string]operation {
	table := map[string]operation{}
	for _, ops := range [][]operation{
		s.networkOperations(), s.edgeOperations(), s.platformOperations(), s.agentsOperations(), s.billingOperations(),
	} {
		for _, o := range ops {
			table[o.name] = o
		}
	}
	return table
}

// settle brings the world up to now: what is pending becomes available, what is
// being deleted goes. It runs before every call, so no goroutine has to.
func (s *Sim) settle() {
	s.settleNetwork()
	s.settleEdge()
	s.settlePlatform()
	s.settleAgents()
}
