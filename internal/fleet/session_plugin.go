package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

const (
	pluginName = "session-manager-plugin"
	// rehearsedName is of a program that stands for the plugin in a rehearsal.
	rehearsedName = "simulated-" + pluginName
)

// SessionPlugin is the session-manager-plugin of the user's machine.
type SessionPlugin struct {
	Region, Profile string
	In              io.Reader
	Out, Err        io.Writer
	// Command is set when a command is run and no shell: what the plugin says
	// itself is left out, and the exit code is read.
	Command bool
	// Rehearsal: the session is of a simulated account, with which AWS's plugin would turn to
	// AWS. Where no program stands for it, there is no session.
	Rehearsal bool
	// Begin is told just before a port is carried; nil is not told.
	Begin func()
}

// Present tells how to install it when it is not there.
func (p *SessionPlugin) Present() error {
	if m := p.missing(); m != nil {
		return m
	}
	return nil
}

func (p *SessionPlugin) name() string {
	if p.Rehearsal {
		return rehearsedName
	}
	return pluginName
}

// rehearsed is why there is no session in a rehearsal that has nothing to stand for the plugin.
func (p *SessionPlugin) rehearsed(target string) error {
	if !p.Rehearsal {
		return nil
	}
	if _, err := exec.LookPath(rehearsedName); err == nil {
		return nil
	}
	return fmt.Errorf("a rehearsal has no containers, and nothing was done: on AWS the session with %s begins here", target)
}

// command is the plugin as AWS's own command line calls it.
func (p *SessionPlugin) command(s types.Session, request any) (*exec.Cmd, error) {
	session, err := json.Marshal(map[string]*string{"SessionId": s.SessionId, "StreamUrl": s.StreamUrl, "TokenValue": s.TokenValue})
	if err != nil {
		return nil, fmt.Errorf("describe the session: %w", err)
	}
	params, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("describe the session's target: %w", err)
	}
	endpoint := "https://ssm." + p.Region + "." + cloud.DNSSuffix(p.Region)
	cmd := exec.Command(p.name(), string(session), p.Region, "StartSession", p.Profile, string(params), endpoint) //nolint:gosec // the arguments are AWS's own answer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.In, p.Out, p.Err
	return cmd, nil
}

// Forward hands the session to the plugin, which carries the port until it is interrupted.
func (p *SessionPlugin) Forward(s types.Session, request *ssm.StartSessionInput) (int, error) {
	if err := p.rehearsed(aws.ToString(request.Target)); err != nil {
		return 0, err
	}
	cmd, err := p.command(s, map[string]any{"Target": request.Target, "DocumentName": request.DocumentName, "Parameters": request.Parameters})
	if err != nil {
		return 0, err
	}
	if p.Begin != nil {
		p.Begin()
	}
	err = cmd.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		return max(ended.ExitCode(), 1), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", pluginName, err)
	}
	return 0, nil
}

// Run hands the terminal to the plugin: it deals with the keys, the window's size and Ctrl-C.
func (p *SessionPlugin) Run(s types.Session, target string) (int, error) {
	if err := p.rehearsed(target); err != nil {
		return 0, err
	}
	cmd, err := p.command(s, map[string]string{"Target": target})
	if err != nil {
		return 0, err
	}
	answer := &commandOutput{to: p.Out, code: -1}
	if p.Command {
		cmd.Stdout = answer
	}
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case p.Command && answer.flush() != nil:
		return 0, answer.err
	case p.Command && answer.code >= 0:
		return answer.code, nil
	case errors.As(err, &ended):
		return max(ended.ExitCode(), 1), nil
	case err != nil:
		return 0, fmt.Errorf("run %s: %w", pluginName, err)
	case p.Command:
		return 0, errNoExitCode
	}
	return 0, nil
}

// exitMark is what a wrapped command prints last: ECS Exec itself does not tell
// how a command ended.
const exitMark = "karmactl-exit-code:"

// Wrap makes a command line of args that tells its exit code to SessionPlugin.
func Wrap(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = quote(a)
	}
	return "/bin/sh -c " + quote(strings.Join(quoted, " ")+`; echo "`+exitMark+`$?"`)
}

// quote makes one word for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var pluginSays = lazyregexp.New(`^(Starting session with SessionId: .*|Exiting session with sessionId: .*|The Session Manager plugin was installed successfully\..*)$`)

// commandOutput passes lines on, without the plugin's own and the exit code's.
type commandOutput struct {
	to   io.Writer
	line []byte
	code int
	// begun: the plugin has said that the session starts, or something else came.
	begun bool
	err   error
}

func (o *commandOutput) Write(b []byte) (int, error) {
	o.line = append(o.line, b...)
	for {
		i := bytes.IndexByte(o.line, '\n')
		if i < 0 {
			return len(b), o.err
		}
		o.pass(o.line[:i+1])
		o.line = o.line[i+1:]
	}
}

// pass writes a line unless it is not the command's. What the command printed
// without a line's end is before the mark.
func (o *commandOutput) pass(line []byte) {
	text := strings.TrimRight(string(line), "\r\n")
	if before, code, ok := strings.Cut(text, exitMark); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(code)); err == nil {
			o.code = n
			line, text = []byte(before), before
		}
	}
	// The plugin's own empty lines are before its greeting and after the command's end.
	own := pluginSays.MatchString(text) || text == "" && (!o.begun || o.code >= 0)
	o.begun = o.begun || text != ""
	if len(line) == 0 || o.err != nil || own {
		return
	}
	_, o.err = o.to.Write(line)
}

func (o *commandOutput) flush() error {
	o.pass(o.line)
	o.line = nil
	return o.err
}
