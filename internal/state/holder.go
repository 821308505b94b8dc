package state

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Holder is who holds the lock: its content.
type Holder struct {
	ID string `json:"id"`
	// Who is user@host.
	Who  string `json:"who"`
	PID  int    `json:"pid"`
	Host string `json:"host"`
	// Machine tells containers and machines of the same name apart, because a
	// pid means nothing in another one; "" where there is no such thing.
	Machine string `json:"machine,omitempty"`
	// Began tells two processes of one number apart: when it began, as its machine says it; "" where
	// that is not known.
	Began string `json:"began,omitempty"`
	// Command is what the user ran: "up".
	Command string `json:"command"`
	// Version is karmactl's.
	Version    string    `json:"version"`
	AcquiredAt time.Time `json:"acquiredAt"`
	// ExpiresAt is when others may take the lock unless the lease is renewed.
	ExpiresAt time.Time `json:"expiresAt"`
}

// Me is this process as a holder.
func Me(command, version string) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	user := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"), os.Getenv("USERNAME"), fmt.Sprintf("uid-%d", os.Getuid()))
	began, _ := process(os.Getpid())
	return Holder{
		ID: rand.Text(), Who: user + "@" + host, PID: os.Getpid(), Host: host, Machine: machine(), Began: began,
		Command: command, Version: version,
	}
}

func (h Holder) String() string {
	return fmt.Sprintf("%s (karmactl %s, pid %d)", h.Who, h.Command, h.PID)
}

// expires is when, by our own clock, others may take the lock from h. A backend
// that tells the age of the lock decides, because h's clock may be another.
func (h Holder) expires(age time.Duration, now time.Time) time.Time {
	if age == UnknownAge {
		return h.ExpiresAt
	}
	return now.Add(leaseFor - age)
}

// dead tells that h is a process of the machine of me, and has ended. Where machines of one name
// cannot be told apart no process is dead: its lease decides. Were it wrong all the same (two
// machines that were started from a picture of one that ran), h would lose its lock with its next
// renewal and could not write the state, because both compare the ETag.
func (h Holder) dead(me Holder) bool {
	if h.Host != me.Host || h.Machine != me.Machine || h.Machine == "" || h.PID <= 0 {
		return false
	}
	began, ended := process(h.PID)
	return ended || h.Began != "" && began != "" && began != h.Began || !alive(h.PID)
}

// alive tells whether the process runs. When in doubt it does.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

func (h Holder) encode() ([]byte, error) {
	data, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the lock as JSON: %w", err)
	}
	return append(data, '\n'), nil
}

// decodeHolder is lenient about fields, because another version may hold the lock.
func decodeHolder(data []byte) (Holder, error) {
	var h Holder
	err := json.Unmarshal(data, &h)
	if err == nil && h.ID == "" {
		err = errors.New("it has no id")
	}
	if err != nil {
		return Holder{}, &BadLockError{Why: err.Error()}
	}
	return h, nil
}
