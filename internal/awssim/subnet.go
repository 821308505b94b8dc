package awssim

import (
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Subnet is a simulated subnet.
type Subnet struct {
	ID        string
	VPC       string
	CIDR      string
	AZ        string
	PublicIPs bool
	Tags      cloud.Tags
	Created   time.Time
}
