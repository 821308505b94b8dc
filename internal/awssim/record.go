package awssim

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

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
	// SetIdentifier tells a weighted record from the others of its name and type; "" is a
	// simple one. Weight is its share.
	SetIdentifier string `json:",omitempty"`
	Weight        int64  `json:",omitempty"`
	// HealthCheck is the id of the check that it is answered with; "" is none.
	HealthCheck string `json:",omitempty"`
}

// recordName is a name as a zone has it: in lower case, with its last dot.
func recordName(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(name, "."))+".", `\052`, "*")
}

func recordKey(name string, kind types.RRType) string { return recordName(name) + " " + string(kind) }

// key is what a record is found by in its zone.
func (r *DNSRecord) key() string {
	if r.SetIdentifier != "" {
		return recordKey(r.Name, r.Type) + " " + r.SetIdentifier
	}
	return recordKey(r.Name, r.Type)
}

// place is where a record is listed.
func (r *DNSRecord) place() []string {
	return []string{reversed(recordName(r.Name)), string(r.Type), r.SetIdentifier}
}

// reversed has the labels of a name in the order from the zone down.
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// wireName is the name as AWS writes it, an asterisk as \052.
func (r *DNSRecord) wireName() string { return strings.ReplaceAll(r.Name, "*", `\052`) }

func (r *DNSRecord) describe() types.ResourceRecordSet {
	d := types.ResourceRecordSet{Name: aws.String(r.wireName()), Type: r.Type, SetIdentifier: optional(r.SetIdentifier), HealthCheckId: optional(r.HealthCheck)}
	if r.SetIdentifier != "" {
		d.Weight = aws.Int64(r.Weight)
	}
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

// equal is AWS's condition for a delete: every value has to be given.
func (r *DNSRecord) equal(o *DNSRecord) bool {
	return r.TTL == o.TTL && r.Alias == o.Alias && r.AliasZone == o.AliasZone && r.Evaluates == o.Evaluates && slices.Equal(r.Values, o.Values) &&
		r.SetIdentifier == o.SetIdentifier && r.Weight == o.Weight && r.HealthCheck == o.HealthCheck
}

// readRecord reads a record set of a batch and holds AWS's rules for one.
func (s *Sim) readRecord(z *HostedZone, set *types.ResourceRecordSet) (*DNSRecord, error) {
	name := recordName(aws.ToString(set.Name))
	if name != z.Name && !strings.HasSuffix(name, "."+z.Name) {
		return nil, fail("InvalidChangeBatch", "RRSet with DNS name %s is not permitted in zone %s", name, z.Name)
	}
	if set.CidrRoutingConfig != nil || set.Failover != "" || set.GeoLocation != nil || set.GeoProximityLocation != nil || set.MultiValueAnswer != nil ||
		set.Region != "" || set.TrafficPolicyInstanceId != nil {
		return nil, fail("InvalidInput", "awssim: of the routing policies only simple and weighted are simulated")
	}
	if (set.SetIdentifier == nil) != (set.Weight == nil) {
		return nil, fail("InvalidInput", "A record has either both SetIdentifier and Weight or none of them")
	}
	if name == z.Name && (set.Type == types.RRTypeCname || set.Type == types.RRTypeNs || set.Type == types.RRTypeSoa) {
		return nil, fail("InvalidChangeBatch", "RRSet of type %s with DNS name %s is not permitted at apex in zone %s", set.Type, name, z.Name)
	}
	r := &DNSRecord{
		Name: name, Type: set.Type, TTL: aws.ToInt64(set.TTL), SetIdentifier: aws.ToString(set.SetIdentifier), Weight: aws.ToInt64(set.Weight), HealthCheck: aws.ToString(set.HealthCheckId),
	}
	for _, v := range set.ResourceRecords {
		r.Values = append(r.Values, aws.ToString(v.Value))
	}
	if set.AliasTarget != nil {
		return r, r.readAlias(set)
	}
	return r, r.checkValues(set)
}

func (r *DNSRecord) readAlias(set *types.ResourceRecordSet) error {
	if set.TTL != nil || len(r.Values) > 0 {
		return fail("InvalidInput", "An alias has neither TTL nor values")
	}
	a := set.AliasTarget
	r.Alias = recordName(aws.ToString(a.DNSName))
	r.AliasZone, r.Evaluates = aws.ToString(a.HostedZoneId), a.EvaluateTargetHealth
	elb := strings.Contains(r.Alias, ".elb.amazonaws.com")
	switch {
	case elb && r.AliasZone != albHostedZone:
		return fail("InvalidChangeBatch", "Tried to create an alias that targets %s, type %s in zone %s, but the alias target name does not lie within the target zone", r.Alias, r.Type, r.AliasZone)
	case elb && r.Type != types.RRTypeA && r.Type != types.RRTypeAaaa:
		return fail("InvalidChangeBatch", "Tried to create an alias that targets %s, type %s, but that target was not found", r.Alias, r.Type)
	}
	return nil
}

// mostTTL is 2^31-1 seconds.
const mostTTL = 1<<31 - 1

func (r *DNSRecord) checkValues(set *types.ResourceRecordSet) error {
	switch {
	case set.TTL == nil || len(r.Values) == 0:
		return fail("InvalidInput", "Missing TTL or values of %s", r.Name)
	case r.TTL < 0 || r.TTL > mostTTL:
		return fail("InvalidInput", "Invalid TTL %d", r.TTL)
	case r.Type == types.RRTypeCname && len(r.Values) > 1:
		return fail("InvalidChangeBatch", "InvalidRecord: %s has %d values, and a CNAME takes one", r.Name, len(r.Values))
	}
	for _, v := range r.Values {
		if ip, err := netip.ParseAddr(v); r.Type == types.RRTypeA && (err != nil || !ip.Is4()) {
			return fail("InvalidChangeBatch", "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s''", v)
		}
	}
	return nil
}
