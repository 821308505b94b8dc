package importer

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// seconds reads 90, 30s, 1m30s and 1h; milliseconds are rounded up.
func seconds(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, false
	}
	return int(math.Ceil(d.Seconds())), true
}

var sizeText = lazyregexp.New(`(?i)^([0-9.]+)\s*([kmgt]?)i?b?$`)

// mebibytes reads 512M, 1g, 1.5GiB and bytes.
func mebibytes(s string) (int, bool) {
	m := sizeText.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	switch strings.ToLower(m[2]) {
	case "":
		f /= 1 << 20
	case "k":
		f /= 1 << 10
	case "g":
		f *= 1 << 10
	case "t":
		f *= 1 << 20
	}
	return int(math.Ceil(f)), true
}

// cpuUnits reads a number of CPUs: 0.5 is 512 units.
func cpuUnits(s string) (int, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f <= 0 || f > 1000 {
		return 0, false
	}
	return int(math.Ceil(f * 1024)), true
}
