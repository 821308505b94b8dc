package iam

import (
	"strings"
	"testing"
)

func parse(t *testing.T, text string) Policy {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPolicyIsReadAsAWSReadsIt(t *testing.T) {
	create := Request{Action: "ecs:CreateService", Resource: "arn:aws:ecs:us-east-1:1:service/a/b", Context: map[string]string{"aws:RequestedRegion": "us-east-1"}}
	for name, c := range map[string]struct {
		statements string
		allowed    bool
	}{
		"an action":                       {`{"Effect":"Allow","Action":"ecs:CreateService","Resource":"*"}`, true},
		"an action in another case":       {`{"Effect":"Allow","Action":"ECS:createservice","Resource":"*"}`, true},
		"a wildcard":                      {`[{"Effect":"Allow","Action":["ec2:*","ecs:Create*"],"Resource":["*"]}]`, true},
		"a wildcard in the middle":        {`{"Effect":"Allow","Action":"ecs:*Service","Resource":"arn:*:service/a/?"}`, true},
		"another action":                  {`{"Effect":"Allow","Action":"ecs:CreateServices","Resource":"*"}`, false},
		"another resource":                {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:1:service/b/*"}`, false},
		"all but another action":          {`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, true},
		"all but this one":                {`{"Effect":"Allow","NotAction":["iam:*","ecs:*"],"Resource":"*"}`, false},
		"all but this resource":           {`{"Effect":"Allow","Action":"*","NotResource":"arn:*:service/*"}`, false},
		"denied beside":                   {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:*","Resource":"*"}]`, false},
		"a condition that holds":          {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:requestedregion":["eu-west-1","us-east-1"]}}}`, true},
		"a condition that does not":       {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:RequestedRegion":"eu-*"}}}`, false},
		"a condition on what is not said": {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"x"}}}`, false},
		"a denial of what is not said":    {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"iam:PermissionsBoundary":"x"}}}]`, false},
		"if it exists":                    {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"iam:PassedToService":"x"}}}`, true},
		"null":                            {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"iam:PassedToService":true}}}`, true},
	} {
		p := Principal{Policies: []Policy{parse(t, `{"Version":"2012-10-17","Statement":`+c.statements+`}`)}}
		if d := Decide(p, create); d.Allowed != c.allowed {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestEachKindOfPolicyHasItsOwnWords(t *testing.T) {
	all := parse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	none := parse(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	deny := parse(t, `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:CreateNatGateway","Resource":"*"}]}`)
	r := Request{Action: "ec2:CreateNatGateway", Resource: "*"}
	for want, p := range map[string]Principal{
		"because no identity-based policy allows the ec2:CreateNatGateway action":  {},
		"with an explicit deny in an identity-based policy":                        {Policies: []Policy{deny}},
		"with an explicit deny in a service control policy":                        {Policies: []Policy{all}, Organization: []Policy{deny}},
		"because no service control policy allows the ec2:CreateNatGateway action": {Policies: []Policy{all}, Organization: []Policy{all, none}},
		"because no permissions boundary allows the ec2:CreateNatGateway action":   {Policies: []Policy{all}, Boundary: &none},
		"with an explicit deny in a permissions boundary":                          {Policies: []Policy{all}, Boundary: &deny},
		"because no session policy allows the ec2:CreateNatGateway action":         {Policies: []Policy{all}, Session: &none},
	} {
		p.ARN = "arn:aws:iam::1:user/operator"
		d := Decide(p, r)
		if d.Allowed || d.Reason != want {
			t.Errorf("%+v, not %q", d, want)
		}
		if s := d.Denial(p, r); !strings.HasPrefix(s, "User: arn:aws:iam::1:user/operator is not authorized to perform: ec2:CreateNatGateway on resource: * ") {
			t.Error(s)
		}
	}
	if d := Decide(Principal{Policies: []Policy{all}, Boundary: &all, Organization: []Policy{all}}, r); !d.Allowed {
		t.Errorf("%+v", d)
	}
}

func TestATrustPolicyNamesTheServiceAndTheAccount(t *testing.T) {
	p := parse(t, `{"Statement":[{"Effect":"Allow","Action":["sts:AssumeRole"],"Principal":{"Service":"ecs-tasks.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"1"}}}]}`)
	if !p.Trusts("ecs-tasks.amazonaws.com", map[string]string{"aws:SourceAccount": "1"}) {
		t.Error("the service is not trusted")
	}
	if p.Trusts("ecs-tasks.amazonaws.com", map[string]string{"aws:SourceAccount": "2"}) || p.Trusts("ec2.amazonaws.com", map[string]string{"aws:SourceAccount": "1"}) {
		t.Error("another account or another service is trusted")
	}
}

func TestAPolicyThatIsNotKnownIsRefused(t *testing.T) {
	for _, text := range []string{
		`nonsense`, `{"Statement":[]}`, `{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}`, `{"Statement":{"Effect":"Allow","Resource":"*"}}`,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"a":"1"}}}}`, `{"Statement":{"Effect":"Allow","Action":"*","Ressource":"*"}}`,
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
