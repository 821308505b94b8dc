package cloud

import (
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

// Profiles are the names in AWS's shared configuration and credentials of this machine,
// sorted. What cannot be read has none.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
func Profiles() []string {
	var names []string
	for _, f := range []struct{ variable, path string }{
		{"AWS_CONFIG_FILE", config.DefaultSharedConfigFilename()}, {"AWS_SHARED_CREDENTIALS_FILE", config.DefaultSharedCredentialsFilename()},
	} {
		if named := os.Getenv(f.variable); named != "" {
			f.path = named
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			section, ok := strings.CutPrefix(strings.TrimSpace(line), "[")
			if !ok {
				continue
			}
			section, _, _ = strings.Cut(section, "]")
			kind, name, two := strings.Cut(strings.TrimSpace(section), " ")
			switch {
			case !two:
				names = append(names, kind)
			case kind == "profile":
				names = append(names, strings.TrimSpace(name))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
