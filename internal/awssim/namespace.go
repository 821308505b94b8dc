package awssim

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sd "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// namespaceTakes is how long Cloud Map takes to make or delete an HTTP namespace.
const namespaceTakes = 7 * time.Second

// Namespace is a simulated Cloud Map namespace.
type Namespace struct {
	ID    string
	ARN   string
	Name  string
	Token string
	Tags  cloud.Tags
	// VPC is the one in which its names are in the DNS; "" for an HTTP namespace.
	VPC     string
	Created time.Time
	// Deleted is when a delete began; zero is not.
	Deleted time.Time
}

// DiscoveryService is a simulated Cloud Map service: ECS puts one into the
// namespace for each endpoint of Service Connect and takes it out again.
type DiscoveryService struct {
	ID        string
	Name      string
	Namespace string // id
	// Left is when ECS began to take it out; zero is not.
	Left    time.Time
	Service string // the ARN of the ECS service that answers by the name
}

// DiscoveryOperation is an asynchronous operation of Cloud Map.
type DiscoveryOperation struct {
	ID        string
	Type      types.OperationType
	Namespace string // id
	Begun     time.Time
	Failure   string
}

func (s *Sim) namespaceNoun() noun {
	return noun{
		ops: []operation{
			on("ServiceDiscovery.CreateHttpNamespace", s.createHTTPNamespace, "Name", "CreatorRequestId", "Description", "Tags"),
			on("ServiceDiscovery.CreatePrivateDnsNamespace", s.createPrivateDNSNamespace, "Name", "Vpc", "CreatorRequestId", "Description", "Tags"),
			on("ServiceDiscovery.GetOperation", s.getDiscoveryOperation, "OperationId"),
			on("ServiceDiscovery.ListOperations", s.listDiscoveryOperations, "Filters").pages("Operations", 100, 100),
			on("ServiceDiscovery.ListNamespaces", s.listNamespaces, "Filters").pages("Namespaces", 100, 100),
			on("ServiceDiscovery.GetNamespace", s.getNamespace, "Id"),
			on("ServiceDiscovery.DeleteNamespace", s.deleteNamespace, "Id"),
			on("ServiceDiscovery.ListTagsForResource", s.listNamespaceTags, "ResourceARN"),
			on("ServiceDiscovery.TagResource", s.tagNamespace, "ResourceARN", "Tags"),
			on("ServiceDiscovery.UntagResource", s.untagNamespace, "ResourceARN", "TagKeys"),
		},
		settle: s.settleNamespaces,
		each: func(tell func(thing)) {
			for _, n := range s.world.Namespaces {
				t := thing{kind: "namespace", name: n.Name, tags: n.Tags}
				if s.namespaceMade(n) {
					t.arn = n.ARN
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) settleNamespaces() {
	s.settleDiscovery()
	for id, n := range s.world.Namespaces {
		if !n.Deleted.IsZero() && !s.now().Before(n.Deleted.Add(namespaceTakes)) {
			delete(s.world.Namespaces, id)
		}
	}
	for id, o := range s.world.DiscoveryOperations {
		if s.now().Sub(o.Begun) > 24*time.Hour {
			delete(s.world.DiscoveryOperations, id)
		}
	}
}

// made tells whether the create of a namespace is over.
func (s *Sim) namespaceMade(n *Namespace) bool { return !s.now().Before(n.Created.Add(namespaceTakes)) }

var namespaceName = lazyregexp.New(`^[!-~]+$`)

func (s *Sim) createHTTPNamespace(in *sd.CreateHttpNamespaceInput) (*sd.CreateHttpNamespaceOutput, error) {
	name, token := aws.ToString(in.Name), aws.ToString(in.CreatorRequestId)
	if !namespaceName.MatchString(name) || len(name) > 1024 || len(token) > 64 {
		return nil, fail("InvalidInput", "namespace name %q is not valid", name)
	}
	tags := fromDiscoveryTags(in.Tags)
	if err := validTags(tags, "InvalidInput"); err != nil {
		return nil, err
	}
	for _, n := range sorted(s.world.Namespaces) {
		if n.Name != name {
			continue
		}
		if token != "" && n.Token == token {
			for _, o := range sorted(s.world.DiscoveryOperations) {
				if o.Namespace == n.ID && o.Type == types.OperationTypeCreateNamespace {
					return &sd.CreateHttpNamespaceOutput{OperationId: &o.ID}, nil
				}
			}
		}
		return nil, fail("NamespaceAlreadyExists", "The namespace %s already exists.", name)
	}
	if len(s.world.Namespaces) >= 50 {
		return nil, fail("ResourceLimitExceeded", "The limit of namespaces is reached.")
	}
	n := &Namespace{ID: s.world.id("ns"), Name: name, Token: token, Tags: tags, Created: s.now()}
	n.ARN = s.world.arn("servicediscovery", "namespace/"+n.ID)
	s.world.Namespaces[n.ID] = n
	return &sd.CreateHttpNamespaceOutput{OperationId: new(s.discoveryOperation(types.OperationTypeCreateNamespace, n.ID))}, nil
}

// createPrivateDNSNamespace makes a namespace that has a hosted zone of a VPC, too. Service
// Connect uses it as it uses one without:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
func (s *Sim) createPrivateDNSNamespace(in *sd.CreatePrivateDnsNamespaceInput) (*sd.CreatePrivateDnsNamespaceOutput, error) {
	if s.world.VPCs[aws.ToString(in.Vpc)] == nil {
		return nil, fail("InvalidInput", "The VPC %s does not exist.", aws.ToString(in.Vpc))
	}
	out, err := s.createHTTPNamespace(&sd.CreateHttpNamespaceInput{Name: in.Name, CreatorRequestId: in.CreatorRequestId, Tags: in.Tags})
	if err != nil {
		return nil, err
	}
	for _, n := range s.world.Namespaces {
		if n.Name == aws.ToString(in.Name) {
			n.VPC = aws.ToString(in.Vpc)
		}
	}
	return &sd.CreatePrivateDnsNamespaceOutput{OperationId: out.OperationId}, nil
}

func (n *Namespace) kind() types.NamespaceType {
	if n.VPC != "" {
		return types.NamespaceTypeDnsPrivate
	}
	return types.NamespaceTypeHttp
}

func (s *Sim) discoveryOperation(kind types.OperationType, namespace string) string {
	o := &DiscoveryOperation{ID: s.world.id("op"), Type: kind, Namespace: namespace, Begun: s.now()}
	s.world.DiscoveryOperations[o.ID] = o
	return o.ID
}

func (s *Sim) getDiscoveryOperation(in *sd.GetOperationInput) (*sd.GetOperationOutput, error) {
	o := s.world.DiscoveryOperations[aws.ToString(in.OperationId)]
	if o == nil {
		return nil, fail("OperationNotFound", "The operation %s was not found.", aws.ToString(in.OperationId))
	}
	d := &types.Operation{Id: &o.ID, Type: o.Type, CreateDate: &o.Begun, Status: s.discoveryStatus(o), Targets: map[string]string{"NAMESPACE": o.Namespace}}
	if o.Failure != "" {
		d.ErrorCode, d.ErrorMessage = aws.String("INTERNAL_FAILURE"), &o.Failure
	}
	return &sd.GetOperationOutput{Operation: d}, nil
}

func (s *Sim) discoveryStatus(o *DiscoveryOperation) types.OperationStatus {
	switch {
	case o.Failure != "":
		return types.OperationStatusFail
	case s.now().Before(o.Begun.Add(namespaceTakes)):
		return types.OperationStatusPending
	default:
		return types.OperationStatusSuccess
	}
}

func (s *Sim) listDiscoveryOperations(in *sd.ListOperationsInput) (*sd.ListOperationsOutput, error) {
	var all []types.OperationSummary
	for _, o := range sorted(s.world.DiscoveryOperations) {
		keep := true
		for _, f := range in.Filters {
			if len(f.Values) != 1 && f.Condition != types.FilterConditionIn {
				return nil, fail("InvalidInput", "filter %s takes one value and EQ, or IN", f.Name)
			}
			switch f.Name {
			case types.OperationFilterNameNamespaceId:
				keep = keep && slices.Contains(f.Values, o.Namespace)
			case types.OperationFilterNameStatus:
				keep = keep && slices.Contains(f.Values, string(s.discoveryStatus(o)))
			case types.OperationFilterNameType:
				keep = keep && slices.Contains(f.Values, string(o.Type))
			default:
				return nil, fail("InvalidInput", "filter %s is not simulated", f.Name)
			}
		}
		if keep {
			all = append(all, types.OperationSummary{Id: &o.ID, Status: s.discoveryStatus(o)})
		}
	}
	out := &sd.ListOperationsOutput{}
	out.Operations = all
	return out, nil
}

func (s *Sim) listNamespaces(in *sd.ListNamespacesInput) (*sd.ListNamespacesOutput, error) {
	var all []types.NamespaceSummary
	for _, n := range sorted(s.world.Namespaces) {
		keep := s.namespaceMade(n)
		for _, f := range in.Filters {
			if len(f.Values) != 1 || f.Condition != "" && f.Condition != types.FilterConditionEq {
				return nil, fail("InvalidInput", "filter %s takes one value and EQ", f.Name)
			}
			switch f.Name {
			case types.NamespaceFilterNameName, types.NamespaceFilterNameHttpName:
				keep = keep && f.Values[0] == n.Name
			case types.NamespaceFilterNameType:
				keep = keep && f.Values[0] == string(n.kind())
			default:
				return nil, fail("InvalidInput", "filter %s is not simulated", f.Name)
			}
		}
		if keep {
			all = append(all, s.describeNamespace(n))
		}
	}
	out := &sd.ListNamespacesOutput{}
	out.Namespaces = all
	return out, nil
}

func (s *Sim) describeNamespace(n *Namespace) types.NamespaceSummary {
	count := 0
	for _, d := range s.world.DiscoveryServices {
		if d.Namespace == n.ID {
			count++
		}
	}
	return types.NamespaceSummary{
		Id: &n.ID, Arn: &n.ARN, Name: &n.Name, Type: n.kind(), CreateDate: &n.Created, ServiceCount: aws.Int32(int32(count)),
		Properties: &types.NamespaceProperties{HttpProperties: &types.HttpProperties{HttpName: &n.Name}},
	}
}

// namespace is one that is made, by id or ARN.
func (s *Sim) namespace(ref string) *Namespace {
	for _, n := range s.world.Namespaces {
		if (n.ID == ref || n.ARN == ref || n.Name == ref) && s.namespaceMade(n) {
			return n
		}
	}
	return nil
}

func (s *Sim) getNamespace(in *sd.GetNamespaceInput) (*sd.GetNamespaceOutput, error) {
	n := s.namespace(aws.ToString(in.Id))
	if n == nil {
		return nil, fail("NamespaceNotFound", "The namespace %s was not found.", aws.ToString(in.Id))
	}
	d := s.describeNamespace(n)
	return &sd.GetNamespaceOutput{Namespace: &types.Namespace{
		Id: d.Id, Arn: d.Arn, Name: d.Name, Type: d.Type, CreateDate: d.CreateDate, ServiceCount: d.ServiceCount, Properties: d.Properties,
	}}, nil
}

func (s *Sim) deleteNamespace(in *sd.DeleteNamespaceInput) (*sd.DeleteNamespaceOutput, error) {
	n := s.namespace(aws.ToString(in.Id))
	if n == nil {
		return nil, fail("NamespaceNotFound", "The namespace %s was not found.", aws.ToString(in.Id))
	}
	if !n.Deleted.IsZero() {
		return nil, fail("DuplicateRequest", "The operation is already in progress.")
	}
	if slices.ContainsFunc(sorted(s.world.DiscoveryServices), func(d *DiscoveryService) bool { return d.Namespace == n.ID }) {
		return nil, fail("ResourceInUse", "Namespace has associated services; please delete the services before deleting the namespace.")
	}
	n.Deleted = s.now()
	return &sd.DeleteNamespaceOutput{OperationId: new(s.discoveryOperation(types.OperationTypeDeleteNamespace, n.ID))}, nil
}

func (s *Sim) listNamespaceTags(in *sd.ListTagsForResourceInput) (*sd.ListTagsForResourceOutput, error) {
	n := s.namespace(aws.ToString(in.ResourceARN))
	if n == nil {
		return nil, fail("ResourceNotFoundException", "The resource %s was not found.", aws.ToString(in.ResourceARN))
	}
	return &sd.ListTagsForResourceOutput{Tags: cloud.ToSDK(n.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) tagNamespace(in *sd.TagResourceInput) (*sd.TagResourceOutput, error) {
	n := s.namespace(aws.ToString(in.ResourceARN))
	if n == nil {
		return nil, fail("ResourceNotFoundException", "The resource %s was not found.", aws.ToString(in.ResourceARN))
	}
	return &sd.TagResourceOutput{}, retag(n.Tags, fromDiscoveryTags(in.Tags), nil, "InvalidInput")
}

func (s *Sim) untagNamespace(in *sd.UntagResourceInput) (*sd.UntagResourceOutput, error) {
	n := s.namespace(aws.ToString(in.ResourceARN))
	if n == nil {
		return nil, fail("ResourceNotFoundException", "The resource %s was not found.", aws.ToString(in.ResourceARN))
	}
	return &sd.UntagResourceOutput{}, retag(n.Tags, nil, in.TagKeys, "InvalidInput")
}

func fromDiscoveryTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
