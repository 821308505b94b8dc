package agents

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRightsOnEverythingAreWarnedOf(t *testing.T) {
	c := parse(t, "", `
defaults:
  permissions: [{allow: [bedrock:InvokeModel], on: ["*"]}]
agents:
  scout: {port: 8080}
  writer: {port: 8081}
  admin: {port: 8082, permissions: [{policy: "arn:aws:iam::aws:policy/AdministratorAccess"}, {allow: ["s3:*"], on: ["arn:aws:s3:::acme-{agent}/*"]}]}
`)
	want := []string{
		"scout, writer may bedrock:InvokeModel on everything in the account: name the ARNs in `on`, where AWS takes some",
		"admin may do nearly everything in the account: arn:aws:iam::aws:policy/AdministratorAccess",
	}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if on := c.Agents[2].Permissions[1].On[0]; on != "arn:aws:s3:::acme-admin/*" {
		t.Errorf("{agent} is not replaced: %s", on)
	}
}
