package stack

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestAvailabilityZones(t *testing.T) {
	for _, c := range []struct {
		what  string
		n     int
		names []string
		want  []string
		err   string
	}{
		{what: "the first ones of the region", n: 2, want: []string{"us-east-1a", "us-east-1b"}},
		{what: "those named, in order", n: 2, names: []string{"us-east-1f", "us-east-1c"}, want: []string{"us-east-1c", "us-east-1f"}},
		{
			what: "one that the region has not", names: []string{"us-east-1a", "us-east-1z"},
			err: "there is no availability zone us-east-1z here: the region has us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f",
		},
		{
			what: "more than there are", n: 7,
			err: "the stack needs 7 availability zones: the region has only us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, err := availabilityZones(t.Context(), newBench(t, slow).home.Clients.EC2, c.n, c.names)
				if !slices.Equal(got, c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
				text := ""
				if err != nil {
					text = err.Error()
				}
				if text != c.err {
					t.Errorf("got error %q, want %q", text, c.err)
				}
			})
		})
	}
}
