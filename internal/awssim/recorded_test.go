package awssim

import (
	"encoding/json"
	"os"
	"testing"
)

// recorded are facts of public recordings of the real AWS; its file names them.
type recorded struct {
	Source   string
	Statuses map[string]map[string]int // by service and code
}

func readRecorded(t *testing.T) recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// otherStatus are recorded refusals that the simulated account does not make, or
// that have another status in one service than in all others.
var otherStatus = map[string]string{
	"S3.InvalidBucketState": "object locks are not simulated", "S3.InvalidObjectState": "storage classes are not simulated",
	"S3.InvalidPartNumber": "uploads in parts are not simulated", "S3.InvalidRange": "ranges are not simulated",
	"S3.NoSuchBucketPolicy":                 "bucket policies are not simulated",
	"Secrets Manager.AccessDeniedException": "400 in all other services of its protocol, and nothing reads it",
}

func TestARefusalHasTheStatusThatAWSSendsItWith(t *testing.T) {
	n := 0
	for service, codes := range readRecorded(t).Statuses {
		for code, want := range codes {
			n++
			if got := statusOf(code); got != want && otherStatus[service+"."+code] == "" {
				t.Errorf("%s %s has status %d, AWS sends %d", service, code, got, want)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d refusals are recorded", n)
	}
}
