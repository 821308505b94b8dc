package cost

import "testing"

func TestWhatKeepingFilesCostsIsSaid(t *testing.T) {
	nowhere := &Book{Region: "xx-newest-1", Prices: map[Item]Row{}}
	for size, want := range map[int64]string{
		6144:                  "less than a cent a month at $0.30 for each GB",
		16 * (1 << 30) / 5:    "3.20 GB cost $0.96 a month",
		1000 * int64(1<<30):   "1000.00 GB cost $300.00 a month",
		(1 << 30) / 30 * 1001: "33.37 GB cost $10.01 a month",
	} {
		if got := KeepingFiles(size, prices(t)); got != want {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
	}
	if got := KeepingFiles(1<<30, nowhere); got != "1.00 GB cost what EFS asks in xx-newest-1, of which karmactl has no price" {
		t.Error(got)
	}
}
