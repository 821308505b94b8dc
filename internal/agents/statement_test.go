package agents

import (
	"slices"
	"testing"
)

func TestAStatementThatSaysMoreThanPermissionsCanIsToldWithItsReason(t *testing.T) {
	allow := func(action, on string) Statement {
		return Statement{Effect: "Allow", Action: []string{action}, Resource: []string{on}}
	}
	object := "arn:aws:s3:::b/*"
	for _, c := range []struct {
		name string
		role []Statement
		want []string
	}{
		{"a plain one", []Statement{allow("s3:Get*", object), allow("*", "*")}, []string{"", ""}},
		{"a condition", []Statement{{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{object}, Conditional: true}}, []string{"it has a condition"}},
		{"NotAction", []Statement{{Effect: "Allow", NotAction: []string{"iam:*"}, Resource: []string{"*"}}}, []string{"it allows all actions but some (NotAction)"}},
		{"NotResource", []Statement{{Effect: "Allow", Action: []string{"s3:*"}, NotResource: []string{object}}}, []string{"it allows on all resources but some (NotResource)"}},
		{"no resource", []Statement{{Effect: "Allow", Action: []string{"s3:*"}}}, []string{"it names no actions or no resources"}},
		{"a variable", []Statement{allow("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/*")}, []string{"it has a variable of IAM's (arn:aws:s3:::b/${aws:PrincipalTag/team}/*), which stands for something else in another role"}},
		{"no ARN", []Statement{allow("s3:GetObject", "arn:aws:s3*")}, []string{"agents.yaml does not take the resource arn:aws:s3*"}},
		{"the text for an agent's name", []Statement{allow("s3:GetObject", "arn:aws:s3:::{agent}/*")}, []string{"agents.yaml does not take the resource arn:aws:s3:::{agent}/*"}},
		{"an action of two words", []Statement{allow("s3:Get Object", object)}, []string{"agents.yaml does not take the action s3:Get Object"}},
		{
			"a denial of a part",
			[]Statement{allow("s3:*", object), allow("sqs:SendMessage", "*"), {Effect: "Deny", Action: []string{"S3:Delete*"}, Resource: []string{object}}},
			[]string{"another statement of the role denies a part of it", "", "it denies, and permissions only allow"},
		},
		{
			"a denial of all but some",
			[]Statement{allow("s3:GetObject", object), {Effect: "Deny", NotAction: []string{"s3:*"}, Resource: []string{"*"}}},
			[]string{"another statement of the role denies a part of it", "it denies, and permissions only allow"},
		},
	} {
		if got := Unsayable(c.role); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTwoPatternsMeetWhereOneTextMatchesBoth(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"s3:get*", "s3:getobject", true},
		{"s3:*object", "s3:get*", true},
		{"s3:put*", "s3:get*", false},
		{"*", "sqs:sendmessage", true},
		{"s3:g?tobject", "s3:getobject", true},
		{"s3:getobject", "s3:getobjects", false},
		{"s3:*", "sqs:*", false},
		{"a*b*c", "axxbyyc", true},
	} {
		if meet(c.a, c.b) != c.want || meet(c.b, c.a) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}
