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
	// Records by "name TYPE".
	Records map[string]*DNSRecord
}

// DNSRecord is one record set: values, or an alias.
type DNSRecord struct {
	Name   string
	Type   types.RRType
	TTL    int64
	Values []string
	// Alias is the name that an alias leads to, AliasZone its hosted zone.
	Alias     string
	AliasZone string
	// Evaluates tells whether the alias asks for the target's health.
	Evaluates bool
}

func (s *Sim) hostedZoneNoun() noun {
	return noun{
		ops: []operation{
			on("Route 53.ListHostedZones", s.listHostedZones).pages("HostedZones", 100, 100),
			on("Route 53.ListResourceRecordSets", s.listResourceRecordSets, "HostedZoneId", "StartRecordName", "StartRecordType", "MaxItems"),
			on("Route 53.ChangeResourceRecordSets", s.changeResourceRecordSets, "HostedZoneId", "ChangeBatch"),
		},
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

func recordKey(name string, kind types.RRType) string {
	return strings.ToLower(strings.TrimSuffix(name, ".")) + ". " + string(kind)
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

func (s *Sim) listResourceRecordSets(in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	z, err := s.hostedZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if in.StartRecordType != "" && in.StartRecordName == nil {
		return nil, fail("InvalidInput", "The type can only be specified with a name")
	}
	from := ""
	if in.StartRecordName != nil {
		from = strings.TrimRight(recordKey(*in.StartRecordName, in.StartRecordType), " ")
	}
	n := 300
	if in.MaxItems != nil {
		n = int(*in.MaxItems)
	}
	n = s.pageSize(n)
	out := &route53.ListResourceRecordSetsOutput{MaxItems: aws.Int32(int32(n))} //nolint:gosec // at most 300
	for _, r := range sorted(z.Records) {
		if recordKey(r.Name, r.Type) < from {
			continue
		}
		if len(out.ResourceRecordSets) == n {
			out.IsTruncated, out.NextRecordName, out.NextRecordType = true, aws.String(r.Name), r.Type
			break
		}
		out.ResourceRecordSets = append(out.ResourceRecordSets, r.describe())
	}
	return out, nil
}

func (r *DNSRecord) describe() types.ResourceRecordSet {
	// AWS writes an asterisk as \052.
	d := types.ResourceRecordSet{Name: aws.String(strings.ReplaceAll(r.Name, "*", `\052`)), Type: r.Type}
	if r.Alias != "" {
		d.AliasTarget = &types.AliasTarget{DNSName: aws.String(r.Alias), HostedZoneId: aws.String(r.AliasZone), EvaluateTargetHealth: r.Evaluates}
		return d
	}
	d.TTL = aws.Int64(r.TTL)
	for _, v := range r.Values {
		d.ResourceRecords = append(d.ResourceRecords, types.ResourceRecord{Value: aws.String(v)})
	}
	return d
}

// changeResourceRecordSets makes all changes of a batch or none.
func (s *Sim) changeResourceRecordSets(in *route53.ChangeResourceRecordSetsInput) (*route53.ChangeResourceRecordSetsOutput, error) {
	z, err := s.hostedZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	next := map[string]*DNSRecord{}
	for k, r := range z.Records {
		next[k] = r
	}
	for _, c := range in.ChangeBatch.Changes {
		r, err := s.readRecord(z, c.ResourceRecordSet)
		if err != nil {
			return nil, err
		}
		key := recordKey(r.Name, r.Type)
		have := next[key]
		switch {
		case c.Action == types.ChangeActionCreate && have != nil:
			return nil, fail("InvalidChangeBatch", "Tried to create resource record set [name='%s', type='%s'] but it already exists", r.Name, r.Type)
		case c.Action == types.ChangeActionDelete && have == nil:
			return nil, fail("InvalidChangeBatch", "Tried to delete resource record set [name='%s', type='%s'] but it was not found", r.Name, r.Type)
		case c.Action == types.ChangeActionDelete && !have.equal(r):
			return nil, fail("InvalidChangeBatch", "Tried to delete resource record set [name='%s', type='%s'] but the values provided do not match the current values", r.Name, r.Type)
		case c.Action == types.ChangeActionDelete:
			delete(next, key)
		default:
			next[key] = r
		}
	}
	for k, r := range next {
		if other := next[recordKey(r.Name, types.RRTypeCname)]; other != nil && other != r {
			return nil, fail("InvalidChangeBatch", "RRSet of type CNAME with DNS name %s is not permitted as other records exist with the same name (%s)", r.Name, k)
		}
	}
	z.Records = next
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: &types.ChangeInfo{
		Id: aws.String("/change/" + s.world.hash()), Status: types.ChangeStatusPending, SubmittedAt: aws.Time(s.now()),
	}}, nil
}

func (r *DNSRecord) equal(o *DNSRecord) bool {
	return r.TTL == o.TTL && r.Alias == o.Alias && r.AliasZone == o.AliasZone && slices.Equal(r.Values, o.Values)
}

func (s *Sim) readRecord(z *HostedZone, set *types.ResourceRecordSet) (*DNSRecord, error) {
	name := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(aws.ToString(set.Name), ".")+"."), `\052`, "*")
	if name != z.Name && !strings.HasSuffix(name, "."+z.Name) {
		return nil, fail("InvalidChangeBatch", "RRSet with DNS name %s is not permitted in zone %s", name, z.Name)
	}
	r := &DNSRecord{Name: name, Type: set.Type, TTL: aws.ToInt64(set.TTL)}
	for _, v := range set.ResourceRecords {
		r.Values = append(r.Values, aws.ToString(v.Value))
	}
	switch a := set.AliasTarget; {
	case a != nil && (set.TTL != nil || len(r.Values) > 0):
		return nil, fail("InvalidInput", "An alias has neither TTL nor values")
	case a != nil:
		r.Alias = strings.ToLower(strings.TrimSuffix(aws.ToString(a.DNSName), ".") + ".")
		r.AliasZone, r.Evaluates = aws.ToString(a.HostedZoneId), a.EvaluateTargetHealth
		if strings.Contains(r.Alias, ".elb.amazonaws.com") && r.AliasZone != albHostedZone {
			return nil, fail("InvalidChangeBatch", "Tried to create an alias that targets %s in zone %s, but the alias target name does not lie within the target zone", r.Alias, r.AliasZone)
		}
	case set.TTL == nil || len(r.Values) == 0:
		return nil, fail("InvalidInput", "Missing TTL or values of %s", name)
	}
	return r, nil
}

// resolve follows aliases and CNAMEs of public zones, wildcards last.
func (s *Sim) resolve(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, parent, _ := strings.Cut(host, ".")
	for _, name := range []string{host, "*." + parent} {
		for _, z := range sorted(s.world.HostedZones) {
			if z.Private {
				continue
			}
			for _, kind := range []types.RRType{types.RRTypeA, types.RRTypeCname} {
				r := z.Records[recordKey(name, kind)]
				switch {
				case r == nil:
				case r.Alias != "":
					return strings.TrimPrefix(strings.TrimSuffix(r.Alias, "."), "dualstack.")
				case kind == types.RRTypeCname:
					return strings.TrimSuffix(r.Values[0], ".")
				}
			}
		}
	}
	return host
}

// published tells whether a public zone has a record with a value.
func (s *Sim) published(name string, kind types.RRType, value string) bool {
	trim := func(v string) string { return strings.TrimSuffix(v, ".") }
	for _, z := range s.world.HostedZones {
		if r := z.Records[recordKey(name, kind)]; r != nil && !z.Private {
			return slices.ContainsFunc(r.Values, func(v string) bool { return trim(v) == trim(value) })
		}
	}
	return false
}
