package cutover

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/state"
)

// shortTTL is what a time to live is lowered to before the move, in seconds. A load
// balancer's own, which aliases have, is the same.
const shortTTL = 60

// Row is one record set of a move.
type Row struct {
	Name, Type string
	// TTL is in seconds; 0 is an alias, or a name without a record.
	TTL int64
	// From and To are where it leads; "" is without a record.
	From, To string
}

// Move is what is to change so that the names lead to the fleet.
type Move struct {
	Rows []Row
	// Obstacles are why it cannot be; without any it can.
	Obstacles []string
	// Notes are the records that are more specific than the ones moved, and what becomes of them.
	Notes []string
	// Old are the load balancers and hosts that the names lead to now.
	Old []string

	fleet *Fleet
	was   []state.RecordSet // what changes, as it is now
	lower []set             // with a time to live above shortTTL
	kept  []string          // agents' names that need a record of their own
	names []string          // that get a record of the fleet's
	batch []types.Change
}

// Plan reads the zone and says what is to change.
func (f *Fleet) Plan(ctx context.Context) (*Move, error) {
	all, err := f.read(ctx, f.Names)
	if err != nil {
		return nil, err
	}
	m := &Move{fleet: f}
	for _, s := range all {
		m.sort(s, all)
	}
	for _, agent := range f.Agents {
		m.unanswered(agent, all)
	}
	var deletes, upserts []types.Change
	for _, s := range all {
		if s.leads() && m.moves(s) && (s.Type != types.RRTypeA || slices.Contains(f.Agents, s.name) && !slices.Contains(m.kept, s.name)) {
			deletes = append(deletes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &s.ResourceRecordSet})
		}
	}
	for _, name := range append(slices.Clone(f.Names), m.kept...) {
		if slices.ContainsFunc(all, func(s set) bool { return s.name == name && f.here(s) && f.current(s) }) {
			continue
		}
		ours := f.ours(name)
		upserts = append(upserts, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &ours})
		m.names = append(m.names, name)
		if !slices.ContainsFunc(m.Rows, func(r Row) bool { return r.Name == name && r.To != "" }) {
			m.Rows = append(m.Rows, Row{Name: name, Type: string(types.RRTypeA), To: f.Balancer})
		}
	}
	m.batch = append(deletes, upserts...)
	sort.Slice(m.Rows, func(i, j int) bool { return m.Rows[i].Name+" "+m.Rows[i].Type < m.Rows[j].Name+" "+m.Rows[j].Type })
	return m, nil
}

// current tells whether a record set leads to the load balancer that there is now, rather
// than to an earlier one of its name.
func (f *Fleet) current(s set) bool { return s.text() == cloud.BareName(f.Balancer) }

// moves tells whether a record set is among the ones that change.
func (m *Move) moves(s set) bool {
	return slices.ContainsFunc(m.was, func(r state.RecordSet) bool { return r.Name == s.name && r.Type == string(s.Type) })
}

// sort says what becomes of one record set.
func (m *Move) sort(s set, all []set) {
	named, agent := slices.Contains(m.fleet.Names, s.name), slices.Contains(m.fleet.Agents, s.name)
	switch {
	case s.Type == types.RRTypeNs && !hasSOA(all, s.name):
		m.Obstacles = append(m.Obstacles, fmt.Sprintf("%s is delegated to other name servers (%s): a record of it here leads nowhere", s.name, s.text()))
	case named && (s.Type == types.RRTypeHttps || s.Type == types.RRTypeSvcb):
		m.note("%s has a record of type %s, which is left: look whether it names the old fleet (%s)", s.name, s.Type, s.text())
	case !s.leads():
	case named && m.fleet.here(s):
	case (named || agent) && s.shared():
		m.Obstacles = append(m.Obstacles, fmt.Sprintf("%s %s is one of several that share the name (%s): make it one simple record first", s.name, s.Type, sharing(s)))
	case named:
		m.take(s)
	case agent:
		m.takeAgent(s, all)
	default:
		m.leave(s)
	}
}

// note notes something once.
func (m *Move) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(m.Notes, text) {
		m.Notes = append(m.Notes, text)
	}
}

func hasSOA(all []set, name string) bool {
	return slices.ContainsFunc(all, func(s set) bool { return s.name == name && s.Type == types.RRTypeSoa })
}

// sharing is how a record shares its name, in AWS's words.
func sharing(s set) string {
	switch {
	case s.TrafficPolicyInstanceId != nil:
		return "traffic policy " + *s.TrafficPolicyInstanceId
	case s.Weight != nil:
		return fmt.Sprintf("weighted, %s has %d", aws.ToString(s.SetIdentifier), *s.Weight)
	case s.Region != "":
		return "by latency, " + string(s.Region)
	case s.Failover != "":
		return "failover, " + string(s.Failover)
	}
	return aws.ToString(s.SetIdentifier)
}

// take notes that a record set changes. The load balancer has no address of IPv6.
func (m *Move) take(s set) {
	to := m.fleet.Balancer
	if s.Type == types.RRTypeAaaa {
		to = ""
	}
	m.was = append(m.was, s.record())
	m.Rows = append(m.Rows, Row{Name: s.name, Type: string(s.Type), TTL: aws.ToInt64(s.TTL), From: s.text(), To: to})
	if aws.ToInt64(s.TTL) > shortTTL {
		m.lower = append(m.lower, s)
	}
	if from := s.text(); !slices.Contains(m.Old, from) {
		m.Old = append(m.Old, from)
	}
}

// takeAgent takes an agent's own record away, so that the wildcard answers for its name. Where
// the name has other records, or others are below it, the wildcard would not: there the record
// is led to the fleet.
// https://www.rfc-editor.org/rfc/rfc4592#section-3.3.1
func (m *Move) takeAgent(s set, all []set) {
	exists := slices.ContainsFunc(all, func(o set) bool { return below(o.name, s.name) && (o.name != s.name || !o.leads()) })
	if !exists {
		m.take(s)
		m.note("%s has a record of its own, which would win over the wildcard: it is deleted, and --back makes it again", s.name)
		return
	}
	if !slices.Contains(m.kept, s.name) {
		m.kept = append(m.kept, s.name)
		m.note("%s keeps a record of its own, because there are others of its name or below it; it is not the stack's, and karmactl down leaves it", s.name)
	}
	if !m.fleet.here(s) {
		m.take(s)
	}
}

// unanswered names an agent whose name the wildcard does not answer for, and that has no
// address of its own.
func (m *Move) unanswered(agent string, all []set) {
	exists := slices.ContainsFunc(all, func(s set) bool { return below(s.name, agent) })
	if exists && !slices.ContainsFunc(all, func(s set) bool { return s.name == agent && s.leads() }) {
		m.note("%s has no address, and there are other records of its name or below it: the wildcard does not answer for it", agent)
	}
}

// leave names a record set that wins over a wildcard and is no agent's.
func (m *Move) leave(s set) {
	if strings.HasPrefix(s.name, "_") { // proofs and services, which no browser asks for
		return
	}
	for _, n := range m.fleet.Names {
		if root, is := strings.CutPrefix(n, "*."); is && below(s.name, root) && s.name != n {
			m.note("%s wins over %s and is left: it is the name of no agent here, and leads to %s", s.name, n, s.text())
			return
		}
	}
}

// Changes tells whether anything is to change.
func (m *Move) Changes() bool { return len(m.batch) > 0 }

// TTL is the longest time to live that is to be lowered; zero is none.
func (m *Move) TTL() time.Duration {
	var longest int64
	for _, s := range m.lower {
		longest = max(longest, aws.ToInt64(s.TTL))
	}
	return time.Duration(longest) * time.Second
}

// Note is what the state is to remember of a move, beside what it remembers of one that was
// begun: what was lowered is remembered as it was before.
func (m *Move) Note(was *state.Cutover, now time.Time) *state.Cutover {
	n := &state.Cutover{Since: now, Zone: m.fleet.Zone}
	if was != nil && was.Zone == n.Zone {
		*n = *was
	}
	n.Moved = time.Time{}
	n.Names = mergeNames(n.Names, m.names)
	for _, r := range m.was {
		i := slices.IndexFunc(n.Records, func(o state.RecordSet) bool { return o.Name == r.Name && o.Type == r.Type })
		switch {
		case i < 0:
			n.Records = append(n.Records, r)
		case !lowered(n.Records[i], r):
			n.Records[i] = r
		}
	}
	return n
}

func mergeNames(have, more []string) []string {
	out := slices.Clone(have)
	for _, n := range more {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// lowered tells whether a record set is another one with its time to live lowered.
func lowered(was, is state.RecordSet) bool {
	if is.TTL == shortTTL && was.TTL > shortTTL {
		is.TTL = was.TTL
	}
	return same(was, is)
}

func same(a, b state.RecordSet) bool {
	return a.Name == b.Name && a.Type == b.Type && a.TTL == b.TTL && slices.Equal(a.Values, b.Values) && a.Alias == b.Alias && a.AliasZone == b.AliasZone &&
		a.Evaluates == b.Evaluates && a.HealthCheck == b.HealthCheck
}

// Lower lowers the times to live, and returns when all name servers have that.
func (m *Move) Lower(ctx context.Context) error {
	var changes []types.Change
	for _, s := range m.lower {
		r := s.ResourceRecordSet
		r.TTL = aws.Int64(shortTTL)
		changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &r})
	}
	return m.fleet.send(ctx, changes)
}

// Make makes the move in one batch, and returns when all name servers have it.
func (m *Move) Make(ctx context.Context) error {
	next := m
	return m.fleet.sendAgreed(ctx, func(ctx context.Context) (changes []types.Change, err error) {
		if next == nil { // the second time
			if next, err = m.fleet.Plan(ctx); err != nil {
				return nil, err
			}
		}
		changes, next = next.batch, nil
		if len(changes) > 0 {
			return changes, nil
		}
		// It was made by a call whose reply was lost. Made once more, it says when all servers have it.
		for _, name := range m.fleet.Names {
			ours := m.fleet.ours(name)
			changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &ours})
		}
		return changes, nil
	})
}

// Lowered is the longest time to live of what a note remembers, where it is above what it is
// lowered to; else zero.
func Lowered(note *state.Cutover) time.Duration {
	var longest int64
	for _, r := range note.Records {
		longest = max(longest, r.TTL)
	}
	if longest <= shortTTL {
		return 0
	}
	return time.Duration(longest) * time.Second
}
