package cutover

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/state"
)

// Back is what is to change so that the names lead to where they led before.
type Back struct {
	Rows []Row
	// Obstacles are why it cannot be.
	Obstacles []string
	// Old are the load balancers and hosts that the names lead to then.
	Old []string

	fleet *Fleet
	note  *state.Cutover
	batch []types.Change
}

// PlanBack reads the zone and says what is to change for what a note remembers.
func (f *Fleet) PlanBack(ctx context.Context, note *state.Cutover) (*Back, error) {
	f.Zone = note.Zone
	names := slices.Clone(note.Names)
	for _, r := range note.Records {
		names = mergeNames(names, []string{r.Name})
	}
	all, err := f.read(ctx, names)
	if err != nil {
		return nil, err
	}
	b := &Back{fleet: f, note: note}
	var deletes, upserts []types.Change
	for _, s := range all {
		if !s.leads() || !slices.Contains(names, s.name) {
			continue
		}
		_, remembered := b.remembered(s)
		switch {
		case remembered || !f.here(s) && !b.replaced(s):
		case !f.here(s):
			b.Obstacles = append(b.Obstacles, fmt.Sprintf("%s %s was made since, and leads to %s: it is in the way of the record that was there", s.name, s.Type, s.text()))
		default:
			deletes = append(deletes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &s.ResourceRecordSet})
			b.Rows = append(b.Rows, Row{Name: s.name, Type: string(s.Type), From: s.text()})
		}
	}
	for _, r := range note.Records {
		if c := b.restore(r, all); c != nil {
			upserts = append(upserts, *c)
		}
	}
	b.batch = append(deletes, upserts...)
	sort.Slice(b.Rows, func(i, j int) bool { return b.Rows[i].Name+" "+b.Rows[i].Type < b.Rows[j].Name+" "+b.Rows[j].Type })
	return b, nil
}

func (b *Back) remembered(s set) (state.RecordSet, bool) {
	i := slices.IndexFunc(b.note.Records, func(r state.RecordSet) bool { return r.Name == s.name && r.Type == string(s.Type) })
	if i < 0 {
		return state.RecordSet{}, false
	}
	return b.note.Records[i], true
}

// replaced tells whether a record set is in the way of a remembered one: a CNAME is alone.
func (b *Back) replaced(s set) bool {
	return slices.ContainsFunc(b.note.Records, func(r state.RecordSet) bool {
		return r.Name == s.name && (r.Type == string(types.RRTypeCname) || s.Type == types.RRTypeCname)
	})
}

// restore is the change that puts one record set back; nil where it is as it was.
func (b *Back) restore(r state.RecordSet, all []set) *types.Change {
	was := setOf(r)
	if !slices.Contains(b.Old, was.text()) {
		b.Old = append(b.Old, was.text())
	}
	row := Row{Name: r.Name, Type: r.Type, TTL: r.TTL, To: was.text()}
	for _, s := range all {
		if s.key() != was.key() {
			continue
		}
		is := s.record()
		switch {
		case same(r, is):
			return nil
		case b.fleet.here(s), lowered(r, is):
			row.From = s.text()
		default:
			b.Obstacles = append(b.Obstacles, fmt.Sprintf("%s %s was changed since and leads to %s: put it back by hand, or to where it leads here", s.name, s.Type, s.text()))
			return nil
		}
	}
	b.Rows = append(b.Rows, row)
	return &types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &was.ResourceRecordSet}
}

// Changes tells whether anything is to change.
func (b *Back) Changes() bool { return len(b.batch) > 0 }

// Make puts the records back in one batch, and returns when all name servers have them.
func (b *Back) Make(ctx context.Context) error {
	next := b
	return b.fleet.sendAgreed(ctx, func(ctx context.Context) (changes []types.Change, err error) {
		if next == nil { // the second time
			if next, err = b.fleet.PlanBack(ctx, b.note); err != nil {
				return nil, err
			}
		}
		changes, next = next.batch, nil
		if len(changes) > 0 {
			return changes, nil
		}
		// It was made by a call whose reply was lost. Made once more, it says when all servers have it.
		for _, r := range b.note.Records {
			was := setOf(r)
			changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &was.ResourceRecordSet})
		}
		return changes, nil
	})
}
