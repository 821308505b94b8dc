package awssim

import (
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// SecurityGroup is a simulated security group.
type SecurityGroup struct {
	ID          string
	VPC         string
	Name        string
	Description string
	Ingress     []SecurityGroupRule
	Egress      []SecurityGroupRule
	Tags        cloud.Tags
	Created     time.Time
}

// SecurityGroupRule is one rule: a protocol, a range of ports, and one of an
// address range or another group.
type SecurityGroupRule struct {
	Protocol string
	From     int32
	To       int32
	// CIDR or Group is whom it lets through.
	CIDR        string
	Group       string
	Description string
}
