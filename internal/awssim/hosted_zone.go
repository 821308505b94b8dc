package awssim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// HostedZone is a simulated hosted zone.
type HostedZone struct {
	ID string
	// Name ends in a dot, as those of its records do.
	Name    string
	Private bool
	// Records by "name TYPE", and where several share these by "name TYPE identifier". The
	// zone's own NS and SOA are not among them.
	Records map[string]*DNSRecord
}

func (s *Sim) hostedZoneNoun() noun {
	return noun{
		ops: []operation{
			on("Route 53.ListHostedZones", s.listHostedZones).pages("HostedZones", 100, 100),
			on("Route 53.ListResourceRecordSets", s.listResourceRecordSets, "HostedZoneId", "StartRecordName", "StartRecordType", "StartRecordIdentifier", "MaxItems"),
			on("Route 53.ChangeResourceRecordSets", s.changeResourceRecordSets, "HostedZoneId", "ChangeBatch"),
			on("Route 53.GetChange", s.getChange, "Id"),
		},
		settle: s.settleDNSChanges,
		each: func(tell func(thing)) {
			for _, z := range s.world.HostedZones {
				for name := range z.Records {
					tell(thing{kind: "record", name: name})
				}
			}
		},
	}
}

// SeedHostedZone puts a hosted zone into the world, which karmactl never makes:
// a domain is bought and delegated by hand. It returns the zone's id.
func (w *World) SeedHostedZone(name string, private bool) string {
	w.Serial++
	name = strings.TrimSuffix(name, ".") + "."
	id := "Z" + strings.ToUpper(strconv.FormatInt(int64(1000000000000+w.Serial), 36))
	w.HostedZones[id] = &HostedZone{ID: id, Name: name, Private: private, Records: map[string]*DNSRecord{}}
	return id
}

func (s *Sim) listHostedZones(in *route53.ListHostedZonesInput) (*route53.ListHostedZonesOutput, error) {
	out := &route53.ListHostedZonesOutput{MaxItems: in.MaxItems}
	if out.MaxItems == nil {
		out.MaxItems = aws.Int32(100) // AWS's own
	}
	for _, z := range sorted(s.world.HostedZones) {
		out.HostedZones = append(out.HostedZones, types.HostedZone{
			Id: aws.String("/hostedzone/" + z.ID), Name: aws.String(z.Name), CallerReference: aws.String(z.ID),
			Config: &types.HostedZoneConfig{PrivateZone: z.Private}, ResourceRecordSetCount: aws.Int64(int64(len(z.Records) + 2)),
		})
	}
	return out, nil
}

func (s *Sim) hostedZone(id *string) (*HostedZone, error) {
	z := s.world.HostedZones[strings.TrimPrefix(aws.ToString(id), "/hostedzone/")]
	if z == nil {
		return nil, fail("NoSuchHostedZone", "No hosted zone found with ID: %s", aws.ToString(id))
	}
	return z, nil
}

// listResourceRecordSets lists in AWS's order, by which what is below a name follows it:
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
func (s *Sim) listResourceRecordSets(in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	z, err := s.hostedZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if in.StartRecordType != "" && in.StartRecordName == nil {
		return nil, fail("InvalidInput", "The type can only be specified with a name")
	}
	if in.StartRecordIdentifier != nil && in.StartRecordType == "" {
		return nil, fail("InvalidInput", "The identifier can only be specified with a name and a type")
	}
	n := 300
	if in.MaxItems != nil {
		n = int(*in.MaxItems)
	}
	n = s.pageSize(n)
	from := [3]string{reversed(recordName(aws.ToString(in.StartRecordName))), string(in.StartRecordType), aws.ToString(in.StartRecordIdentifier)}
	out := &route53.ListResourceRecordSetsOutput{MaxItems: aws.Int32(int32(n))} //nolint:gosec // at most 300
	for _, r := range z.listed() {
		if in.StartRecordName != nil && slices.Compare(r.place(), from[:]) < 0 {
			continue
		}
		if len(out.ResourceRecordSets) == n {
			out.IsTruncated, out.NextRecordName, out.NextRecordType = true, aws.String(r.wireName()), r.Type
			out.NextRecordIdentifier = optional(r.SetIdentifier)
			break
		}
		out.ResourceRecordSets = append(out.ResourceRecordSets, r.describe())
	}
	return out, nil
}

// listed are all records in AWS's order, the zone's own among them.
func (z *HostedZone) listed() []*DNSRecord {
	all := append(sorted(z.Records), z.own()...)
	slices.SortFunc(all, func(a, b *DNSRecord) int { return slices.Compare(a.place(), b.place()) })
	return all
}

// own are the two that AWS makes with a zone and does not let go of.
func (z *HostedZone) own() []*DNSRecord {
	return []*DNSRecord{
		{Name: z.Name, Type: types.RRTypeNs, TTL: 172800, Values: []string{"ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."}},
		{Name: z.Name, Type: types.RRTypeSoa, TTL: 900, Values: []string{"ns-1.awsdns-01.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}},
	}
}
