package live

import (
	"testing"

	"github.com/aws/smithy-go"
)

func TestAPolicyThatCannotBeReadIsNotOneThatNamesNoOne(t *testing.T) {
	for code, unread := range map[string]string{
		"NoSuchBucketPolicy": "", "NoSuchBucket": "", "ResourceNotFoundException": "",
		"PermanentRedirect": "it is in another region", "MethodNotAllowed": "it is another account's",
	} {
		f := &Fleet{}
		if err := f.addPolicy("the bucket jobs", "", &smithy.GenericAPIError{Code: code}); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		got := ""
		for _, p := range f.ResourcePolicies {
			got += p.Unread.Error()
		}
		if got != unread {
			t.Errorf("%s: %q", code, got)
		}
	}
	if err := (&Fleet{}).addPolicy("the bucket jobs", "", &smithy.GenericAPIError{Code: "InternalError"}); err == nil {
		t.Error("another error is none")
	}
}
