// Package engine makes a graph of resources true. It orders, plans, applies
// and deletes; it knows no AWS and no files.
//
// Read resource.go (what a resource is), walk.go (in which order; result.go is how it ended), settle.go
// (what happens to one resource on the way up; write.go has the writes, converge.go
// what is waited for after them) and
// remove.go (on the way down).
//
// A resource has four faces. Node is what the graph sees: a key and needs.
// Resource[S] is what a file of provision implements, with a spec type of its
// own. Step is what a walk holds: a Resource whose type was put away. node
// (node.go) is the only Step of a resource, over untyped, the Resource without
// its type.
package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// Key names a resource for ever: state key, tag value, plan line, progress
// line. The part before the first slash is the kind: "nat/us-east-1a".
type Key string

// Kind is the part of the key before the first slash.
func (k Key) Kind() string {
	kind, _, _ := strings.Cut(string(k), "/")
	return kind
}

// Name is the part of the key after the first slash; "" when there is none.
func (k Key) Name() string {
	_, name, _ := strings.Cut(string(k), "/")
	return name
}

// Base is the key without the id that is behind it where something was made twice.
func (k Key) Base() Key {
	base, _, _ := strings.Cut(string(k), "#")
	return Key(base)
}

// Node is a vertex of the graph. Needs are the nodes that must be usable
// before this one is made, and that outlive it on the way down.
type Node interface {
	Key() Key
	Needs() []Node
	// ID is AWS's id, or a placeholder (see Unknown) while a plan talks of
	// something that does not exist yet.
	ID() string
}

// Resource is one thing in AWS, of which S is the part that we own: a small
// plain struct, tags among its fields.
type Resource[S any] interface {
	Node
	// Want is pure: configuration and the ids of what the resource needs.
	Want() S
	// Find reads AWS in the words of S. It looks by the recorded id when there
	// is one, then by our tag or deterministic name, and never by a dependency's
	// id, so that a plan works on an empty account. Something of the same name
	// without our tag is an error that says both ways out (NotManaged).
	Find(ctx context.Context, look Look) (Found[S], error)
	// Diff is pure and explicit. It lists what has to change, field by field.
	Diff(have, want S) []Change
	// Create makes it, with its tags in the same call. Where AWS takes a client
	// token it is given token, 32 hex digits, which is the same for all that one
	// run sends of this create.
	Create(ctx context.Context, want S, token string) (id string, err error)
	Update(ctx context.Context, id string, have, want S) error
	// Delete may use nothing but the id: the configuration may not have it any more.
	Delete(ctx context.Context, id string) error

	// SetObserved keeps what was read for the nodes that refer to this one;
	// embedding Ref provides it.
	SetObserved(id string, outputs map[string]string)
}

// Look is what a Find is asked: which id, and how fresh the answer has to be.
type Look struct {
	// ID is the recorded id; "" when there is none.
	ID string
	// NotOlder is the moment before which a shared listing must not have been
	// read to answer. A zero time allows any.
	NotOlder time.Time
	// Known is what an earlier Find told of that id in Found.Known; nil when nothing
	// is known, or AWS is to be asked.
	Known map[string]string
	// Taken is that what has that id was taken over from another program.
	Taken bool
}

// Phase is how far along an observed resource is.
type Phase int

// The phases. Leftovers that AWS still lists (a NAT gateway in "deleted",
// a service in INACTIVE) are Absent.
const (
	Absent Phase = iota
	Pending
	Ready
	Broken
	// Leaving is being deleted: on the way up it is waited for and made again.
	Leaving
)

// Found is what Find saw.
type Found[S any] struct {
	Phase Phase
	ID    string
	Spec  S
	// Why is the last thing AWS said of a Pending or Broken resource.
	Why string
	// Err is the error of a Broken resource, for one that callers tell from others; nil is one with the text of Why.
	Err error
	// Usable lets dependents start although the resource is still Pending: a
	// load balancer takes listeners while it is provisioning.
	Usable bool
	// Discard marks a Broken resource that can only be deleted and made again.
	Discard bool
	// Duplicates are further ids that carry our key: a lost reply left them behind.
	Duplicates []string
	// Outputs are observed facts that dependents or the user read: a DNS name, a URI.
	Outputs map[string]string
	// Known is what AWS need not be asked again while the id stays the same, in words
	// that only the resource understands. It is written into the state: never a value
	// of the user's. Nil for most.
	Known map[string]string
}

// failure is the error of a Broken resource.
func (f Found[S]) failure() error {
	if f.Err != nil {
		return f.Err
	}
	return errors.New(f.Why)
}

// Change is one field that differs.
type Change struct {
	Field string
	Was   string
	Now   string
	// Replace: AWS cannot change this field in place.
	Replace bool
	// Essential: a resource that reads back otherwise in this field is useless or
	// unsafe, so that what needs it must not continue. A difference in any other field
	// that stays after AWS took the change is noted and left.
	Essential bool
	// Late: the difference may come up while the resource is waited for, because what is
	// wanted depends on how long that takes. It is made though the resource was updated.
	Late bool
	// Exact tells changes of a field apart whose Was and Now do not say all: a
	// document's hash. "" for most.
	Exact string
}

// MissingInput is what the user has to give before a resource can be made, and
// the command that does it. It is not a failure.
type MissingInput struct {
	Agent   string
	Reason  string
	Command string
}

// A resource may implement more than Resource. The engine asks for these:
//
//	Prerequisite  the user has to do something first    Role, TaskDefinition
//	Optional      there may be nothing to hold yet      AlarmMuteRule, AlarmSilence, Parameter, Secret
//	Announcer     has something to tell the user        AutoScalingGroup, EgressOnlyGateway, Role, Secret, Service,
//	                                                    Subscription, TaskDefinition
//	Ordered       is made after others, without a need  Cluster, JobSchedule, LoadBalancer, ScalableTarget,
//	                                                    ScheduledAction, Service, TargetGroup
//	Mutual        is updated once its peers are there   Service
//	Owned         AWS deletes it with another one       Listener, ListenerRule, SubnetCIDRBlock, VPCCIDRBlock
//	Reviser       AWS keeps numbered revisions of it    TaskDefinition
//	Returner      has a part that cannot be set back    Service
//	Disposable    may be deleted and made again         Certificate, CertificateValidation, LaunchTemplate, Role,
//	                                                    TargetGroup
//	Patient       takes longer than 15 minutes          CertificateValidation

// Prerequisite is implemented by resources that may have to wait for the user.
type Prerequisite interface {
	// Missing is asked after the needs are settled; nil means that nothing is.
	Missing(ctx context.Context) (*MissingInput, error)
}

// Optional is implemented by resources that may have nothing to hold yet. One
// that is absent and not wanted is left out; resources that refer to it see no id.
type Optional interface {
	// Wanted is asked after the needs are settled; why says what it waits for.
	Wanted(ctx context.Context) (wanted bool, why string, err error)
}

// Announcer is implemented by resources that have something to tell the user that
// is no reason to stop. It is asked after Missing and Wanted.
type Announcer interface {
	Notes() []string
}

// Ordered is implemented by resources that are made after others without
// holding on to them: on the way down they do not wait for each other.
type Ordered interface {
	After() []Node
}

// Mutual is implemented by resources that know each other, in circles too, so that
// none of them can be made after all others. Each is made without waiting for its
// peers; it is updated, or brought to what is wanted after its create, once they are
// there. A peer that will not be there, or could not be made, has no id then.
type Mutual interface {
	Peers() []Node
}

// Owned is implemented by resources that AWS deletes with another one, their
// owner, which is one of their needs. When both go the owner goes first.
type Owned interface {
	OwnedBy() Node
}

// Reviser is implemented by resources that AWS cannot change, of which it keeps
// numbered revisions: an update makes a new one with an id of its own. Find
// reads the latest revision whatever id is recorded. Update is then not called.
type Reviser[S any] interface {
	Revise(ctx context.Context, id string, have, want S) (revision string, err error)
}

// Returner is implemented by resources of whose spec a part is AWS's own doing, which
// cannot be set back: Returned is taken, with that part as it is in have.
type Returner[S any] interface {
	Returned(have, taken S) S
}

// Disposable is implemented by resources that may be replaced: the new one is
// made, dependents switch to it, then the old one is deleted. All others refuse.
type Disposable interface {
	Disposable()
}

// Patient is implemented by resources that take longer than the default limit.
type Patient interface {
	Patience() time.Duration
}

// Ref is embedded in every resource: it carries the observed id and outputs to
// the nodes that refer to it.
type Ref struct {
	mu      sync.RWMutex
	id      string
	outputs map[string]string
}

// ID is the observed id; see Node.
func (r *Ref) ID() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.id
}

// Output is an observed fact, or "" when it is not known yet.
func (r *Ref) Output(name string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.outputs[name]
}

// SetObserved keeps what settle read.
func (r *Ref) SetObserved(id string, outputs map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.id = id
	if outputs != nil {
		r.outputs = outputs
	}
}

// Unknown is the id that a plan uses for something that `up` will make.
func Unknown(k Key) string { return "<" + string(k) + ">" }

// IsUnknown tells a placeholder from an id.
func IsUnknown(id string) bool { return strings.HasPrefix(id, "<") }
