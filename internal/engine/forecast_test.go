package engine

import (
	"testing"
	"testing/synctest"
	"time"
)

// usually is how long the boxes of these tests take.
func usually(k Key) Usual {
	s := time.Second
	switch k {
	case "nat":
		return Usual{Usable: 100 * s, Whole: 100 * s}
	case "alb": // of use long before it is whole
		return Usual{Usable: 2 * s, Whole: 150 * s}
	case "service":
		return Usual{Usable: 2 * s, Whole: 60 * s, After: "alb", Last: 30 * s}
	}
	return Usual{Usable: 2 * s, Whole: 2 * s}
}

func forecastWorld() (began time.Time, w Walk) {
	vpc := &box{key: "vpc"}
	alb := &box{key: "alb", needs: []Node{vpc}}
	nat := &box{key: "nat", needs: []Node{vpc}}
	service := &box{key: "service", needs: []Node{nat, alb}}
	alarm := &box{key: "alarm", needs: []Node{service}}
	return time.Now(), Walk{Steps: steps(vpc, alb, nat, service, alarm)}
}

func TestAForecastIsTheLongestChainOfWhatHasNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, w := forecastWorld()
		f := w.ForecastUp(usually)
		at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
		for _, c := range []struct {
			now   int
			what  string
			event Event
			end   int
			last  Key
			late  bool
		}{
			{0, "nothing has begun", Event{}, 182, "", false},
			{1, "the first begins", Event{Key: "vpc", Phase: EventStarted}, 183, "vpc", false},
			{3, "and ends", Event{Key: "vpc", Phase: EventDone}, 183, "", false},
			{3, "two begin", Event{Key: "alb", Phase: EventStarted}, 183, "alb", false},
			{3, "side by side", Event{Key: "nat", Phase: EventStarted}, 183, "alb", false},
			{90, "one of them early", Event{Key: "alb", Phase: EventDone}, 163, "nat", false},
			{110, "the other is late", Event{}, 170, "nat", true},
			{110, "the service is made", Event{Key: "nat", Phase: EventDone}, 170, "", false},
			{110, "", Event{Key: "service", Phase: EventStarted}, 170, "service", false},
			{112, "what is not in the walk", Event{Key: "other", Phase: EventDone}, 170, "service", false},
			{150, "", Event{Key: "service", Phase: EventFailed}, 152, "", false},
			{151, "", Event{Key: "alarm", Phase: EventBlocked}, 151, "", false},
		} {
			c.event.At = at(c.now)
			f.Report(c.event)
			o := f.Outlook(at(c.now))
			if o.End != at(c.end) || o.Last != c.last || o.Late != c.late {
				t.Errorf("%s at %d s: it ends at %s and waits for %q, late %t; want %d s, %q, %t", c.what, c.now, o.End.Sub(began), o.Last, o.Late, c.end, c.last, c.late)
			}
		}
	})
}

func TestAForecastKnowsWhatANodeWaitsForWithoutNeedingIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, w := forecastWorld()
		f := w.ForecastUp(usually)
		if u := f.Usual("service", began); u != 0 {
			t.Errorf("before it begins it usually takes %s", u)
		}
		f.Report(Event{At: began, Key: "alb", Phase: EventStarted})
		f.Report(Event{At: began.Add(40 * time.Second), Key: "service", Phase: EventStarted})
		// The load balancer is whole after 150 s, and 30 s later it finds the service healthy.
		if u := f.Usual("service", began.Add(50*time.Second)); u != 140*time.Second {
			t.Errorf("behind the load balancer it usually takes %s", u)
		}
		f.Report(Event{At: began.Add(45 * time.Second), Key: "alb", Phase: EventDone})
		if u := f.Usual("service", began.Add(50*time.Second)); u != 60*time.Second {
			t.Errorf("alone it usually takes %s", u)
		}
	})
}

func TestAForecastOfTheWayDownIsTurnedRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, w := forecastWorld()
		f := w.ForecastDown(func(k Key) Usual {
			if k == "service" || k == "nat" {
				return Usual{Whole: 40 * time.Second}
			}
			return Usual{Whole: time.Second}
		})
		if o := f.Outlook(began); o.End.Sub(began) != 82*time.Second { // alarm, service, nat, vpc
			t.Errorf("it ends after %s", o.End.Sub(began))
		}
	})
}
