package doctor

import (
	"context"

	"github.com/karmacadabra/karmactl/internal/provision"
)

// readBucket looks at the bucket that the state is in. Before the first up there may be none.
func (sn *snapshot) readBucket(ctx context.Context) error {
	faults, there, err := sn.Bucket.Faults(ctx, sn.Prefix)
	if sn.bucket = faults; err == nil && !there && len(sn.Services) > 0 {
		sn.bucket = []provision.BucketFault{{
			Problem: "the state is gone", Cause: "the bucket " + sn.Bucket.Bucket + " that it was in does not exist", Fix: "karmactl up makes it again, and finds by name and tag what is there",
		}}
	}
	return err
}

// checkStateBucket tells what provision's own rules say of the bucket: a plan has them too.
func checkStateBucket(sn *snapshot) []Finding {
	var out []Finding
	for _, f := range sn.bucket {
		out = append(out, Finding{Problem: f.Problem, Cause: f.Cause, Evidence: f.Evidence, Fix: f.Fix})
	}
	return out
}
