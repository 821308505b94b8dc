package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// "Changes generally propagate to all Route 53 name servers managing the hosted zone within 60
// seconds": https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
// Here it is from the first to the second, another time for each change.
const (
	dnsLeast   = 30 * time.Second
	dnsMost    = 60 * time.Second
	batchQuota = 1000
)

// DNSChange is one batch of changes on its way to the name servers.
type DNSChange struct {
	ID        string
	Zone      string
	Submitted time.Time
	InSync    time.Time
	// Before are the records that it changed, as they were; nil is one that was not there. It
	// is empty when all servers have the change.
	Before map[string]*DNSRecord `json:",omitempty"`
	Serial int
}

// changeResourceRecordSets makes all changes of a batch or none.
func (s *Sim) changeResourceRecordSets(in *route53.ChangeResourceRecordSetsInput) (*route53.ChangeResourceRecordSetsOutput, error) {
	z, err := s.hostedZone(in.HostedZoneId)
	if err != nil {
		return nil, err
	}
	if n := len(in.ChangeBatch.Changes); n == 0 || n > batchQuota {
		return nil, fail("InvalidChangeBatch", "A batch has 1 to %d changes, not %d", batchQuota, n)
	}
	next := maps.Clone(z.Records)
	set := map[string]bool{}
	for _, c := range in.ChangeBatch.Changes {
		r, err := s.readRecord(z, c.ResourceRecordSet)
		if err != nil {
			return nil, err
		}
		key := r.key()
		if err := next[key].takes(c.Action, r); err != nil {
			return nil, err
		}
		switch {
		case c.Action == types.ChangeActionDelete:
			delete(next, key)
			continue
		case set[key]:
			return nil, fail("InvalidChangeBatch", "The request contains an invalid set of changes for a resource record set '%s %s'", r.Type, r.Name)
		}
		next[key], set[key] = r, true
	}
	if err := agree(next); err != nil {
		return nil, err
	}
	c := s.newDNSChange(z, next)
	z.Records = next
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: s.describeChange(c)}, nil
}

// takes tells whether AWS makes a change of a record, nil where there is none.
func (r *DNSRecord) takes(action types.ChangeAction, to *DNSRecord) error {
	switch {
	case action == types.ChangeActionCreate && r != nil:
		return fail("InvalidChangeBatch", "[Tried to create resource record set [name='%s', type='%s'] but it already exists]", to.wireName(), to.Type)
	case action == types.ChangeActionDelete && r == nil:
		return fail("InvalidChangeBatch", "[Tried to delete resource record set [name='%s', type='%s'] but it was not found]", to.wireName(), to.Type)
	case action == types.ChangeActionDelete && !r.equal(to):
		return fail("InvalidChangeBatch", "[Tried to delete resource record set [name='%s', type='%s'] but the values provided do not match the current values]", to.wireName(), to.Type)
	}
	return nil
}

// agree holds the rules for the records of one name: a CNAME is alone, and where one is
// weighted all are.
func agree(all map[string]*DNSRecord) error {
	cnames, simple := map[string]*DNSRecord{}, map[string]bool{}
	for _, r := range all {
		if r.Type == types.RRTypeCname {
			cnames[r.Name] = r
		}
		if r.SetIdentifier == "" {
			simple[recordKey(r.Name, r.Type)] = true
		}
	}
	for _, r := range sorted(all) {
		if c := cnames[r.Name]; c != nil && r.Type != types.RRTypeCname {
			return fail("InvalidChangeBatch", "[RRSet of type CNAME with DNS name %s is not permitted as it conflicts with other records with the same DNS name in zone]", c.wireName())
		}
		if r.SetIdentifier != "" && simple[recordKey(r.Name, r.Type)] {
			return fail("InvalidChangeBatch", "[RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created as a non-weighted set exists with the same name and type]", r.wireName(), r.Type, r.SetIdentifier)
		}
	}
	return nil
}

// newDNSChange notes what a batch changes.
func (s *Sim) newDNSChange(z *HostedZone, next map[string]*DNSRecord) *DNSChange {
	id := "C" + strings.ToUpper(s.world.hash())
	after := dnsLeast + time.Duration(s.world.Serial*7)*time.Second%(dnsMost-dnsLeast+time.Second)
	c := &DNSChange{ID: id, Zone: z.ID, Submitted: s.now(), InSync: s.now().Add(after), Before: map[string]*DNSRecord{}, Serial: s.world.Serial}
	for key, r := range next {
		if was := z.Records[key]; was == nil || !was.equal(r) {
			c.Before[key] = was
		}
	}
	for key, was := range z.Records {
		if next[key] == nil {
			c.Before[key] = was
		}
	}
	s.world.DNSChanges[id] = c
	return c
}

func (s *Sim) describeChange(c *DNSChange) *types.ChangeInfo {
	status := types.ChangeStatusPending
	if !s.now().Before(c.InSync) {
		status = types.ChangeStatusInsync
	}
	return &types.ChangeInfo{Id: aws.String("/change/" + c.ID), Status: status, SubmittedAt: aws.Time(c.Submitted)}
}

func (s *Sim) getChange(in *route53.GetChangeInput) (*route53.GetChangeOutput, error) {
	id := strings.TrimPrefix(aws.ToString(in.Id), "/change/")
	c := s.world.DNSChanges[id]
	if c == nil {
		return nil, fail("NoSuchChange", "Could not find resource with ID: %s", id)
	}
	return &route53.GetChangeOutput{ChangeInfo: s.describeChange(c)}, nil
}

// settleDNSChanges forgets what was before the changes that all name servers have.
func (s *Sim) settleDNSChanges() {
	for _, c := range s.world.DNSChanges {
		if !s.now().Before(c.InSync) {
			c.Before = nil
		}
	}
}

// served are the records of a zone as its name servers answer with them.
func (s *Sim) served(z *HostedZone) map[string]*DNSRecord {
	var pending []*DNSChange
	for _, c := range s.world.DNSChanges {
		if c.Zone == z.ID && s.now().Before(c.InSync) {
			pending = append(pending, c)
		}
	}
	if len(pending) == 0 {
		return z.Records
	}
	slices.SortFunc(pending, func(a, b *DNSChange) int { return b.Serial - a.Serial }) // the last is undone first
	all := maps.Clone(z.Records)
	for _, c := range pending {
		for key, was := range c.Before {
			if was == nil {
				delete(all, key)
			} else {
				all[key] = was
			}
		}
	}
	return all
}
