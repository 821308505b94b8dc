package awssim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmacadabra/karmactl/internal/awssim/registry"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Seed is what a rehearsal needs of an account before a stack comes: what
// agents.yaml refers to and its user keeps elsewhere.
type Seed struct {
	// Zones are public hosted zones by name.
	Zones []string
	// Secrets are secrets by name or ARN, with their keys; without keys the value is a text.
	Secrets map[string][]string
	// Parameters are encrypted parameters of SSM, by name.
	Parameters []string
	// Network is a VPC that is there already; its zero value is none.
	Network SeedNetwork
	// Files are file systems of EFS that can be mounted where Network has tasks.
	Files []SeedFiles
	// Certificates are certificates that their owner imported, by ARN, with their names.
	Certificates map[string][]string
	// Topics are SNS topics, by ARN. One of another account or region is not in this one.
	Topics []string
	// Policies are managed policies of the account's own, by ARN, that allow everything.
	Policies []string
	// Images are repositories of the account's own registry, each with a tag.
	Images map[string]string
}

// SeedNetwork is a VPC of another owner, with public subnets that lead to an internet
// gateway and private ones that lead to a NAT gateway, one zone after the other.
type SeedNetwork struct {
	VPC             string
	Public, Private []string
}

// seeded is the value of what a rehearsal makes up.
const seeded = "rehearsal"

func (s *Sim) seedZones(zones []string) {
	for _, zone := range zones {
		there := false
		for _, z := range s.world.HostedZones {
			there = there || strings.TrimSuffix(z.Name, ".") == strings.TrimSuffix(zone, ".")
		}
		if !there {
			s.world.SeedHostedZone(zone, false)
		}
	}
}

func (s *Sim) seedTopics(arns []string) {
	for _, arn := range arns {
		name := arn[strings.LastIndexByte(arn, ':')+1:]
		if s.world.arn("sns", name) == arn && s.world.Topics[name] == nil {
			s.world.Topics[name] = &Topic{Name: name, ARN: arn, Tags: cloud.Tags{}, Subscriptions: map[string]*Subscription{}}
		}
	}
}

func (s *Sim) seedPolicies(arns []string) {
	for _, arn := range arns {
		if _, there := s.world.ManagedPolicies[arn]; !there && strings.HasPrefix(arn, "arn:aws:iam::"+s.world.Account+":policy/") {
			s.world.ManagedPolicies[arn] = awsPolicies["arn:aws:iam::aws:policy/AdministratorAccess"]
		}
	}
}

// Seed makes what is not there yet.
func (s *Sim) Seed(x Seed) error {
	err := s.transact(true, func() error {
		long := s.now().Add(-time.Hour) // known everywhere by now
		s.seedZones(x.Zones)
		s.seedTopics(x.Topics)
		s.seedPolicies(x.Policies)
		for from, keys := range x.Secrets {
			if err := s.seedSecret(from, keys); err != nil {
				return err
			}
		}
		for _, p := range x.Parameters {
			if s.world.Parameters[p] != nil {
				continue
			}
			if _, err := s.putParameter(&ssm.PutParameterInput{Name: &p, Value: aws.String(seeded), Type: ssmtypes.ParameterTypeSecureString}); err != nil {
				return err
			}
			s.world.Parameters[p].Created = long
		}
		for repository := range x.Images {
			if s.world.Repositories[repository] != nil {
				continue
			}
			if _, err := s.createRepository(&ecr.CreateRepositoryInput{RepositoryName: &repository}); err != nil {
				return err
			}
			s.world.Repositories[repository].Created = long
		}
		for arn, names := range x.Certificates {
			s.seedCertificate(arn, names, long)
		}
		if err := s.seedNetwork(x.Network, long); err != nil {
			return err
		}
		for _, files := range x.Files {
			s.seedFiles(files, x.Network, long)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for repository, tag := range x.Images {
		if err := s.seedImage(repository, tag); err != nil {
			return err
		}
	}
	return nil
}

// seedNetwork makes a VPC with its subnets, when it is not there.
func (s *Sim) seedNetwork(n SeedNetwork, since time.Time) error {
	if n.VPC == "" || s.world.VPCs[n.VPC] != nil {
		return nil
	}
	v := &VPC{ID: n.VPC, CIDR: "172.30.0.0/16", DNSSupport: true, Tags: cloud.Tags{}, Created: since}
	s.world.VPCs[v.ID] = v
	s.addRouteTable(v, cloud.Tags{}).Main = true
	s.addSecurityGroup(v.ID, "default", "default VPC security group", cloud.Tags{})
	gateway := &InternetGateway{ID: s.world.id("igw"), VPC: v.ID, Tags: cloud.Tags{}, Created: since}
	s.world.InternetGateways[gateway.ID] = gateway
	public := n.Public
	if len(public) == 0 { // the NAT gateway is in one all the same
		public = []string{s.world.id("subnet")}
	}
	s.seedSubnets(v, public, 0, gateway.ID, since)
	if len(n.Private) == 0 {
		return nil
	}
	address, err := s.allocateAddress(&ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
	if err != nil {
		return err
	}
	s.world.Addresses[*address.AllocationId].Created = since
	made, err := s.createNatGateway(&ec2.CreateNatGatewayInput{SubnetId: &public[0], AllocationId: address.AllocationId})
	if err != nil {
		return err
	}
	nat := s.world.NATGateways[*made.NatGateway.NatGatewayId]
	nat.Created, nat.State = since, ec2types.NatGatewayStateAvailable
	s.seedSubnets(v, n.Private, 100, nat.ID, since)
	return nil
}

// seedSubnets makes subnets, one zone after the other, whose route table leads to a target.
func (s *Sim) seedSubnets(v *VPC, ids []string, block int, target string, since time.Time) {
	table := s.addRouteTable(v, cloud.Tags{})
	table.Created = since
	table.Routes = append(table.Routes, Route{Destination: "0.0.0.0/0", Target: target, Created: since})
	zones := s.zones()
	for i, id := range ids {
		s.world.Subnets[id] = &Subnet{ID: id, VPC: v.ID, CIDR: fmt.Sprintf("172.30.%d.0/24", block+i), AZ: zones[i%len(zones)], Tags: cloud.Tags{}, Created: since}
		table.Associations = append(table.Associations, RouteTableAssociation{ID: s.world.id("rtbassoc"), Subnet: id})
	}
}

// seedSecret makes a secret. One that is named by its ARN has that ARN.
func (s *Sim) seedSecret(from string, keys []string) error {
	name := from
	if _, after, ok := strings.Cut(from, ":secret:"); ok {
		name = after
		if n := len(name); n > 7 && name[n-7] == '-' { // the six characters that AWS adds
			name = name[:n-7]
		}
	}
	if s.world.Secrets[name] != nil {
		return nil
	}
	value := seeded
	if len(keys) > 0 {
		all := map[string]string{}
		for _, k := range keys {
			all[k] = seeded
		}
		b, err := json.Marshal(all)
		if err != nil {
			return err
		}
		value = string(b)
	}
	if _, err := s.createSecret(&secretsmanager.CreateSecretInput{Name: &name, SecretString: &value, ClientRequestToken: aws.String("rehearsal-rehearsal-rehearsal-01")}); err != nil {
		return err
	}
	s.world.Secrets[name].Created = s.now().Add(-time.Hour)
	if strings.HasPrefix(from, "arn:") {
		s.world.Secrets[name].ARN = from
	}
	return nil
}

// seedImage puts the stand-in image into a repository of the account.
func (s *Sim) seedImage(repository, tag string) error {
	index, err := registry.StandIn(tag)
	if err != nil {
		return err
	}
	to, err := name.NewTag(s.registryHost()+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		return err
	}
	return remote.WriteIndex(to, index, remote.WithTransport(s.Registry()), remote.WithAuth(&authn.Basic{Username: registryUser, Password: registryPassword}))
}
