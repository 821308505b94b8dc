package awssim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// TestTheWorldIsWrittenOnceForManyChanges counts the generations of a world that is
// changed a hundreds of times, by one process and then by two in turns.
func TestTheWorldIsWrittenOnceForManyChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "world.json")
	open := func() (*Sim, *cloudwatchlogs.Client) {
		s, _, err := OpenFile(file, 60, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s, cloudwatchlogs.NewFromConfig(s.Config())
	}
	create := func(api *cloudwatchlogs.Client, name string) {
		t.Helper()
		if _, err := api.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	one, first := open()
	began := time.Now()
	for i := range 300 {
		create(first, fmt.Sprint("/one/", i))
	}
	one.mu.Lock()
	writes := one.world.Generation
	one.mu.Unlock()
	if most := int(time.Since(began)/leastBetweenWrites) + 5; writes > most {
		t.Errorf("%d writes in %s for 300 changes, want %d at most", writes, time.Since(began), most)
	}

	// Another process sees all of them, and each of the two what the other does.
	two, second := open()
	for i := range 20 {
		create(first, fmt.Sprint("/first/", i))
		create(second, fmt.Sprint("/second/", i))
	}
	for _, s := range []*Sim{one, two} {
		if n := strings.Count(strings.Join(s.Inventory(), "\n"), "log-group "); n != 340 {
			t.Errorf("a process sees %d log groups", n)
		}
	}
	for _, s := range []*Sim{one, two} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 340*20 {
		t.Errorf("the file has %d bytes: %v", len(b), err)
	}
}
