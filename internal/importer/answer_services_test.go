package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnAnswerOfDescribeServicesNamesTheFlagThatReadsThem(t *testing.T) {
	for answer, says := range map[string]string{
		`{"services": [{"serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/acme/chat", "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/acme"}], "failures": []}`: "--from-ecs acme reads the services as they run",
		`{"services": [{"serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/acme/chat"}]}`:                                                                                  "--from-ecs CLUSTER reads the services as they run",
		`{"services": []}`: "neither a Terraform state nor what terraform show -json prints",
	} {
		file := filepath.Join(t.TempDir(), "describe-services.json")
		if err := os.WriteFile(file, []byte(answer), 0o600); err != nil {
			t.Fatal(err)
		}
		source, err := Detect(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSource(filepath.Dir(file), source, Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
