package provision

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// ValidationRecordsSpec is what we own of the records.
type ValidationRecordsSpec struct {
	// Records are "name value", ordered; Unknown before AWS has said them.
	Records []string
}

// ValidationRecords prove to AWS that the domain of the certificate is the
// user's, now and at every renewal. AWS gives all certificates of an account
// the same record for a name, so one that is there already with our value is ours.
type ValidationRecords struct {
	engine.Ref
	*Env
	Certificate *Certificate
	// Zone is the id of the hosted zone.
	Zone string
}

const cname = "CNAME"

func (v *ValidationRecords) Key() engine.Key      { return "record/validation" }
func (v *ValidationRecords) Needs() []engine.Node { return []engine.Node{v.Certificate} }

func (v *ValidationRecords) Want() ValidationRecordsSpec {
	if engine.IsUnknown(v.Certificate.ID()) || v.Certificate.Output("validation") == "" {
		return ValidationRecordsSpec{Records: []string{engine.Unknown(certificateKey)}}
	}
	return ValidationRecordsSpec{Records: strings.Split(v.Certificate.Output("validation"), "\n")}
}

// Find looks for the recorded records and those of the stack's certificates.
func (v *ValidationRecords) Find(ctx context.Context, look engine.Look) (engine.Found[ValidationRecordsSpec], error) {
	of := engine.Look{NotOlder: look.NotOlder}
	if v.Certificate != nil {
		of.ID = v.Certificate.ID()
	}
	all, err := v.certificates(ctx, of)
	if err != nil {
		return engine.Found[ValidationRecordsSpec]{}, err
	}
	zone, list, _ := strings.Cut(look.ID, "/")
	zone = cmp.Or(zone, v.Zone)
	names := map[string]string{} // name to the value that is ours, "" for any
	for _, c := range all {
		for _, r := range validationRecords(c.Item) {
			name, value, _ := strings.Cut(r, " ")
			names[name] = value
		}
	}
	for n := range strings.SplitSeq(list, ",") {
		if n != "" {
			names[n] = ""
		}
	}
	if zone == "" {
		return engine.Found[ValidationRecordsSpec]{}, nil
	}
	found := engine.Found[ValidationRecordsSpec]{}
	for name, ours := range names {
		have, err := readRecord(ctx, v.Clients.Route53, zone, name, cname)
		if err != nil {
			return found, err
		}
		if have == nil {
			continue
		}
		value := valuesOf(have)
		if ours != "" && strings.TrimSuffix(value, ".") != strings.TrimSuffix(ours, ".") {
			return found, &engine.NotManaged{Key: v.Key(), What: "record " + name, ID: value, Adopt: "delete it and run karmactl up again"}
		}
		found.Phase = engine.Ready
		found.Spec.Records = append(found.Spec.Records, name+" "+value)
	}
	slices.Sort(found.Spec.Records)
	if found.Phase == engine.Ready {
		found.ID = validationID(zone, found.Spec.Records)
	}
	return found, nil
}

// validationID is the zone and the names, which is all that a delete has to know.
func validationID(zone string, records []string) string {
	var names []string
	for _, r := range records {
		name, _, _ := strings.Cut(r, " ")
		names = append(names, name)
	}
	slices.Sort(names)
	return zone + "/" + strings.Join(names, ",")
}

// Diff compares. A record that is no longer asked for does no harm: it may be
// that of another certificate of the account.
func (v *ValidationRecords) Diff(have, want ValidationRecordsSpec) []engine.Change {
	missing := slices.DeleteFunc(slices.Clone(want.Records), func(r string) bool { return slices.Contains(have.Records, r) })
	if len(missing) == 0 {
		return nil
	}
	return essential(field("records", strings.Join(have.Records, ", "), strings.Join(want.Records, ", ")))
}

// Create makes the records, or sets them once more.
func (v *ValidationRecords) Create(ctx context.Context, want ValidationRecordsSpec, _ string) (string, error) {
	id := validationID(v.Zone, want.Records)
	return id, v.set(ctx, v.Zone, want)
}

func (v *ValidationRecords) Update(ctx context.Context, id string, _, want ValidationRecordsSpec) error {
	zone, _, _ := strings.Cut(id, "/")
	return v.set(ctx, zone, want)
}

func (v *ValidationRecords) set(ctx context.Context, zone string, want ValidationRecordsSpec) error {
	var sets []types.ResourceRecordSet
	for _, r := range want.Records {
		name, value, _ := strings.Cut(r, " ")
		sets = append(sets, types.ResourceRecordSet{
			Name: aws.String(name), Type: types.RRTypeCname, TTL: aws.Int64(300), ResourceRecords: []types.ResourceRecord{{Value: aws.String(value)}},
		})
	}
	return changeRecords(ctx, v.Clients.Route53, zone, types.ChangeActionUpsert, sets...)
}

// Delete deletes the records as they are now.
func (v *ValidationRecords) Delete(ctx context.Context, id string) error {
	zone, names, _ := strings.Cut(id, "/")
	return deleteRecords(ctx, v.Clients.Route53, zone, cname, strings.Split(names, ",")...)
}
