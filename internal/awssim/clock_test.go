package awssim

import (
	"testing"
	"testing/synctest"
	"time"
)

// newFastClock is a clock that runs sixty times as fast, from now on.
func newFastClock() *FastClock {
	return &FastClock{Speed: 60, state: clockState{Sim: time.Now(), Real: time.Now()}}
}

func TestTheFastClockStandsStillWhileTheSimulatedAWSWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFastClock()
		began := c.Now()
		time.Sleep(time.Second)
		if d := c.Now().Sub(began); d != time.Minute {
			t.Errorf("a second of the machine is %s", d)
		}
		c.stop()
		c.stop() // two calls at once
		time.Sleep(time.Second)
		c.start()
		time.Sleep(time.Second)
		if d := c.Now().Sub(began); d != time.Minute {
			t.Errorf("two seconds of work have the clock at %s", d)
		}
		c.start()
		time.Sleep(time.Second)
		if d := c.Now().Sub(began); d != 2*time.Minute {
			t.Errorf("after the work the clock goes on at %s", d)
		}
	})
}

func TestWhoWaitsOnTheFastClockWaitsOutTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFastClock()
		began, real := c.Now(), time.Now()
		go func() {
			c.stop()
			defer c.start()
			time.Sleep(5 * time.Second)
		}()
		synctest.Wait()
		if err := c.Wait(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if d := c.Now().Sub(began); d < time.Minute || d > time.Minute+time.Second {
			t.Errorf("a minute's wait ends after %s of the account's time", d)
		}
		if d := time.Since(real); d < 6*time.Second {
			t.Errorf("a second's wait and five of work take %s", d)
		}
	})
}

func TestTheFastClockNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, other := newFastClock(), newFastClock()
		other.stop()
		time.Sleep(time.Second)
		other.start() // another process worked for a second: its clock is a minute behind
		c.stop()
		before := c.Now()
		c.set(other.pair())
		if c.Now().Before(before) {
			t.Errorf("the clock goes back by %s", before.Sub(c.Now()))
		}
		c.start()
		time.Sleep(2 * time.Second)
		if d := c.Now().Sub(other.Now()).Abs(); d > time.Millisecond {
			t.Errorf("two processes are %s apart", d)
		}
	})
}
