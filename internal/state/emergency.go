package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DefaultEmergency is where the state goes when its last write failed.
const DefaultEmergency = "karmactl.errored-state.json"

// rescue puts the state that could not be written beside the user.
func (s *Store) rescue(cause error) error {
	s.state.Serial = max(s.state.Serial, s.unsure.serial) + 1
	unsaved := &UnsavedError{URI: s.Backend.URI(), Err: cause}
	data, err := s.state.Encode()
	if err == nil {
		path := s.Emergency
		if path == "" {
			path = DefaultEmergency
		}
		unsaved.File, err = keepCopy(path, data)
	}
	unsaved.FileErr = err
	return unsaved
}

// keepCopy writes data to path, or to path with a number when an earlier copy,
// which may be all that is left of an earlier run, is still there.
func keepCopy(path string, data []byte) (string, error) {
	ext := filepath.Ext(path)
	name := path
	for n := 2; ; n++ {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			name = fmt.Sprintf("%s.%d%s", strings.TrimSuffix(path, ext), n, ext)
			continue
		}
		if err != nil {
			return "", fmt.Errorf("writing a copy of the state: %w", err)
		}
		_, err = f.Write(data)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return "", fmt.Errorf("writing a copy of the state to %s: %w", name, err)
		}
		return name, nil
	}
}
