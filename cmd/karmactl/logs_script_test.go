package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
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

// cloudwatch starts an AWS that has log groups of three agents and lets nothing else be read, and points karmactl
// there: cloudwatch [live] [endless] [later]. The calls are written to the file calls. With later a task starts after
// 1 s, and the log group of abracadabra is there after 2 s; without, neither comes, however slow the machine is.
func cloudwatch(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: cloudwatch [live] [endless] [later]")
	}
	calls, err := os.Create(ts.MkAbs("calls"))
	ts.Check(err)
	now := time.Now()
	group := func(agent string) string { return "/ecs/karmacadabra-prod/" + agent }
	line := func(agent, task string, after time.Duration, message string) logstest.Line {
		at := now.Add(after)
		return logstest.Line{
			Group: group(agent), Stream: "agent/" + agent + "/" + task, Message: message,
			At: at.UnixMilli(), Visible: at.Add(300 * time.Millisecond).UnixMilli(),
		}
	}
	const first, second, later, other = "aaaa1111aaaa1111", "bbbb2222bbbb2222", "cccc3333cccc3333", "dddd4444dddd4444"
	lines := []logstest.Line{
		line("validator", first, -3*time.Hour, "three hours old"),
		line("validator", first, -10*time.Minute, "INFO: begins"),
		line("validator", second, -8*time.Minute, "ERROR: cannot pay"),
		line("karma-hello", other, -9*time.Minute, `{"level":"warn","msg":"low on café"}`),
		line("karma-hello", other, -6*time.Minute, "DEBUG: hello\nsecond line"),
		line("validator", second, -time.Minute, "no level at all"),
	}
	born := now.Add(24 * time.Hour)
	if slices.Contains(args, "later") {
		born = now.Add(2 * time.Second)
		lines = append(lines,
			line("validator", later, 1500*time.Millisecond, "said by a later task"),
			line("abracadabra", other, 2500*time.Millisecond, "said in a later group"))
	}
	server := &onlyLogs{calls: calls, logs: logstest.NewServer(time.Now, lines)}
	server.logs.Born[group("abracadabra")] = born.UnixMilli()
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
