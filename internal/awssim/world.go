package awssim

import (
	"fmt"
	"time"
)

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
	// Settled is the tick up to which the account has lived.
	Settled time.Time
	// Denied are operations that the caller's policy does not allow, as
	// "Secrets Manager.PutSecretValue": to rehearse with, written into the file by hand.
	Denied []string `json:",omitempty"`
	// Operator is who calls; without policies of his own he may do all.
	Operator Operator

	NetworkWorld
	EdgeWorld
	PlatformWorld
	AgentsWorld
	BillingWorld
}

func newWorld(account, region string) *World {
	return &World{Account: account, Region: region, NetworkWorld: newNetworkWorld(), EdgeWorld: newEdgeWorld(), PlatformWorld: newPlatformWorld(), AgentsWorld: newAgentsWorld(), BillingWorld: newBillingWorld()}
}

// unique is the next number that ids are made of. Like AWS's it looks random, so
// that nobody counts on the order of ids and the first digits tell one from
// another; and it is the same in each run.
func (w *World) unique() uint64 {
	w.Serial++
	x := uint64(w.Serial) * 0x9e3779b97f4a7c15 // each step can be undone, so no two are alike (splitmix64)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// id makes the next id: vpc-0a1b2c3d4e5f60718.
func (w *World) id(prefix string) string {
	return fmt.Sprintf("%s-0%016x", prefix, w.unique())
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
