package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// TestACompletionWaitsForAWSNoLongerThanAPersonDoes asks for what does not come: not even an
// answer to the end of its time.
func TestACompletionWaitsForAWSNoLongerThanAPersonDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		a := &app{term: &ui.Terminal{}}
		root := newRootCmd(a)
		root.SetContext(t.Context())
		began := time.Now()
		words, directive := a.completeFromAWS(func(context.Context, []string) ([]string, error) {
			<-never
			return []string{"late"}, nil
		})(root, nil, "")
		if took := time.Since(began); len(words) > 0 || took > 2*time.Second || directive&cobra.ShellCompDirectiveNoFileComp == 0 {
			t.Errorf("%q, directive %d, after %s", words, directive, took)
		}
	})
}

// TestACompletionSaysNothingWhenAWSIsSilent asks an endpoint that takes the call and does not answer.
func TestACompletionSaysNothingWhenAWSIsSilent(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", fmt.Sprintf("http://%s", silent.Addr()))
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "AKIAEXAMPLE")
	var out, errs locked
	a := &app{term: ui.NewTerminal(strings.NewReader(""), &out, &errs, func(string) string { return "" })}
	o := newOffice(t, oneAgent)
	code := a.run(context.Background(), []string{cobra.ShellCompRequestCmd, "--file", o.file, "exec", "validator", "--task", ""})
	if code != 0 || !strings.HasPrefix(out.String(), ":") || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("exit %d\n%s\n%s", code, out.String(), errs.String())
	}
}
