package awssim

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// neverSent are constants of the SDK whose value the real AWS does not send, with
// what it sends, as public recordings of it have it. A comparison with one is never
// true. (The attachment of an internet gateway says available and not attached, but an
// interface's says attached, and both have one type.)
var neverSent = map[string]string{
	"NetworkInterfaceTypeNatGateway":          "nat_gateway",
	"StateAvailable":                          "available", // of a VPC endpoint
	"StatePending":                            "pending",
	"StateDeleting":                           "deleting",
	"StateDeleted":                            "deleted",
	"KeyAlgorithmRsa2048":                     "RSA-2048", // of a certificate
	"PermissionsBoundaryAttachmentTypePolicy": "Policy",
}

func TestNoConstantIsUsedThatAWSNeverSends(t *testing.T) {
	use := regexp.MustCompile(`\b\w*types\.(\w+)`)
	read := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for _, m := range use.FindAllStringSubmatch(string(text), -1) {
			if sends := neverSent[m[1]]; sends != "" {
				t.Errorf("%s uses %s: AWS sends %q", path, m[0], sends)
			}
		}
		return nil
	})
	if err != nil || read < 300 {
		t.Fatalf("%d files are read: %v", read, err)
	}
}
