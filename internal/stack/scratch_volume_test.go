package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// scratch is an agent whose init fills a directory on its task's own disk that a sidecar serves, and that may write
// there alone.
const scratch = inOneZone + `agents:
  bot:
    exec: false
    read_only: true
    volumes: {scratch: {path: /scratch, ephemeral: true}}
    init: [{name: fetch, command: [fetch], volumes: {scratch: {path: /out}}}]
    sidecars: {serve: {command: [serve], volumes: {scratch: {read_only: true}}}}
`

// TestContainersShareADirectoryOfTheirTasksDisk: with nothing made for it, nothing to pay, and no right in the role; to EFS and back on a live stack.
func TestContainersShareADirectoryOfTheirTasksDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, scratch))
		before := b.inventory()
		b.upStack(nil)
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		said := func() (text string) {
			b.edit(func(w *awssim.World) {
				for _, x := range w.TaskDefinitions {
					if d := x.Definition; d.Revision == int32(len(w.TaskDefinitions)) {
						for _, v := range d.Volumes {
							text += aws.ToString(v.Name)
							if v.EfsVolumeConfiguration != nil {
								text += " on EFS"
							}
						}
						for _, c := range d.ContainerDefinitions {
							for _, m := range c.MountPoints {
								text += ", " + aws.ToString(c.Name) + " " + aws.ToString(m.ContainerPath)
							}
						}
					}
				}
				for _, r := range w.Roles {
					if strings.Contains(fmt.Sprint(r.Inline), "elasticfilesystem") {
						text += ", a right"
					}
				}
			})
			return text
		}
		if got, want := said(), "scratch, bot /scratch, fetch /out, serve /scratch"; got != want || b.fileSystem() != "" {
			t.Errorf("the revision has %q, want %q; the file system is %q", got, want, b.fileSystem())
		}
		b.cfg = parse(t, strings.Replace(scratch, ", ephemeral: true", "", 1))
		b.upStack(nil)
		if got := said(); !strings.HasPrefix(got, "scratch on EFS") || !strings.HasSuffix(got, ", a right") || b.fileSystem() == "" {
			t.Errorf("on EFS the revision has %q", got)
		}
		b.cfg = parse(t, scratch)
		b.upStack(nil)
		if got, want := said(), "scratch, bot /scratch, fetch /out, serve /scratch"; got != want {
			t.Errorf("back, the revision has %q, want %q", got, want)
		}
		b.downStack()
		b.settled()
		if left := slices.DeleteFunc(onlyAccounts(b.inventory()), func(s string) bool { return slices.Contains(before, s) }); len(left) > 0 {
			t.Errorf("down leaves %q", left)
		}
	})
}
