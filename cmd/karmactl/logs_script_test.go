package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

// onlyLogs is an AWS over HTTP for credentials that may read log groups and nothing else.
type onlyLogs struct {
	logs *logstest.Server
	// live lets STS answer, which needs no permission; endless has no query end.
	live, endless bool
	mu            sync.Mutex
	calls         io.Writer
}

func (o *onlyLogs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	o.mu.Lock()
	_, _ = fmt.Fprintln(o.calls, service, op)
	o.mu.Unlock()
	switch {
	case r.URL.Path == laterPath:
		o.logs.Add([]logstest.Line{
			logLine(time.Now(), "validator", "cccc3333cccc3333", "said by a later task"),
			logLine(time.Now(), "abracadabra", otherTask, "said in a later group"),
		})
	case service == "" && o.live:
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:iam::123456789012:user/reader</Arn><UserId>X</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case !strings.HasPrefix(service, "Logs_"):
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"reader is not authorized"}`)
	case op == "GetQueryResults" && o.endless:
		_, _ = io.WriteString(w, `{"status":"Running","results":[]}`)
	default:
		o.logs.ServeHTTP(w, r)
	}
}

// laterPath is where writelater asks for the lines that come later.
const laterPath = "/later"

// otherTask is the task of the agents besides validator.
const otherTask = "dddd4444dddd4444"

// logLine is a line that can be read 300 ms after it was written.
func logLine(at time.Time, agent, task, message string) logstest.Line {
	return logstest.Line{
		Group: logstest.GroupOf(agent), Stream: "agent/" + agent + "/" + task, Message: message,
		At: at.UnixMilli(), Visible: at.Add(300 * time.Millisecond).UnixMilli(),
	}
}

// cloudwatch starts an AWS that has log groups of two agents and lets nothing else be read, and points karmactl
// there: cloudwatch [live] [endless]. The calls are written to the file calls.
func cloudwatch(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: cloudwatch [live] [endless]")
	}
	calls, err := os.Create(ts.MkAbs("calls"))
	ts.Check(err)
	line := func(agent, task string, ago time.Duration, message string) logstest.Line {
		return logLine(time.Now().Add(-ago), agent, task, message)
	}
	const first, second = "aaaa1111aaaa1111", "bbbb2222bbbb2222"
	server := &onlyLogs{calls: calls, logs: logstest.NewServer(time.Now, []logstest.Line{
		line("validator", first, 3*time.Hour, "three hours old"),
		line("validator", first, 10*time.Minute, "INFO: begins"),
		line("validator", second, 8*time.Minute, "ERROR: cannot pay"),
		line("karma-hello", otherTask, 9*time.Minute, `{"level":"warn","msg":"low on café"}`),
		line("karma-hello", otherTask, 6*time.Minute, "DEBUG: hello\nsecond line"),
		line("validator", second, time.Minute, "no level at all"),
	})}
	for _, a := range args {
		server.live, server.endless = server.live || a == "live", server.endless || a == "endless"
	}
	over := httptest.NewServer(server)
	ts.Defer(func() {
		over.CloseClientConnections()
		over.Close()
		_ = calls.Close()
	})
	ts.Setenv("KARMACTL_SIMULATE", "")
	ts.Setenv("AWS_ENDPOINT_URL", over.URL)
	ts.Setenv("AWS_ACCESS_KEY_ID", "AKIDREADER")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "test")
}

// writelater lets a later task of validator say something, and the first task of abracadabra, whose log group is made
// with it. A script calls it when what follows the logs has told that it follows: no clock decides.
func writelater(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: writelater")
	}
	answer, err := http.Get(ts.Getenv("AWS_ENDPOINT_URL") + laterPath)
	ts.Check(err)
	ts.Check(answer.Body.Close())
}
