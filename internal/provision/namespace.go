package provision

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// NamespaceSpec is what we own of a namespace.
type NamespaceSpec struct {
	Tags cloud.Tags
}

// Namespace is where Service Connect keeps the names of the agents: an HTTP
// namespace, which costs nothing and needs no DNS zone. nslookup does not know
// these names: they live in each task's proxy.
//
// Its id is its name. Cloud Map's own id comes only with the end of an
// asynchronous operation, a few seconds after the create.
type Namespace struct {
	engine.Ref
	*Env
	// Name is the namespace's own name, such as karmacadabra.local. Agents do not
	// use it: they find each other by the short name, as http://validator:9001. It
	// is the stack's own name when empty.
	Name string

	operation string // the create that this process began
}

func (n *Namespace) Key() engine.Key       { return "namespace" }
func (n *Namespace) Needs() []engine.Node  { return nil }
func (n *Namespace) Want() NamespaceSpec   { return NamespaceSpec{Tags: n.TagsOf(n.Key())} }
func (n *Namespace) name(id string) string { return cmp.Or(n.Name, id, n.Stack) }

// Find looks by name, and by tags where the name is not known: a run that died may have
// made a namespace that the file does not want any more. While the create runs there is
// only its operation to ask.
func (n *Namespace) Find(ctx context.Context, look engine.Look) (engine.Found[NamespaceSpec], error) {
	var found engine.Found[NamespaceSpec]
	find := func() (*types.NamespaceSummary, error) { return n.byName(ctx, n.name(look.ID)) }
	if n.Name == "" && look.ID == "" {
		find = func() (*types.NamespaceSummary, error) { return n.byTags(ctx) }
	}
	ns, err := find()
	if err != nil {
		return found, err
	}
	if ns == nil {
		return n.making(ctx)
	}
	arn, name := aws.ToString(ns.Arn), aws.ToString(ns.Name)
	tags, err := n.ownTags(ctx, look, n.Key(), "Cloud Map namespace "+name, arn, n.namespaceTags().read)
	if tags == nil || err != nil {
		return found, err
	}
	found = engine.Found[NamespaceSpec]{
		Phase: engine.Ready, ID: name, Spec: NamespaceSpec{Tags: tags},
		Outputs: map[string]string{"arn": arn, "namespace_id": aws.ToString(ns.Id)},
	}
	if aws.ToInt32(ns.ServiceCount) == 0 && n.leaving(ctx, ns.Id) {
		found.Phase, found.Why = engine.Leaving, "namespace being deleted"
	}
	return found, ctx.Err()
}

// leaving tells whether an empty namespace is about to go: Cloud Map lists it as
// before until then, and only its operations tell. Where they may not be listed
// it is taken to stay.
func (n *Namespace) leaving(ctx context.Context, id *string) bool {
	operations, err := cloud.Pages(ctx, servicediscovery.NewListOperationsPaginator(n.Clients.Discovery, &servicediscovery.ListOperationsInput{Filters: []types.OperationFilter{
		{Name: types.OperationFilterNameNamespaceId, Values: []string{aws.ToString(id)}},
		{Name: types.OperationFilterNameType, Values: []string{string(types.OperationTypeDeleteNamespace)}},
		{
			Name: types.OperationFilterNameStatus, Condition: types.FilterConditionIn,
			Values: []string{string(types.OperationStatusSubmitted), string(types.OperationStatusPending)},
		},
	}}), func(out *servicediscovery.ListOperationsOutput) []types.OperationSummary { return out.Operations })
	if err != nil {
		return false
	}
	for _, op := range operations {
		// An emulator that ignores the filters lists how the namespace was made, too.
		one, err := n.Clients.Discovery.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: op.Id})
		if err == nil && one.Operation != nil && one.Operation.Type == types.OperationTypeDeleteNamespace &&
			one.Operation.Targets[string(types.OperationTargetTypeNamespace)] == aws.ToString(id) {
			return true
		}
	}
	return false
}

// making is what the create that this process began has come to.
func (n *Namespace) making(ctx context.Context) (engine.Found[NamespaceSpec], error) {
	if n.operation == "" {
		return engine.Found[NamespaceSpec]{}, nil
	}
	out, err := n.Clients.Discovery.GetOperation(ctx, &servicediscovery.GetOperationInput{OperationId: &n.operation})
	if cloud.IsNotFound(err) || err == nil && out.Operation == nil {
		return engine.Found[NamespaceSpec]{}, nil
	}
	if err != nil {
		return engine.Found[NamespaceSpec]{}, err
	}
	found := engine.Found[NamespaceSpec]{ID: n.name(""), Spec: n.Want()}
	switch out.Operation.Status {
	case types.OperationStatusFail:
		found.Phase, found.Discard = engine.Broken, true
		found.Why = fmt.Sprintf("%s: %s", aws.ToString(out.Operation.ErrorCode), aws.ToString(out.Operation.ErrorMessage))
	case types.OperationStatusSuccess:
		// made, and gone again or not listed yet
		return engine.Found[NamespaceSpec]{}, nil
	default:
		found.Phase, found.Why = engine.Pending, "namespace being made"
	}
	return found, nil
}

// byName is the HTTP namespace of a name, or a private DNS namespace that was taken over:
// Service Connect is the same in both.
func (n *Namespace) byName(ctx context.Context, name string) (*types.NamespaceSummary, error) {
	ns, err := n.ofType(ctx, name, types.NamespaceTypeHttp)
	if ns != nil || err != nil {
		return ns, err
	}
	ns, err = n.ofType(ctx, name, types.NamespaceTypeDnsPrivate)
	if ns == nil || err != nil {
		return nil, err
	}
	tags, err := n.namespaceTags().read(ctx, ns.Arn)
	if cloud.IsNotFound(err) || err == nil && !tags.Ours(n.Stack, n.Key()) {
		return nil, nil
	}
	return ns, err
}

// byTags is the HTTP namespace with the stack's tags; nil without one.
func (n *Namespace) byTags(ctx context.Context) (*types.NamespaceSummary, error) {
	all, err := n.list(ctx, types.NamespaceTypeHttp)
	if err != nil {
		return nil, err
	}
	for _, ns := range all {
		tags, err := n.namespaceTags().read(ctx, ns.Arn)
		switch {
		case cloud.IsNotFound(err): // it has just gone
		case err != nil:
			return nil, err
		case tags.Ours(n.Stack, n.Key()):
			return &ns, nil
		}
	}
	return nil, nil
}

// list is the account's namespaces of a type that filters let through.
func (n *Namespace) list(ctx context.Context, kind types.NamespaceType, filters ...types.NamespaceFilter) ([]types.NamespaceSummary, error) {
	filters = append(filters, types.NamespaceFilter{Name: types.NamespaceFilterNameType, Values: []string{string(kind)}, Condition: types.FilterConditionEq})
	return cloud.Pages(ctx, servicediscovery.NewListNamespacesPaginator(n.Clients.Discovery, &servicediscovery.ListNamespacesInput{Filters: filters}),
		func(out *servicediscovery.ListNamespacesOutput) []types.NamespaceSummary { return out.Namespaces })
}

// ofType is the namespace of a name and a type, with any tags; nil without one.
func (n *Namespace) ofType(ctx context.Context, name string, kind types.NamespaceType) (*types.NamespaceSummary, error) {
	by := types.NamespaceFilterNameName
	if kind == types.NamespaceTypeHttp {
		by = types.NamespaceFilterNameHttpName
	}
	all, err := n.list(ctx, kind, types.NamespaceFilter{Name: by, Values: []string{name}, Condition: types.FilterConditionEq})
	for _, ns := range all {
		if aws.ToString(ns.Name) == name && ns.Type == kind { // an emulator may ignore the filters
			return &ns, nil
		}
	}
	return nil, err
}

func (n *Namespace) Diff(have, want NamespaceSpec) []engine.Change {
	return cloud.DiffTags(have.Tags, want.Tags)
}

// Create begins to make the namespace. The token makes a repeated call the same one.
func (n *Namespace) Create(ctx context.Context, want NamespaceSpec, token string) (string, error) {
	out, err := n.Clients.Discovery.CreateHttpNamespace(ctx, &servicediscovery.CreateHttpNamespaceInput{
		Name:             aws.String(n.name("")),
		CreatorRequestId: aws.String(token),
		Description:      aws.String("names of the agents of " + n.Stack),
		Tags:             toDiscoveryTags(want.Tags),
	})
	if cloud.Is(err, "DuplicateRequest") {
		return n.name(""), nil
	}
	if err != nil {
		return "", err
	}
	n.operation = aws.ToString(out.OperationId)
	return n.name(""), nil
}

func (n *Namespace) Update(ctx context.Context, id string, have, want NamespaceSpec) error {
	ns, err := n.byName(ctx, id)
	if err != nil || ns == nil {
		return err
	}
	return n.namespaceTags().update(ctx, aws.ToString(ns.Arn), have.Tags, want.Tags)
}

// Delete begins to delete the namespace. Cloud Map answers ResourceInUse until
// ECS has taken its services out.
func (n *Namespace) Delete(ctx context.Context, id string) error {
	n.operation = ""
	ns, err := n.byName(ctx, id)
	if err != nil || ns == nil {
		return err
	}
	_, err = n.Clients.Discovery.DeleteNamespace(ctx, &servicediscovery.DeleteNamespaceInput{Id: ns.Id})
	if cloud.Is(err, "DuplicateRequest") {
		return nil
	}
	return err
}
