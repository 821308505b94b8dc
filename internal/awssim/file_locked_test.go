package awssim

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestARehearsalThatCannotBeWrittenSaysWhatToDo(t *testing.T) {
	f := &worldFile{path: "w.json"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&os.PathError{Op: "open", Path: "w.json.queue", Err: fs.ErrPermission}, "cannot be written: open w.json.queue: permission denied: name a folder where you may write"},
		{&os.PathError{Op: "open", Path: "w.json.queue", Err: syscall.EROFS}, "name a folder where you may write"},
		{errors.New("no locks available"), "cannot be locked: no locks available"},
	} {
		if err := f.notLocked(c.err); !errors.Is(err, c.err) || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%v", err)
		}
	}
}
