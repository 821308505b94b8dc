package state

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Memory keeps the state in this process. Its zero value is ready to use; its
// exported fields are set before that.
type Memory struct {
	// Before is asked ahead of every operation ("Write", "ReadLock" ...); its
	// error is returned and the operation does not happen.
	Before func(op string) error
	// After is asked once an operation took effect; its error is returned
	// instead of the reply, which is then lost.
	After func(op string) error

	// Clock is the backend's own; nil when it has none.
	Clock func() time.Time

	mu       sync.Mutex
	versions []memoryVersion
	deleted  bool
	lock     []byte
	lockSeq  int
	lockedAt time.Time
}

type memoryVersion struct {
	data []byte
	at   time.Time
}

// NewMemory makes an empty one.
func NewMemory() *Memory { return &Memory{} }

// URI implements Backend.
func (m *Memory) URI() string { return "memory" }

// Plant puts bytes in place of the state, behind everybody's back.
func (m *Memory) Plant(data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.push(data)
}

// Delete removes the state, behind everybody's back; its history stays.
func (m *Memory) Delete() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deleted = true
}

// Read implements Backend.
func (m *Memory) Read(ctx context.Context) (data []byte, etag string, err error) {
	err = m.do(ctx, "Read", func() error {
		if etag = m.etag(); etag == "" {
			return fmt.Errorf("the state %w", ErrAbsent)
		}
		data = bytes.Clone(m.versions[len(m.versions)-1].data)
		return nil
	})
	return data, etag, err
}

// Write implements Backend.
func (m *Memory) Write(ctx context.Context, data []byte, etag string) (next string, err error) {
	err = m.do(ctx, "Write", func() error {
		if etag != m.etag() {
			return fmt.Errorf("the state was %w", ErrConflict)
		}
		m.push(data)
		next = m.etag()
		return nil
	})
	if err != nil {
		return "", err // a reply that was lost has no ETag
	}
	return next, nil
}

// CreateLock implements Backend.
func (m *Memory) CreateLock(ctx context.Context, data []byte) (etag string, err error) {
	err = m.do(ctx, "CreateLock", func() error {
		if m.lock != nil {
			return fmt.Errorf("the lock was %w", ErrConflict)
		}
		etag = m.setLock(data)
		return nil
	})
	if err != nil {
		return "", err // a reply that was lost has no ETag
	}
	return etag, nil
}

// ReadLock implements Backend.
func (m *Memory) ReadLock(ctx context.Context) (lock StoredLock, err error) {
	err = m.do(ctx, "ReadLock", func() error {
		if m.lock == nil {
			return fmt.Errorf("the lock %w", ErrAbsent)
		}
		lock = StoredLock{Data: bytes.Clone(m.lock), ETag: strconv.Itoa(m.lockSeq), Age: UnknownAge}
		if m.Clock != nil {
			lock.Age = m.Clock().Sub(m.lockedAt)
		}
		return nil
	})
	return lock, err
}

// ReplaceLock implements Backend.
func (m *Memory) ReplaceLock(ctx context.Context, data []byte, etag string) (next string, err error) {
	err = m.do(ctx, "ReplaceLock", func() error {
		if m.lock == nil || etag != strconv.Itoa(m.lockSeq) {
			return fmt.Errorf("the lock was %w", ErrConflict)
		}
		next = m.setLock(data)
		return nil
	})
	if err != nil {
		return "", err // a reply that was lost has no ETag
	}
	return next, nil
}

// DeleteLock implements Backend.
func (m *Memory) DeleteLock(ctx context.Context, etag string) error {
	return m.do(ctx, "DeleteLock", func() error {
		if m.lock != nil && etag != strconv.Itoa(m.lockSeq) {
			return fmt.Errorf("the lock was %w", ErrConflict)
		}
		m.lock = nil
		return nil
	})
}

// History implements Backend.
func (m *Memory) History(ctx context.Context) (all []Version, err error) {
	err = m.do(ctx, "History", func() error {
		for i, v := range m.versions {
			all = append(all, Version{
				ID: strconv.Itoa(i + 1), Time: v.at, Size: int64(len(v.data)),
				Current: i == len(m.versions)-1 && !m.deleted,
			})
		}
		slices.Reverse(all)
		return nil
	})
	return all, err
}

// ReadVersion implements Backend.
func (m *Memory) ReadVersion(ctx context.Context, id string) (data []byte, err error) {
	err = m.do(ctx, "ReadVersion", func() error {
		n, _ := strconv.Atoi(id)
		if n < 1 || n > len(m.versions) {
			return fmt.Errorf("version %s of the state %w", id, ErrAbsent)
		}
		data = bytes.Clone(m.versions[n-1].data)
		return nil
	})
	return data, err
}

func (m *Memory) do(ctx context.Context, op string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.Before != nil {
		if err := m.Before(op); err != nil {
			return err
		}
	}
	m.mu.Lock()
	err := f()
	m.mu.Unlock()
	if err == nil && m.After != nil {
		return m.After(op)
	}
	return err
}

// etag is that of the current state; "" when there is none.
func (m *Memory) etag() string {
	if len(m.versions) == 0 || m.deleted {
		return ""
	}
	return strconv.Itoa(len(m.versions))
}

func (m *Memory) push(data []byte) {
	m.versions = append(m.versions, memoryVersion{data: bytes.Clone(data), at: time.Now().UTC()})
	m.deleted = false
}

func (m *Memory) setLock(data []byte) string {
	m.lock = append([]byte{}, data...)
	m.lockSeq++
	if m.Clock != nil {
		m.lockedAt = m.Clock()
	}
	return strconv.Itoa(m.lockSeq)
}
