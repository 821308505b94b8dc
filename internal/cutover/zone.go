// Package cutover moves the names of a fleet that runs beside another one over to its load
// balancer, and back: what the zone has of them, what is to change, one batch of changes, and
// both sides while they do. It makes no resource of the stack.
package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

// Fleet is the fleet that names are moved to.
type Fleet struct {
	*provision.Env
	// Zone is the id of the hosted zone.
	Zone string
	// Names are the ones that the stack has records of, wildcards among them.
	Names []string
	// Agents are names below a wildcard of Names at which agents answer.
	Agents []string
	// Balancer is the load balancer's DNS name, BalancerZone the hosted zone of that.
	Balancer, BalancerZone string
}

// set is a record set of the zone, with its name as people write it.
type set struct {
	name string
	types.ResourceRecordSet
}

// leads tells whether a record set tells where a name is.
func (s set) leads() bool {
	return slices.Contains([]types.RRType{types.RRTypeA, types.RRTypeAaaa, types.RRTypeCname}, s.Type)
}

// shared tells whether several record sets answer for the name and type: weighted, by
// latency, failover.
func (s set) shared() bool { return s.SetIdentifier != nil || s.TrafficPolicyInstanceId != nil }

// key tells a record set from others.
func (s set) key() string { return s.name + " " + string(s.Type) }

// here tells whether a record set leads to the fleet's load balancer.
func (f *Fleet) here(s set) bool {
	return s.Type == types.RRTypeA && !s.shared() && s.AliasTarget != nil && f.LeadsHere(aws.ToString(s.AliasTarget.DNSName))
}

// text is where a record set leads.
func (s set) text() string {
	if a := s.AliasTarget; a != nil {
		return strings.TrimPrefix(cloud.BareName(aws.ToString(a.DNSName)), "dualstack.")
	}
	var out []string
	for _, v := range s.ResourceRecords {
		out = append(out, strings.TrimSuffix(aws.ToString(v.Value), "."))
	}
	return strings.Join(out, " ")
}

// record is a record set for the state.
func (s set) record() state.RecordSet {
	r := state.RecordSet{Name: s.name, Type: string(s.Type), TTL: aws.ToInt64(s.TTL), HealthCheck: aws.ToString(s.HealthCheckId)}
	for _, v := range s.ResourceRecords {
		r.Values = append(r.Values, aws.ToString(v.Value))
	}
	if a := s.AliasTarget; a != nil {
		r.Alias, r.AliasZone, r.Evaluates = aws.ToString(a.DNSName), aws.ToString(a.HostedZoneId), a.EvaluateTargetHealth
	}
	return r
}

// setOf is a record set as the state has it.
func setOf(r state.RecordSet) set {
	s := set{name: r.Name, ResourceRecordSet: types.ResourceRecordSet{Name: &r.Name, Type: types.RRType(r.Type)}}
	if r.HealthCheck != "" {
		s.HealthCheckId = &r.HealthCheck
	}
	if r.Alias != "" {
		s.AliasTarget = &types.AliasTarget{DNSName: &r.Alias, HostedZoneId: &r.AliasZone, EvaluateTargetHealth: r.Evaluates}
		return s
	}
	s.TTL = &r.TTL
	for _, v := range r.Values {
		s.ResourceRecords = append(s.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return s
}

// ours is the record set that leads a name to the fleet.
func (f *Fleet) ours(name string) types.ResourceRecordSet {
	return types.ResourceRecordSet{Name: &name, Type: types.RRTypeA, AliasTarget: provision.AliasOf(cloud.BareName(f.Balancer), f.BalancerZone)}
}

// read reads every record set of the names and of what is below them.
func (f *Fleet) read(ctx context.Context, names []string) ([]set, error) {
	var all []set
	var read []string
	roots := make([]string, 0, len(names))
	for _, n := range names {
		roots = append(roots, strings.TrimPrefix(n, "*."))
	}
	slices.SortFunc(roots, func(a, b string) int { return len(a) - len(b) })
	for _, root := range roots {
		if slices.ContainsFunc(read, func(r string) bool { return below(root, r) }) {
			continue
		}
		some, err := f.readBelow(ctx, root)
		if err != nil {
			return nil, fmt.Errorf("read the records of %s: %w", root, err)
		}
		read, all = append(read, root), append(all, some...)
	}
	return all, nil
}

// below tells whether a name is another one or below it.
func below(name, of string) bool { return name == of || strings.HasSuffix(name, "."+of) }

// readBelow reads a name and what is below it, which the zone lists after it.
func (f *Fleet) readBelow(ctx context.Context, root string) ([]set, error) {
	var all []set
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &f.Zone, StartRecordName: &root}
	for {
		out, err := f.Clients.Route53.ListResourceRecordSets(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.ResourceRecordSets {
			name := strings.ReplaceAll(cloud.BareName(aws.ToString(r.Name)), `\052`, "*") // as AWS writes an asterisk
			if !below(name, root) {
				return all, nil
			}
			all = append(all, set{name: name, ResourceRecordSet: r})
		}
		if !out.IsTruncated {
			return all, nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

const (
	// lookEvery is how often a change and the two sides are looked at.
	lookEvery = 15 * time.Second
	// syncLimit is how long a change may take: AWS says a minute.
	syncLimit = 10 * time.Minute
)

// errNotInSync is a change that takes longer than AWS says.
var errNotInSync = errors.New("not all name servers of Route 53 have the change after 10 minutes")

// send makes changes in one batch, and returns when all name servers have them. No changes
// are none.
func (f *Fleet) send(ctx context.Context, changes []types.Change) error {
	if len(changes) == 0 {
		return nil
	}
	out, err := f.Clients.Route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &f.Zone, ChangeBatch: &types.ChangeBatch{Changes: changes, Comment: aws.String("karmactl cutover")},
	})
	if err != nil {
		return fmt.Errorf("hosted zone %s: %w", f.Zone, err)
	}
	for end := f.Clock.Now().Add(syncLimit); f.Clock.Now().Before(end); {
		if err := f.Clock.Wait(ctx, lookEvery); err != nil {
			return err
		}
		got, err := f.Clients.Route53.GetChange(ctx, &route53.GetChangeInput{Id: out.ChangeInfo.Id})
		if err != nil {
			return fmt.Errorf("read the change %s: %w", aws.ToString(out.ChangeInfo.Id), err)
		}
		if got.ChangeInfo.Status == types.ChangeStatusInsync {
			return nil
		}
	}
	return errNotInSync
}

// sendAgreed works changes out and sends them. The SDK sends a batch again whose reply was
// lost, and AWS refuses to delete what is gone by now: then they are worked out once more.
func (f *Fleet) sendAgreed(ctx context.Context, work func(context.Context) ([]types.Change, error)) error {
	changes, err := work(ctx)
	if err != nil {
		return err
	}
	err = f.send(ctx, changes)
	if !cloud.Is(err, "InvalidChangeBatch") {
		return err
	}
	again, werr := work(ctx)
	if werr != nil {
		return errors.Join(err, werr)
	}
	return f.send(ctx, again)
}
