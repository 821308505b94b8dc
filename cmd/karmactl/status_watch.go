package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/state"
)

// watchEvery is how often --watch looks.
const watchEvery = 5 * time.Second

// watchStatus looks again and again, until that is ended, which is no failure.
func watchStatus(ctx context.Context, s *session, names []string, o statusOptions) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	o.keys = s.app.term.Keys(func(key byte) {
		if key == 'q' || key == 'Q' || key == ctrlC {
			quit()
		}
	})
	defer o.keys.Close()
	err := runStatus(ctx, s, names, o)
	if ctx.Err() == nil {
		return err
	}
	if s.app.term.Screen && o.keys == nil {
		s.app.term.Notef("") // below the ^C that the terminal shows
	}
	return nil
}

// ctrlC is a key where it is no signal.
const ctrlC = 3

// foot is what a watcher has to know.
func (o statusOptions) foot() string {
	ends := "Ctrl-C ends it"
	if o.keys != nil {
		ends = "q or " + ends
	}
	return fmt.Sprintf("looks every %s · %s", watchEvery, ends)
}

// watchSpot puts agents on demand while --watch looks, and later back. Another run that has the
// lock turns them itself. What keeps it from turning them is told when it is not what was told
// last, and is no reason to stop looking: who watches may have no right to change anything.
func (s *session) watchSpot(ctx context.Context, of []agents.Agent, o statusOptions, told *string) error {
	if !o.watch {
		return nil
	}
	turns, err := s.turnSpot(ctx, "status --watch", of)
	for _, t := range turns {
		s.app.term.Notef("%s", t)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if held := new(state.LockedError); errors.As(err, &held) {
		return nil
	}
	if text := s.explain(err).Error(); text != *told {
		*told = text
		s.app.term.Notef("each agent stays on the capacity that it has: %s", text)
	}
	return nil
}
