package provision

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RecordSpec is what we own of a record.
type RecordSpec struct {
	// Alias is the name of the load balancer that the record leads to.
	Alias string
	// AliasZone is the hosted zone of that name.
	AliasZone string
}

// Record leads a name of the user's domain to the load balancer. An alias costs
// nothing, and neither do the queries for it. Records have no tags: ours is the
// one that is recorded, or that leads to a load balancer of our name.
type Record struct {
	engine.Ref
	*Env
	// Zone is the id of the hosted zone.
	Zone string
	Name string
	// Type is A.
	Type  string
	Alias *LoadBalancer
}

func (r *Record) Key() engine.Key      { return engine.Key("record/" + r.Name) }
func (r *Record) Needs() []engine.Node { return []engine.Node{r.Alias} }

func (r *Record) Want() RecordSpec {
	want := RecordSpec{Alias: aliasName(r.Alias.Output("dns_name")), AliasZone: r.Alias.Output("zone_id")}
	if want.Alias == "" { // in a plan of a load balancer to come
		want.Alias, want.AliasZone = engine.Unknown(r.Alias.Key()), engine.Unknown(r.Alias.Key())
	}
	return want
}

// aliasName writes names as AWS gives them back, less the last dot.
func aliasName(dns string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(dns, ".")), "dualstack.")
}

// recordID is what tells a record of all others, since AWS has no id for it.
func recordID(zone, name, kind string) string { return zone + "/" + name + "/" + kind }

func splitRecordID(id string) (zone, name, kind string) {
	zone, rest, _ := strings.Cut(id, "/")
	name, kind, _ = strings.Cut(rest, "/")
	return zone, name, kind
}

// readRecord is one record, nil when there is none.
func readRecord(ctx context.Context, api *route53.Client, zone, name, kind string) (*types.ResourceRecordSet, error) {
	out, err := api.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: &zone, StartRecordName: &name, StartRecordType: types.RRType(kind), MaxItems: aws.Int32(1),
	})
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	for _, r := range out.ResourceRecordSets {
		// AWS writes an asterisk as \052.
		have := strings.ReplaceAll(strings.TrimSuffix(aws.ToString(r.Name), "."), `\052`, "*")
		if strings.EqualFold(have, strings.TrimSuffix(name, ".")) && string(r.Type) == kind {
			return &r, nil
		}
	}
	return nil, nil
}

func (r *Record) Find(ctx context.Context, look engine.Look) (engine.Found[RecordSpec], error) {
	zone, name, kind := r.Zone, r.Name, r.Type
	if look.ID != "" {
		zone, name, kind = splitRecordID(look.ID)
	}
	if zone == "" {
		return r.findInAnyZone(ctx)
	}
	have, err := readRecord(ctx, r.Clients.Route53, zone, name, kind)
	if err != nil || have == nil {
		return engine.Found[RecordSpec]{}, err
	}
	spec := recordSpec(have)
	if look.ID == "" && !r.LeadsHere(spec.Alias) {
		return engine.Found[RecordSpec]{}, &engine.NotManaged{
			Key: r.Key(), What: "record " + name, ID: spec.Alias,
			Adopt: "load_balancer: {records: false} makes everything but the records; karmactl cutover then leads them to that load balancer, and they are taken over as they are",
		}
	}
	return engine.Found[RecordSpec]{Phase: engine.Ready, ID: recordID(zone, name, kind), Spec: spec}, nil
}

// findInAnyZone looks for ours in each zone that the name can be in. A run that died before it
// recorded the record may be followed by a file without the domain, which names no zone.
func (r *Record) findInAnyZone(ctx context.Context) (engine.Found[RecordSpec], error) {
	zones, err := cloud.HostedZones(ctx, r.Clients.Route53)
	if err != nil {
		return engine.Found[RecordSpec]{}, err
	}
	for _, z := range zones {
		if !z.Has(r.Name) {
			continue
		}
		have, err := readRecord(ctx, r.Clients.Route53, z.ID, r.Name, r.Type)
		if err != nil {
			return engine.Found[RecordSpec]{}, err
		}
		if have == nil || !r.LeadsHere(recordSpec(have).Alias) {
			continue
		}
		return engine.Found[RecordSpec]{Phase: engine.Ready, ID: recordID(z.ID, r.Name, r.Type), Spec: recordSpec(have)}, nil
	}
	return engine.Found[RecordSpec]{}, nil
}

// recordSpec reads an alias, or the values of a record that is none.
func recordSpec(r *types.ResourceRecordSet) RecordSpec {
	if a := r.AliasTarget; a != nil {
		return RecordSpec{Alias: aliasName(aws.ToString(a.DNSName)), AliasZone: aws.ToString(a.HostedZoneId)}
	}
	return RecordSpec{Alias: valuesOf(r)}
}

func valuesOf(r *types.ResourceRecordSet) string {
	var out []string
	for _, v := range r.ResourceRecords {
		out = append(out, aws.ToString(v.Value))
	}
	return strings.Join(out, " ")
}

// LeadsHere tells whether an alias leads to a load balancer of the stack's name, be it
// one that is no more: the name is unique in an account and region.
func (h *Env) LeadsHere(alias string) bool {
	tail, ok := strings.CutPrefix(strings.TrimPrefix(aliasName(alias), "internal-"), strings.ToLower(h.loadBalancerName())+"-")
	number, domain, _ := strings.Cut(tail, ".")
	return ok && strings.Trim(number, "0123456789") == "" && strings.HasPrefix(domain, h.Account.Region+".elb.")
}

// Diff compares. A record changes in place.
func (r *Record) Diff(have, want RecordSpec) []engine.Change {
	return changes(
		essential(field("alias", have.Alias, want.Alias)),
		essential(field("alias_zone", have.AliasZone, want.AliasZone)),
	)
}

// Create makes the record, or sets it once more.
func (r *Record) Create(ctx context.Context, want RecordSpec, _ string) (string, error) {
	id := recordID(r.Zone, r.Name, r.Type)
	return id, r.Update(ctx, id, RecordSpec{}, want)
}

// Update has the name lead to the load balancer.
func (r *Record) Update(ctx context.Context, id string, _, want RecordSpec) error {
	zone, name, kind := splitRecordID(id)
	return changeRecords(ctx, r.Clients.Route53, zone, types.ChangeActionUpsert, types.ResourceRecordSet{
		Name: &name, Type: types.RRType(kind),
		AliasTarget: AliasOf(want.Alias, want.AliasZone),
	})
}

// AliasOf is how the stack's records lead to its load balancer.
func AliasOf(balancer, zone string) *types.AliasTarget {
	return &types.AliasTarget{DNSName: aws.String("dualstack." + balancer), HostedZoneId: &zone}
}

// changeRecords makes one change of each record, all or none.
func changeRecords(ctx context.Context, api *route53.Client, zone string, action types.ChangeAction, sets ...types.ResourceRecordSet) error {
	var batch []types.Change
	for _, s := range sets {
		batch = append(batch, types.Change{Action: action, ResourceRecordSet: &s})
	}
	if len(batch) == 0 {
		return nil
	}
	_, err := api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zone, ChangeBatch: &types.ChangeBatch{Changes: batch, Comment: aws.String("karmactl")},
	})
	if err != nil {
		return fmt.Errorf("hosted zone %s: %w", zone, err)
	}
	return nil
}

// Delete deletes the record as it is now, which AWS wants to be told.
func (r *Record) Delete(ctx context.Context, id string) error {
	zone, name, kind := splitRecordID(id)
	return deleteRecords(ctx, r.Clients.Route53, zone, kind, name)
}

func deleteRecords(ctx context.Context, api *route53.Client, zone, kind string, names ...string) error {
	var sets []types.ResourceRecordSet
	for _, name := range names {
		have, err := readRecord(ctx, api, zone, name, kind)
		if err != nil {
			return err
		}
		if have != nil {
			sets = append(sets, *have)
		}
	}
	err := changeRecords(ctx, api, zone, types.ChangeActionDelete, sets...)
	if !cloud.Is(err, "InvalidChangeBatch") {
		return err
	}
	// The SDK sends a delete again whose reply was lost, and AWS then refuses what
	// is gone by now: look before believing it.
	for _, set := range sets {
		have, rerr := readRecord(ctx, api, zone, aws.ToString(set.Name), kind)
		if rerr != nil || have != nil {
			return err
		}
	}
	return nil
}
