package awssim

import (
	"testing"
	"testing/synctest"
	"time"
)

func (e *edge) state(arn string) string {
	state := ""
	_ = e.Edit(func(*World) { state = e.targetState(arn, "10.0.0.9", 9001) })
	return state
}

func TestATargetGoesThroughItsStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t)
		tg := e.group("validator")
		act := func(f func()) { _ = e.Edit(func(*World) { f() }) }
		is := func(want string) {
			t.Helper()
			if got := e.state(tg); got != want {
				t.Fatalf("the target is %q, want %q", got, want)
			}
		}
		act(func() { e.registerTarget(tg, "10.0.0.9", 9001) })
		is("unused") // nothing leads to it

		lb := e.balancer("edge")
		e.forward(e.listener(lb), tg, "validator", 10)
		act(func() { e.answerTarget(tg, "10.0.0.9", 9001, true) })
		is("initial")
		time.Sleep(albProvisioning)
		is("initial") // checks begin when the load balancer is active
		time.Sleep(9 * time.Second)
		is("initial")
		time.Sleep(time.Second)
		is("healthy") // two checks, 5 s apart

		act(func() { e.answerTarget(tg, "10.0.0.9", 9001, false) })
		is("healthy")
		time.Sleep(10 * time.Second)
		is("unhealthy")
		act(func() { e.answerTarget(tg, "10.0.0.9", 9001, true) })
		time.Sleep(10 * time.Second)
		is("healthy")

		act(func() { e.deregisterTarget(tg, "10.0.0.9", 9001) })
		is("draining")
		time.Sleep(299 * time.Second)
		is("draining")
		time.Sleep(time.Second)
		is("")
	})
}
