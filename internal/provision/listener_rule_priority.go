package provision

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// RulePriority is the priority of an agent's rule by host or by path, stable whatever other agents there are: a hash of
// the name, and the next free number where two collide. AWS takes 1 to 50000.
func RulePriority(agents []string, agent string, host bool) int {
	taken := map[int]bool{}
	for _, name := range slices.Sorted(slices.Values(agents)) {
		for _, h := range []bool{false, true} {
			sum := fnv.New32a()
			_, _ = fmt.Fprintf(sum, "%s/%t", name, h) // a hash never fails to be written to
			p := int(sum.Sum32()%49999) + 1
			if p >= firstRoot {
				p -= firstRoot - 1
			}
			for taken[p] {
				p = p%(firstRoot-1) + 1
			}
			taken[p] = true
			if name == agent && h == host {
				return p
			}
		}
	}
	return 0
}

// What is below firstRoot is of agents at a path, what is from it on of those at /: 49000
// and more for / of certain hosts, and 50000 for / of all.
const firstRoot, lastPriority = 49000, 50000

// RootPriority is the priority of an agent at /, after all that are at a path. Of the agents
// at / of every host there is one; roots are those at / of hosts of their own.
func RootPriority(roots []string, agent string) int {
	taken := map[int]bool{}
	for _, name := range slices.Sorted(slices.Values(roots)) {
		sum := fnv.New32a()
		_, _ = fmt.Fprint(sum, name) // a hash never fails to be written to
		p := int(sum.Sum32() % (lastPriority - firstRoot))
		for taken[p] {
			p = (p + 1) % (lastPriority - firstRoot)
		}
		taken[p] = true
		if name == agent {
			return firstRoot + p
		}
	}
	return lastPriority
}

func priorityOf(rule types.Rule) int {
	n, _ := strconv.Atoi(aws.ToString(rule.Priority))
	return n
}

func place(priority int) *int32 { return aws.Int32(int32(priority)) } //nolint:gosec // 1 to 50000

// move gives the rule its place. One of ours that has it takes this one's in the
// same call, and moves on in its own turn: no request ever finds a rule missing.
func (r *ListenerRule) move(ctx context.Context, id string, to int) error {
	done, err := r.Listener.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	all, err := r.rulesOf(ctx, r.Listener.ID())
	if err != nil {
		return err
	}
	pairs := []types.RulePriorityPair{{RuleArn: &id, Priority: place(to)}}
	from := 0
	for _, c := range all {
		if c.ID == id {
			from = priorityOf(c.Item)
		}
	}
	for _, c := range all {
		if c.ID == id || priorityOf(c.Item) != to {
			continue
		}
		if c.Tags[cloud.TagStack] != r.Stack {
			return fmt.Errorf("priority %d of the listener is taken by a rule that is not karmactl's (%s): move or delete it", to, c.ID)
		}
		pairs = append(pairs, types.RulePriorityPair{RuleArn: aws.String(c.ID), Priority: place(from)})
	}
	if from == to {
		return nil
	}
	return failure(r.Clients.ELB.SetRulePriorities(ctx, &elb.SetRulePrioritiesInput{RulePriorities: pairs}))
}
