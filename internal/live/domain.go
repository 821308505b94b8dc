package live

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Record is a name that leads to one of the load balancers.
type Record struct {
	// Zone is the id of its hosted zone, ZoneName that zone's name.
	Zone, ZoneName string
	// Name is without the last dot, and has an asterisk where AWS writes \052.
	Name string
	Type string
}

// certificates reads those of the listeners.
func (r *reader) certificates(ctx context.Context) error {
	var arns []string
	for _, b := range r.fleet.LoadBalancers {
		for _, l := range b.Listeners {
			for _, c := range l.Certificates {
				if arn := aws.ToString(c.CertificateArn); strings.Contains(arn, ":acm:") && !slices.Contains(arns, arn) {
					arns = append(arns, arn)
				}
			}
		}
	}
	for _, arn := range arns {
		out, err := r.clients.ACM.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &arn})
		if err != nil {
			return err
		}
		r.fleet.Certificates = append(r.fleet.Certificates, *out.Certificate)
	}
	return nil
}

// names are the names that the certificates are for, without their asterisks.
func names(all []acmtypes.CertificateDetail) []string {
	var out []string
	for _, c := range all {
		for _, n := range append([]string{aws.ToString(c.DomainName)}, c.SubjectAlternativeNames...) {
			out = append(out, strings.TrimPrefix(n, "*."))
		}
	}
	return out
}

// records reads, in the account's zones that a certificate has names of, which records lead to the
// load balancers.
func (r *reader) records(ctx context.Context) error {
	of := names(r.fleet.Certificates)
	if len(of) == 0 {
		return nil
	}
	zones, err := cloud.HostedZones(ctx, r.clients.Route53)
	if err != nil {
		return err
	}
	for _, z := range zones {
		if z.Private || !slices.ContainsFunc(of, z.Has) {
			continue
		}
		if err := r.recordsIn(ctx, z.ID, z.Name); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) recordsIn(ctx context.Context, zone, zoneName string) error {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone}
	for {
		out, err := r.clients.Route53.ListResourceRecordSets(ctx, in)
		if err != nil {
			return err
		}
		for _, x := range out.ResourceRecordSets {
			if x.AliasTarget == nil || !r.leadsHere(aws.ToString(x.AliasTarget.DNSName)) {
				continue
			}
			name := strings.ReplaceAll(strings.TrimSuffix(aws.ToString(x.Name), "."), `\052`, "*")
			r.fleet.Records = append(r.fleet.Records, Record{Zone: zone, ZoneName: zoneName, Name: name, Type: string(x.Type)})
		}
		if !out.IsTruncated {
			return nil
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

// leadsHere tells whether a name is that of one of the load balancers.
func (r *reader) leadsHere(name string) bool {
	name = strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(name, ".")), "dualstack.")
	return slices.ContainsFunc(r.fleet.LoadBalancers, func(b LoadBalancer) bool { return strings.EqualFold(aws.ToString(b.DNSName), name) })
}
