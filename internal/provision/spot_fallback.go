package provision

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TagOnDemand on a service tells of its last turn from Spot to on-demand: when it was, and
// how long it holds at least, as in "2026-11-29T03:20:00Z 30m0s".
const TagOnDemand = "karmactl:on-demand"

// An agent stays on demand for half an hour at least, so that it does not change to and fro:
// each turn is a deployment. When Spot lacks capacity again within a day of a turn, the time
// doubles, up to eight hours.
const (
	leastOnDemand = 30 * time.Minute
	mostOnDemand  = 8 * time.Hour
	forgotten     = 24 * time.Hour
)

// OnDemandTurn is a turn from Spot to on-demand.
type OnDemandTurn struct {
	Since time.Time
	Stay  time.Duration
}

func (t OnDemandTurn) String() string {
	return t.Since.UTC().Format(time.RFC3339) + " " + t.Stay.String()
}

// Until is when Spot is tried again.
func (t OnDemandTurn) Until() time.Time { return t.Since.Add(t.Stay) }

// next is the turn after this one, or the first one after none.
func (t OnDemandTurn) next(now time.Time) OnDemandTurn {
	stay := leastOnDemand
	if t.Stay > 0 && now.Before(t.Until().Add(forgotten)) {
		stay = min(2*t.Stay, mostOnDemand)
	}
	return OnDemandTurn{Since: now, Stay: stay}
}

// lastTurn reads a service's tag; false without one, or when someone wrote another text.
func lastTurn(tags cloud.Tags) (OnDemandTurn, bool) {
	since, stay, _ := strings.Cut(tags[TagOnDemand], " ")
	at, err := time.Parse(time.RFC3339, since)
	if err != nil {
		return OnDemandTurn{}, false
	}
	d, err := time.ParseDuration(stay)
	return OnDemandTurn{Since: at, Stay: d}, err == nil
}

// OnDemand is the turn that a service is in; false when it runs as the file says.
func (s ServiceSpec) OnDemand() (OnDemandTurn, bool) {
	t, ok := lastTurn(s.Tags)
	return t, ok && s.Capacity.Equal(onDemandAlone)
}

var onDemandAlone = Strategy{{Provider: OnDemand, Weight: 1}}

// turned is what is wanted of a service that was found, with the capacity that it is to have
// now: on demand when Spot has had none for too long, and until its time there is over.
func turned(have, want ServiceSpec, clock engine.Clock) ServiceSpec {
	if want.FallBack == 0 || have.Name == "" { // there is none yet
		return want
	}
	now := clock.Now()
	want.Capacity, want.Tags = want.Asked, maps.Clone(want.Tags)
	delete(want.Tags, TagOnDemand)
	last, _ := lastTurn(have.Tags)
	turn, on := have.OnDemand()
	switch {
	case on && now.Before(turn.Until()):
		want.Capacity = onDemandAlone
	case have.Dry >= want.FallBack:
		want.Capacity = onDemandAlone
		want.Tags[TagOnDemand] = last.next(now).String()
		return want
	}
	if text, ok := have.Tags[TagOnDemand]; ok { // how long the next turn holds
		want.Tags[TagOnDemand] = text
	}
	return want
}

// capacityChange is another capacity, with why when the file has not changed it.
func capacityChange(have, want ServiceSpec) []engine.Change {
	changed := same("capacity", have.Capacity, want.Capacity)
	if why := have.WhyTurned(want); why != "" {
		changed[0].Now += ": " + why
		changed[0].Late = want.Capacity.Equal(onDemandAlone)
	}
	return changed
}

// WhyTurned says why a service's capacity changes that the file has not changed; "" when it stays, or the file has.
func (s ServiceSpec) WhyTurned(want ServiceSpec) string {
	switch _, on := s.OnDemand(); {
	case want.FallBack == 0 || s.Capacity.Equal(want.Capacity):
	case on:
		return "Spot is tried again"
	case s.Dry > 0 && want.Capacity.Equal(onDemandAlone):
		next, _ := lastTurn(want.Tags)
		return fmt.Sprintf("Spot has had no capacity for %s; on demand for %s at least", s.Dry.Round(time.Second), plainly(next.Stay))
	}
	return ""
}

// plainly is a duration of whole minutes or hours: 30m, 2h.
func plainly(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// Note tells that an agent's service runs on demand for a time.
func (t OnDemandTurn) Note(agent string) string {
	return fmt.Sprintf("%s runs on demand since %s, because Spot had no capacity, and until %s at least",
		agent, t.Since.UTC().Format("15:04"), t.Until().UTC().Format("2006-01-02 15:04 UTC"))
}

// Notes tell that the last deployment failed, or else that the service runs on demand for a time.
func (s *Service) Notes() []string {
	if s.fails != "" {
		return []string{s.Agent.Name + ": " + s.fails}
	}
	turn, on := s.seen.OnDemand()
	if !on || s.Agent.Spot.Fallback == 0 || !s.Clock.Now().Before(turn.Until()) {
		return nil
	}
	return []string{turn.Note(s.Agent.Name)}
}

// SpotTurn is the capacity of an agent's service alone, for commands that change nothing else
// of it. Service is the same thing in the hands of up and deploy.
type SpotTurn struct {
	engine.Ref
	*Env
	Agent agents.Agent

	service *Service
}

// NewSpotTurn is the capacity of an agent.
func NewSpotTurn(h *Env, a agents.Agent) *SpotTurn {
	return &SpotTurn{Env: h, Agent: a, service: &Service{Env: h, Agent: a, NoWait: true}}
}

func (t *SpotTurn) Key() engine.Key { return engine.Key("spot/" + t.Agent.Name) }
func (t *SpotTurn) OfAgent() string { return t.Agent.Name }

// Needs nothing: the service is there or there is nothing to turn.
func (t *SpotTurn) Needs() []engine.Node { return nil }

// Want is the service as it was found, with the capacity that it is to have now.
func (t *SpotTurn) Want() ServiceSpec {
	want := t.service.seen
	want.FallBack, want.Asked = t.Agent.Spot.Fallback, strategyOf(t.Agent.Spot)
	return t.narrow(t.service.seen, want)
}

// narrow leaves a service alone whose capacity someone else has changed.
func (t *SpotTurn) narrow(have, want ServiceSpec) ServiceSpec {
	turned := turned(have, want, t.Clock)
	if _, on := have.OnDemand(); !on && !turned.Capacity.Equal(onDemandAlone) {
		turned.Capacity = have.Capacity
	}
	return turned
}

// Find reads the service; NotUp without one.
func (t *SpotTurn) Find(ctx context.Context, look engine.Look) (engine.Found[ServiceSpec], error) {
	found, err := t.service.Find(ctx, look)
	if err == nil && found.Phase == engine.Absent {
		err = &NotUp{Agent: t.Agent.Name}
	}
	return found, err
}

// Diff compares the capacity, and the tag that tells of the turn.
func (t *SpotTurn) Diff(have, want ServiceSpec) []engine.Change {
	want = t.narrow(have, want)
	return changes(capacityChange(have, want), cloud.DiffTags(have.Tags, want.Tags))
}

// Create makes nothing: without a service there is nothing to turn.
func (t *SpotTurn) Create(context.Context, ServiceSpec, string) (string, error) {
	return "", &NotUp{Agent: t.Agent.Name}
}

// Update begins the deployment with the other capacity, and says so in the tag.
func (t *SpotTurn) Update(ctx context.Context, id string, have, want ServiceSpec) error {
	turned := t.narrow(have, want)
	want = have
	want.Capacity, want.Tags, want.FallBack = turned.Capacity, turned.Tags, 0
	return t.service.Update(ctx, id, have, want)
}

// Delete does nothing: the service is the stack's.
func (t *SpotTurn) Delete(context.Context, string) error { return nil }
