package doctor

import (
	"context"
	"strings"

	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// readTwins looks for the agents in the other clusters of the account and region.
func (sn *snapshot) readTwins(ctx context.Context) (err error) {
	names := make([]string, len(sn.Agents))
	for i, a := range sn.Agents {
		names[i] = a.Name
	}
	sn.twins, err = tasks.Names(sn.Cfg.ServiceNames()).Twins(ctx, sn.Clients.ECS, provision.ClusterName(sn.Cfg.Stack()), names)
	return err
}

// twice says of each twin what is known of it: that two run is right for a web server, and
// whether two of something else do the same work twice is seen from outside by what they share.
func (sn *snapshot) twice() []string {
	var out []string
	for _, t := range sn.twins {
		text := t.Agent + " runs in the cluster " + t.Cluster + ", too (" + t.Runs + "): the same image and command. "
		if len(t.Same) > 0 {
			text += "Both have " + strings.Join(t.Same, ", ") + " from the same place. "
		} else {
			text += "Whether both do the same work cannot be told from here. "
		}
		out = append(out, text+"What acts on its own (a bot, a poller, a wallet) acts twice then, and has to be at 0 in one of them; a web server may run in both")
	}
	return out
}
