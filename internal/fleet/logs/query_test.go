package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// simulated is a simulated account in which two agents have said what agents say; the third has no log group yet.
func simulated(t *testing.T) *cloudwatchlogs.Client {
	t.Helper()
	sim, err := awssim.New(awssim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := cloud.NewClients(sim.Config()).Logs
	for _, g := range testGroups()[:2] {
		if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.Name}); err != nil {
			t.Fatal(err)
		}
		for i, line := range []string{
			`INFO:     10.0.1.7:50412 - "GET /health HTTP/1.1" 200 OK`, `INFO:     10.0.1.7:50413 - "POST /validate?deep=1 HTTP/1.1" 201 Created`,
			`GET /health 200`, `ERROR: cannot pay: no funds`, `ERROR: cannot pay: no funds`, `Traceback (most recent call last):`,
			`{"level":"info","path":"/validate","duration_ms":41.5}`, `{"level":"info","path":"/validate","duration_ms": 1730}`,
			`response_time=12.5 path=/health`, `no error in prose is counted, but then Logs Insights does not read`,
			"\x1b[31mERROR\x1b[0m out of tokens", "\x1b[2m12:00\x1b[0m \x1b[38;5;196merror\x1b[0m no route", `panic: runtime trouble`,
		} {
			if err := sim.Write(g.Name, "agent/"+g.Agent+"/0a1b2c3d", time.Now().Add(time.Duration(i)*time.Minute-20*time.Minute), line); err != nil {
				t.Fatal(err)
			}
		}
	}
	return client
}

func lastHour(q NamedQuery, say func(string)) Query {
	return Query{NamedQuery: q, Groups: testGroups()[:3], Since: time.Now().Add(-time.Hour), Until: time.Now(), Clock: engine.RealClock{}, Say: say}
}

func TestTheNamedQueriesFindWhatTheyAreFor(t *testing.T) {
	for _, q := range Queries() {
		synctest.Test(t, func(t *testing.T) {
			client := simulated(t)
			var said []string
			r, err := lastHour(q, func(s string) { said = append(said, s) }).Run(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(said) != "[log group /ecs/karmacadabra-prod/abracadabra does not exist: passed over]" {
				t.Errorf("said %q", said)
			}
			var got strings.Builder
			if err := errors.Join(r.WriteTable(&got, 0), json.NewEncoder(&got).Encode(r.Document())); err != nil {
				t.Fatal(err)
			}
			golden(t, "query-"+q.Name, got.String())
		})
	}
}

func TestAQueryThatAWSRefusesSaysWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := simulated(t)
		say := func(string) {}
		mine := NamedQuery{Name: "mine", Text: "fields @message | dance"}
		if _, err := lastHour(mine, say).Run(t.Context(), client); err == nil || !strings.Contains(err.Error(), "unexpected symbol found dance") || !strings.HasSuffix(err.Error(), mine.Text) {
			t.Errorf("a malformed query: %v", err)
		}
		before := lastHour(mine, say)
		before.Text, before.Since, before.Until = "fields @message", time.Now().AddDate(0, -2, 0), time.Now().AddDate(0, -1, 0)
		if _, err := before.Run(t.Context(), client); !cloud.Is(err, "MalformedQueryException") {
			t.Errorf("a time before there was anything: %v", err)
		}
		many := lastHour(mine, say)
		many.Groups = make([]Group, 51)
		if _, err := many.Run(t.Context(), client); err == nil || !strings.Contains(err.Error(), "takes 50 log groups at once, and these are 51") {
			t.Errorf("too many groups: %v", err)
		}
	})
}

func TestTheThirtyFirstQueryAtOnceIsToldToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := simulated(t)
		q := lastHour(Queries()[0], func(string) {})
		q.Groups = q.Groups[:1]
		for range 30 {
			if _, err := q.start(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := q.Run(t.Context(), client); err == nil || !strings.HasSuffix(err.Error(), "try again when one has ended") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAQueryThatIsLeftNoLongerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := simulated(t)
		q := lastHour(Queries()[0], func(string) {})
		q.Groups = q.Groups[:1]
		for range 31 { // one more than may run at once
			ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
			if _, err := q.Run(ctx, client); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ended with %v", err)
			}
			cancel()
			q.Since = q.Since.Add(time.Second)
		}
		if _, err := q.Run(t.Context(), client); err != nil {
			t.Errorf("those before still run: %v", err)
		}
	})
}
