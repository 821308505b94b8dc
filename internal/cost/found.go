package cost

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// byTime are the kinds that bill by the hour or by the month, whatever passes through them. A
// dashboard is left out: an account's first three are free.
var byTime = []string{"nat", "asg", "eip", "endpoint", "alb", "scaling-policy", "alarm", "secret"}

// Found is what a stack costs a month of which nothing is known but its resources' keys and its tasks,
// addresses of which have a public one: without traffic, logs and images, for which it takes agents.yaml,
// and without free tiers, which an account has once.
func Found(keys []engine.Key, running []Task, addresses int, book *Book) (Rate, error) {
	e, err := price(&agents.Config{Region: book.Region}, itemsOf(keys), book, always)
	if err != nil {
		return Rate{}, err
	}
	timed := func(c Component) bool { return c.Hourly }
	month, lacks := e.Sum(timed).Expected, e.Lacks(timed)
	lack := func(p Item, known bool) {
		if !known && !slices.Contains(lacks, p) {
			lacks = append(lacks, p)
		}
	}
	for _, t := range running {
		arch := agents.ArchX86
		if t.ARM {
			arch = agents.ArchARM
		}
		hour, known := TaskHour(book, arch, t.CPU, t.Memory, t.Storage, t.Spot)
		lack(fargatePrices(t.ARM).of(t.Spot), known)
		month = month.Add(hour.Mul(hours))
	}
	if addresses > 0 {
		address, known := book.Prices[AddressInUse]
		lack(AddressInUse, known)
		month = month.Add(address.USD.Mul(decimal.NewFromInt(int64(addresses))).Mul(hours))
	}
	return Rate{Today: month.Mul(decimal.NewFromInt(24)).Div(hours), Month: month, Lacks: lacks}, nil
}

// itemsOf are the resources that bill by time, of whose specs only that is known which their keys and those of the
// subnets tell.
func itemsOf(keys []engine.Key) []item {
	subnets, private := 0, 0
	for _, k := range keys {
		if k.Kind() == "subnet" {
			subnets++
			if strings.HasPrefix(k.Name(), "private") {
				private++
			}
		}
	}
	var items []item
	for _, k := range keys {
		i := item{key: k}
		switch {
		case !slices.Contains(byTime, k.Kind()):
			continue
		case k.Kind() == "alb": // it has an address in each zone, and two at least
			i.spec = provision.LoadBalancerSpec{Scheme: string(types.LoadBalancerSchemeEnumInternetFacing), Subnets: make([]string, max(subnets-private, 2))}
		case k.Kind() == "asg": // its key does not tell its type: the least, which it has by itself
			i.spec = provision.AutoScalingGroupSpec{Type: "t4g.nano", Desired: 1}
		case k.Kind() == "endpoint" && k.Name() != "s3":
			i.spec = provision.VPCEndpointSpec{Type: "Interface", Subnets: make([]string, max(private, 1))}
		case k.Kind() == "endpoint":
			i.spec = provision.VPCEndpointSpec{}
		}
		items = append(items, i)
	}
	return items
}
