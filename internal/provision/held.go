package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// held explains why AWS refuses to delete something: it names the network
// interfaces that hold it, and tells the ones that go by themselves from another
// owner's. Any other error, and nil, come back as they are.
func (h *Env) held(ctx context.Context, err error, holds func(types.NetworkInterface) bool) error {
	if !cloud.Is(err, "DependencyViolation", "InvalidGroup.InUse", "InvalidCidrBlock.InUse") {
		return err
	}
	now := h.Clock.Now().Add(-time.Second) // callers that are refused together share the listings
	all, lerr := cloud.List(ctx, h.Inventory, "network-interface", now, func(ctx context.Context) ([]types.NetworkInterface, error) {
		return h.networkInterfaces(ctx, now)
	})
	if lerr != nil {
		return err // AWS's refusal says more than the failure to explain it
	}
	nats, lerr := cloud.List(ctx, h.Inventory, "nat", now, (&NATGateway{Env: h}).list)
	if lerr != nil {
		return err
	}
	ours, foreign := map[string][]string{}, []string{}
	for _, n := range all {
		switch {
		case !holds(n):
		case h.made(n):
			ours["the NAT instance"] = append(ours["the NAT instance"], aws.ToString(n.NetworkInterfaceId))
		case h.leavesByItself(n, nats):
			of := belongsTo(n)
			ours[of] = append(ours[of], aws.ToString(n.NetworkInterfaceId))
		default:
			foreign = append(foreign, describeInterface(n))
		}
	}
	switch {
	case len(foreign) > 0:
		return &engine.InUse{Holder: strings.Join(Together(foreign), ", "), Foreign: true, Err: err}
	case len(ours) > 0:
		return &engine.InUse{Holder: interfacesOf(ours), Err: err}
	}
	return err
}

// networkInterfaces are all that is in the stack's VPC, karmactl's or not.
func (h *Env) networkInterfaces(ctx context.Context, notOlder time.Time) ([]types.NetworkInterface, error) {
	vpcs, err := cloud.List(ctx, h.Inventory, "vpc", notOlder, (&VPC{Env: h}).list)
	if err != nil || len(vpcs) == 0 {
		return nil, err
	}
	var ids []string
	for _, v := range vpcs {
		ids = append(ids, v.ID)
	}
	return cloud.Pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(h.Clients.EC2, &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: ids}},
	}), func(out *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return out.NetworkInterfaces })
}

// leavesByItself tells whether AWS takes an interface away when what it belongs
// to is deleted, and that is the stack's: a NAT gateway by its id, a load
// balancer, a task, a mount target or an endpoint by the stack's security group on it.
func (h *Env) leavesByItself(n types.NetworkInterface, nats []candidate[types.NatGateway]) bool {
	if isNATGateway(n.InterfaceType) {
		return slices.ContainsFunc(nats, func(c candidate[types.NatGateway]) bool {
			return strings.HasSuffix(aws.ToString(n.Description), c.ID)
		})
	}
	return belongsTo(n) != "" && slices.ContainsFunc(n.Groups, func(g types.GroupIdentifier) bool {
		return strings.HasPrefix(aws.ToString(g.GroupName), h.Stack+"-")
	})
}

// made tells whether an interface is one that karmactl made for the stack: its tags say so.
func (h *Env) made(n types.NetworkInterface) bool {
	return cloud.FromEC2Tags(n.TagSet)[cloud.TagStack] == h.Stack
}

// belongsTo names what AWS made an interface for and takes it away with; "" is that AWS did not.
func belongsTo(n types.NetworkInterface) string {
	text := aws.ToString(n.Description)
	switch {
	case isNATGateway(n.InterfaceType):
		return "a NAT gateway"
	case n.InterfaceType == types.NetworkInterfaceTypeVpcEndpoint:
		return "a VPC endpoint"
	case strings.HasPrefix(text, "ELB "):
		return "the load balancer"
	case strings.HasPrefix(text, "EFS mount target "):
		return "a mount target"
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":ecs:"):
		return "tasks"
	}
	return ""
}

// interfacesOf names the interface of each owner, or says how many there are: "5 network interfaces of tasks".
func interfacesOf(ids map[string][]string) string {
	var out []string
	for _, of := range slices.Sorted(maps.Keys(ids)) {
		text := oneInterface + ids[of][0]
		if n := len(ids[of]); n > 1 {
			text = fmt.Sprintf("%d network interfaces", n)
		}
		out = append(out, text+" of "+of)
	}
	return strings.Join(out, ", ")
}

// describeInterface says what an interface is for and whose it is.
func describeInterface(n types.NetworkInterface) string {
	text := aws.ToString(n.Description)
	switch {
	case text == "":
		text = "without a description"
	case belongsTo(n) == "tasks": // by its attachment, which tells a user nothing
		text = "a task of ECS"
	}
	owner := aws.ToString(n.OwnerId)
	if n.Attachment != nil && aws.ToString(n.Attachment.InstanceOwnerId) != "" {
		owner = aws.ToString(n.Attachment.InstanceOwnerId)
	}
	if r := aws.ToString(n.RequesterId); r != "" {
		owner = r
	}
	kind := string(n.InterfaceType)
	if n.Attachment != nil && n.Attachment.InstanceId != nil {
		kind = "instance " + *n.Attachment.InstanceId
	}
	return fmt.Sprintf(oneInterface+"%s (%s, %s, owner %s)", aws.ToString(n.NetworkInterfaceId), text, kind, owner)
}

const oneInterface = "network interface "

// mostInterfaces is how many equal ones are named: one of them leads a user to the others.
const mostInterfaces = 5

// Together says once what several network interfaces have in common: "2 network interfaces (a function, lambda,
// owner 1): eni-1, eni-2". Whatever else there is stays as it is.
func Together(described []string) []string {
	ids := map[string][]string{}
	var order []string
	for _, text := range described {
		about := text
		if rest, is := strings.CutPrefix(text, oneInterface); is {
			id, what, _ := strings.Cut(rest, " ")
			about = what
			ids[about] = append(ids[about], id)
		}
		if !slices.Contains(order, about) {
			order = append(order, about)
		}
	}
	var out []string
	for _, about := range order {
		switch of := ids[about]; len(of) {
		case 0:
			out = append(out, about)
		case 1:
			out = append(out, oneInterface+of[0]+" "+about)
		default:
			some := strings.Join(of[:min(len(of), mostInterfaces)], ", ")
			if more := len(of) - mostInterfaces; more > 0 {
				some += fmt.Sprintf(" and %d more", more)
			}
			out = append(out, fmt.Sprintf("%d %ss %s: %s", len(of), strings.TrimSpace(oneInterface), about, some))
		}
	}
	return out
}

// isNATGateway: EC2 writes nat_gateway, and never natGateway, the SDK's constant
// (recorded answers; so says the filter of DescribeNetworkInterfaces).
func isNATGateway(t types.NetworkInterfaceType) bool { return t == "nat_gateway" }
