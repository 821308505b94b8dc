package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

const (
	// aliasTTL is how long the answer of an alias of a load balancer may be kept: it is the
	// load balancer's own.
	// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
	aliasTTL = 60 * time.Second
	// mostNames is how many names lead to each other at most.
	mostNames = 8
)

// answeredName is what a resolver was told of a name, and until when it says the same.
type answeredName struct {
	to    string
	until time.Time
}

// resolve is what a name leads to for who asks from the Internet. The resolver keeps an
// answer for its time to live, also when the records have changed since. That a name does
// not exist it does not keep.
func (s *Sim) resolve(host string) string {
	host = strings.TrimSuffix(recordName(host), ".")
	for range mostNames {
		to := s.next(host)
		if to == "" {
			break
		}
		host = to
	}
	return host
}

// next is where a name leads next; "" is a name without such a record.
func (s *Sim) next(host string) string {
	if kept, ok := s.resolver[host]; ok && s.now().Before(kept.until) {
		return kept.to
	}
	delete(s.resolver, host)
	r := s.authoritative(host)
	switch {
	case r == nil:
		return ""
	case r.Alias != "":
		return s.keep(host, strings.TrimPrefix(r.Alias, "dualstack."), aliasTTL)
	}
	return s.keep(host, r.Values[0], time.Duration(r.TTL)*time.Second)
}

func (s *Sim) keep(host, to string, ttl time.Duration) string {
	to = strings.TrimSuffix(to, ".")
	s.resolver[host] = answeredName{to, s.now().Add(ttl)}
	return to
}

// authoritative is the record that the name servers of the closest zone answer an A question
// with. Of two zones of one name the simulated registrar delegates to both.
func (s *Sim) authoritative(host string) *DNSRecord {
	var zones []*HostedZone
	for _, z := range sorted(s.world.HostedZones) {
		name := strings.TrimSuffix(z.Name, ".")
		if z.Private || host != name && !strings.HasSuffix(host, "."+name) {
			continue
		}
		if len(zones) > 0 && len(zones[0].Name) > len(z.Name) {
			continue
		}
		if len(zones) > 0 && len(zones[0].Name) < len(z.Name) {
			zones = nil
		}
		zones = append(zones, z)
	}
	for _, z := range zones {
		if r := answerOf(s.served(z), host); r != nil {
			return r
		}
	}
	return nil
}

// answerOf finds a name among the records of a zone. A wildcard is for the names that do not
// exist; one does that has a record of any type, or that others are below:
// https://www.rfc-editor.org/rfc/rfc4592#section-3.3.1
func answerOf(all map[string]*DNSRecord, host string) *DNSRecord {
	exists := map[string]bool{}
	for _, r := range all {
		for name := strings.TrimSuffix(r.Name, "."); name != ""; _, name, _ = strings.Cut(name, ".") {
			exists[name] = true
		}
	}
	if exists[host] {
		return addressOf(all, host)
	}
	for _, name, _ := strings.Cut(host, "."); name != ""; _, name, _ = strings.Cut(name, ".") {
		if exists[name] {
			return addressOf(all, "*."+name)
		}
	}
	return nil
}

// addressOf is the record that leads a name on: A or CNAME, of weighted ones the first with a weight.
func addressOf(all map[string]*DNSRecord, name string) *DNSRecord {
	for _, kind := range []types.RRType{types.RRTypeA, types.RRTypeCname} {
		key := recordKey(name, kind)
		if r := all[key]; r != nil {
			return r
		}
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if strings.HasPrefix(k, key+" ") && all[k].Weight > 0 {
				return all[k]
			}
		}
	}
	return nil
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
