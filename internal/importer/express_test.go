package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATagOfExpressModeThatLooksLikeASecretIsNotCopied(t *testing.T) {
	const secret = "postgres://bot:hunter22@db/ledger"
	file := filepath.Join(t.TempDir(), "express.json")
	answer := `{"service": {"serviceName": "chat", "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/default/chat",
		"tags": [{"key": "team", "value": "bots"}, {"key": "database", "value": "` + secret + `"}],
		"activeConfigurations": [{"primaryContainer": {"image": "nginx:1"}, "createdAt": "2026-01-12T09:14:05Z"}]}}`
	if err := os.WriteFile(file, []byte(answer), 0o600); err != nil {
		t.Fatal(err)
	}
	res, err := ReadExpress(filepath.Dir(file), file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(res.Text, secret) || res.Config.Tags["team"] != "bots" || len(res.Config.Tags) != 1 {
		t.Errorf("the tags are %v in\n%s", res.Config.Tags, res.Text)
	}
	if !strings.Contains(strings.ReplaceAll(res.Text, "\n#       ", " "), secretTag) {
		t.Errorf("%q is not in\n%s", secretTag, res.Text)
	}
}
