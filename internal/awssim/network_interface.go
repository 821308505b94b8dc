package awssim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// NetworkInterface is a simulated network interface. It is what really keeps
// subnets, groups and the internet gateway from being deleted: a load balancer
// or a task is long gone when its interfaces still are there.
type NetworkInterface struct {
	ID     string
	Subnet string
	VPC    string
	Groups []string
	// Kind is AWS's interface type: interface, nat_gateway, vpc_endpoint, lambda …
	Kind        string
	Description string
	// Owner is who asked for it on the user's behalf: amazon-elb, an account of
	// AWS's; "" is the user himself, who can delete it.
	Owner     string
	PrivateIP string
	// PublicIP is "" without one.
	PublicIP string
	// IPv6 is "" without one: tasks and the user's own have one where the subnet assigns it; AWS's services
	// have addresses of the type that they are asked for, which is IPv4.
	IPv6 string `json:",omitempty"`
	// Own is one that the user made. It has tags, and Address (an elastic IP address) and Instance
	// while it has them; it Forwards when its source/destination check is off.
	Own      bool       `json:",omitempty"`
	Tags     cloud.Tags `json:",omitempty"`
	Token    string     `json:",omitempty"`
	Address  string     `json:",omitempty"`
	Instance string     `json:",omitempty"`
	Forwards bool       `json:",omitempty"`
	Created  time.Time
	// Released is when it goes; zero while it is in use.
	Released time.Time
}

func (s *Sim) networkInterfaceNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.DescribeNetworkInterfaces", s.describeNetworkInterfaces, "NetworkInterfaceIds", "Filters").pages("NetworkInterfaces", 1000, 1000, "NetworkInterfaceIds"),
			on("EC2.CreateNetworkInterface", s.createNetworkInterface, "SubnetId", "Groups", "Description", "ClientToken", "TagSpecifications"),
			on("EC2.ModifyNetworkInterfaceAttribute", s.modifyNetworkInterface, "NetworkInterfaceId", "SourceDestCheck", "Groups"),
			on("EC2.DeleteNetworkInterface", s.deleteNetworkInterface, "NetworkInterfaceId"),
		},
		settle: s.settleNetworkInterfaces,
		each: func(tell func(thing)) {
			for _, n := range s.world.NetworkInterfaces {
				tell(thing{kind: "network-interface", name: n.Description, tags: n.Tags})
			}
		},
	}
}

// settleNetworkInterfaces lets go of those whose time has come.
func (s *Sim) settleNetworkInterfaces() {
	for id, n := range s.world.NetworkInterfaces {
		if !n.Released.IsZero() && !s.now().Before(n.Released) {
			delete(s.world.NetworkInterfaces, id)
		}
	}
}

// attachNetworkInterface puts an interface into a subnet, with an address of its
// own there, and a public one when asked for.
func (s *Sim) attachNetworkInterface(subnet string, groups []string, kind, description, owner string, public bool) *NetworkInterface {
	n := &NetworkInterface{
		ID: s.world.id("eni"), Subnet: subnet, Groups: slices.Sorted(slices.Values(groups)),
		Kind: kind, Description: description, Owner: owner, Created: s.now(),
	}
	if sub := s.world.Subnets[subnet]; sub != nil {
		n.VPC = sub.VPC
		n.PrivateIP = s.freeAddress(sub)
		if owner == "" || owner == "amazon-ecs" {
			n.IPv6 = s.freeIPv6(sub)
		}
	}
	if public {
		n.PublicIP = publicAddress(s.world.Serial)
	}
	s.world.NetworkInterfaces[n.ID] = n
	return n
}

// releaseNetworkInterface has an interface go at a time.
func (s *Sim) releaseNetworkInterface(id string, at time.Time) {
	if n := s.world.NetworkInterfaces[id]; n != nil {
		n.Released = at
	}
}

// addressesReserved are those of a subnet that AWS keeps: the first four and the last.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const addressesReserved = 5

// freeAddress is the first free address of a subnet.
func (s *Sim) freeAddress(sub *Subnet) string {
	cidr, err := netip.ParsePrefix(sub.CIDR)
	if err != nil {
		return ""
	}
	used := map[string]bool{}
	for _, n := range s.world.NetworkInterfaces {
		if n.Subnet == sub.ID {
			used[n.PrivateIP] = true
		}
	}
	ip := cidr.Addr()
	for range addressesReserved - 1 {
		ip = ip.Next()
	}
	for used[ip.String()] {
		ip = ip.Next()
	}
	return ip.String()
}

// publicAddress is one of the range that is kept for documents, and repeats.
func publicAddress(serial int) string {
	base := netip.MustParsePrefix("198.51.100.0/24").Addr().As4()
	base[3] = byte(serial%254 + 1)
	return netip.AddrFrom4(base).String()
}

// publicName is the name that AWS gives to a public address.
func (s *Sim) publicName(ip string) string {
	domain := s.world.Region + ".compute.amazonaws.com"
	if s.world.Region == "us-east-1" {
		domain = "compute-1.amazonaws.com"
	}
	return "ec2-" + strings.ReplaceAll(ip, ".", "-") + "." + domain
}

// macAddress is made of the private address, so that it stays the same.
func macAddress(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	b := address.As4()
	return fmt.Sprintf("0a:ff:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

func (s *Sim) describeNetworkInterfaces(in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	all := func(n *NetworkInterface) bool { return !n.Own || s.visible(n.Created) }
	if err := only(in.NetworkInterfaceIds, s.world.NetworkInterfaces, all, "InvalidNetworkInterfaceID.NotFound"); err != nil {
		return nil, err
	}
	groups, filters := takeFilter(in.Filters, "group-id")
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, n := range sorted(s.world.NetworkInterfaces) {
		ok, err := ec2Filters(filters, n.Tags, map[string]string{
			"vpc-id": n.VPC, "subnet-id": n.Subnet, "interface-type": n.Kind, "description": n.Description,
			"requester-id": n.Owner, "network-interface-id": n.ID,
		})
		if err != nil {
			return nil, err
		}
		if groups != nil && !slices.ContainsFunc(n.Groups, func(g string) bool { return slices.Contains(groups, g) }) {
			continue
		}
		if ok && all(n) && wanted(in.NetworkInterfaceIds, n.ID) {
			out.NetworkInterfaces = append(out.NetworkInterfaces, s.describeNetworkInterface(n))
		}
	}
	return out, nil
}

func (s *Sim) describeNetworkInterface(n *NetworkInterface) types.NetworkInterface {
	owner, attachment := s.world.Account, "eni-attach"
	if strings.HasPrefix(n.Owner, "amazon-") {
		owner = n.Owner
	}
	if n.Owner == "amazon-elb" || n.Kind == "nat_gateway" {
		attachment = "ela-attach"
	}
	d := types.NetworkInterface{
		NetworkInterfaceId: &n.ID, SubnetId: &n.Subnet, VpcId: &n.VPC, Description: &n.Description,
		InterfaceType: types.NetworkInterfaceType(n.Kind), OwnerId: &s.world.Account,
		RequesterManaged: aws.Bool(n.Owner != ""), PrivateIpAddress: &n.PrivateIP, Status: types.NetworkInterfaceStatusInUse, SourceDestCheck: aws.Bool(true), TagSet: []types.Tag{},
		Attachment: &types.NetworkInterfaceAttachment{
			InstanceOwnerId: aws.String(owner), Status: types.AttachmentStatusAttached,
			AttachmentId: aws.String(attachment + n.ID[len("eni"):]), DeviceIndex: aws.Int32(1), DeleteOnTermination: aws.Bool(false), AttachTime: &n.Created,
		},
		MacAddress: aws.String(macAddress(n.PrivateIP)),
	}
	if sub := s.world.Subnets[n.Subnet]; sub != nil {
		d.AvailabilityZone = &sub.AZ
	}
	if n.Owner != "" {
		d.RequesterId = &n.Owner
	}
	if n.Own {
		d.TagSet, d.SourceDestCheck = toEC2Tags(n.Tags), aws.Bool(!n.Forwards)
		if d.Attachment.InstanceId, d.Attachment.DeviceIndex = &n.Instance, aws.Int32(0); n.Instance == "" {
			d.Attachment, d.Status = nil, types.NetworkInterfaceStatusAvailable
		}
	}
	if n.PublicIP != "" {
		d.Association = &types.NetworkInterfaceAssociation{PublicIp: &n.PublicIP, IpOwnerId: &owner, PublicDnsName: aws.String(s.publicName(n.PublicIP)), AllocationId: optional(n.Address)}
	}
	if n.PrivateIP != "" {
		d.PrivateIpAddresses = []types.NetworkInterfacePrivateIpAddress{{Primary: aws.Bool(true), PrivateIpAddress: &n.PrivateIP, Association: d.Association}}
	}
	if n.IPv6 != "" {
		d.Ipv6Addresses = []types.NetworkInterfaceIpv6Address{{Ipv6Address: &n.IPv6}}
	}
	for _, id := range n.Groups {
		g := types.GroupIdentifier{GroupId: aws.String(id)}
		if sg := s.world.SecurityGroups[id]; sg != nil {
			g.GroupName = &sg.Name
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}
