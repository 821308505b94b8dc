package cost

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Component is one line of the bill to come.
type Component struct {
	// Key is the resource; "" for what the whole stack uses together.
	Key engine.Key
	// Agent is whose it is; "" for what all share.
	Agent string
	// Noun is the file that prices it: nat_gateway.
	Noun string
	// Item says what is paid for, in words.
	Item string
	Unit string
	// Price is the catalogue's name of the price.
	Price     Item
	Quantity  Range
	UnitPrice Range
	// Known is false when the book has no such price: the component is then
	// named and counts for nothing.
	Known bool
	// Hourly components bill whether or not anything happens.
	Hourly bool
}

// Monthly is the component's share of the total.
func (c Component) Monthly() Range { return c.Quantity.times(c.UnitPrice) }

// Estimate is what a stack costs a month.
type Estimate struct {
	Region     string
	PricesAsOf string
	SpotAsOf   string
	Components []Component
	// Assumptions are in words, one sentence each.
	Assumptions []string
	// Missing are the prices that the book lacks, so that no figure is
	// mistaken for the whole.
	Missing []string
}

// Total is the sum of the components.
func (e *Estimate) Total() Range { return e.Sum(func(Component) bool { return true }) }

// Sum is the part of the total that f chooses.
func (e *Estimate) Sum(f func(Component) bool) Range {
	var sum Range
	for _, c := range e.Components {
		if f(c) {
			sum = sum.plus(c.Monthly())
		}
	}
	return sum
}

// Share is a part of the total by name.
type Share struct {
	Name    string
	Monthly Range
}

// ByAgent is each agent's own part, in the configuration's order, and "shared".
func (e *Estimate) ByAgent() []Share {
	return e.by(func(c Component) string {
		if c.Agent == "" {
			return "shared"
		}
		return c.Agent
	})
}

// ByNoun is each noun's part, the dearest first.
func (e *Estimate) ByNoun() []Share {
	out := e.by(func(c Component) string { return c.Noun })
	sort.SliceStable(out, func(i, j int) bool { return out[i].Monthly.Expected.GreaterThan(out[j].Monthly.Expected) })
	return out
}

func (e *Estimate) by(name func(Component) string) []Share {
	var out []Share
	for _, c := range e.Components {
		n := name(c)
		i := slices.IndexFunc(out, func(s Share) bool { return s.Name == n })
		if i < 0 {
			i = len(out)
			out = append(out, Share{Name: n})
		}
		out[i].Monthly = out[i].Monthly.plus(c.Monthly())
	}
	return out
}

// Complete tells whether every price was known.
func (e *Estimate) Complete() bool { return len(e.Missing) == 0 }

// Lacks are the missing prices of the part that f chooses, so that a difference
// of two figures is not told where one of them is unknown.
func (e *Estimate) Lacks(f func(Component) bool) []Item {
	var out []Item
	for _, c := range e.Components {
		if !c.Known && f(c) && !slices.Contains(out, c.Price) {
			out = append(out, c.Price)
		}
	}
	return out
}

// comparable tells whether what is unknown of two estimates is the same, and so
// falls out of their difference.
func (e *Estimate) comparable(o *Estimate) bool {
	unknown := func(e *Estimate) map[Item]decimal.Decimal {
		sum := map[Item]decimal.Decimal{}
		for _, c := range e.Components {
			if !c.Known {
				sum[c.Price] = sum[c.Price].Add(c.Quantity.Expected)
			}
		}
		return sum
	}
	return maps.EqualFunc(unknown(e), unknown(o), decimal.Decimal.Equal)
}

// running is how many hours a month things are up; 730 except in what-ifs.
type running struct {
	tasks decimal.Decimal
	// only are the agents whose tasks it is about; none means all.
	only []string
	// awake is how many hours the stack does not hibernate; asleep chooses what is
	// not there in the others, nil is what karmactl hibernate takes away.
	awake  decimal.Decimal
	asleep func(engine.Key) bool
}

// of is the hours of one agent's tasks.
func (r running) of(agent string) decimal.Decimal {
	if len(r.only) > 0 && !slices.Contains(r.only, agent) {
		return hours
	}
	return r.tasks
}

var always = running{tasks: hours, awake: hours}

// Of is the estimate of a stack: the configuration and its typed resources, as
// plan and up walk them. Nothing is asked of anybody. An error means a resource
// of a kind that has no entry in kinds.go.
func Of(cfg *agents.Config, nodes []engine.Node, book *Book) (*Estimate, error) {
	return of(cfg, nodes, book, always)
}

func of(cfg *agents.Config, nodes []engine.Node, book *Book, up running) (*Estimate, error) {
	items, err := wanted(nodes)
	if err != nil {
		return nil, err
	}
	return price(cfg, items, book, up)
}

// price is the estimate of what items are. Nothing is asked of anybody.
func price(cfg *agents.Config, items []item, book *Book, up running) (*Estimate, error) {
	b := &bill{cfg: cfg, book: book, up: up, items: items, agents: map[engine.Key]string{}, out: &Estimate{Region: book.Region, PricesAsOf: book.AsOf, SpotAsOf: book.SpotAsOf}}
	table := kinds()
	seen := map[string]bool{}
	var order []string
	for _, i := range items {
		b.agents[i.key] = i.agent
		kind := i.key.Kind()
		k, ok := table[kind]
		if !ok {
			return nil, fmt.Errorf("%s is of a kind without a price: it needs an entry in internal/cost/kinds.go", i.key)
		}
		if !seen[kind] {
			seen[kind] = true
			order = append(order, kind)
		}
		if k.each == nil {
			continue
		}
		if err := k.each(b, i.key, i.spec); err != nil {
			return nil, err
		}
	}
	for _, kind := range order {
		if once := table[kind].once; once != nil {
			once(b)
		}
	}
	if len(items) > 0 {
		priceFreeAlarms(b)
		priceMetrics(b)
		priceLogs(b)
		priceStateBucket(b)
		priceDataTransfer(b)
		priceNestedSecret(b)
	}
	b.assume()
	return b.out, nil
}

// blend is an estimate of which one holds for a part of the month, and another for
// the rest.
func blend(a, b *Estimate, part decimal.Decimal) *Estimate {
	out := *a
	out.Components = nil
	add := func(e *Estimate, share decimal.Decimal) {
		for _, c := range e.Components {
			c.Quantity = c.Quantity.scale(share)
			out.Components = append(out.Components, c)
		}
	}
	add(a, part)
	add(b, decimal.NewFromInt(1).Sub(part))
	return &out
}

// bill collects components.
type bill struct {
	cfg   *agents.Config
	book  *Book
	up    running
	items []item
	// agents are whose each resource is; what all share is no one's.
	agents map[engine.Key]string
	out    *Estimate

	// What several nouns add to and one prices.
	metrics, events Range // custom metrics; GB of logs that Container Insights writes
	alarms          int
}

// charge is a component before its price is looked up.
type charge struct {
	key      engine.Key
	noun     string
	item     string
	unit     string
	quantity Range
	price    Item
	// busyPrice, where it is higher than price, is that of the high figure.
	busyPrice decimal.Decimal
	hourly    bool
}

func (b *bill) add(c charge) {
	if c.quantity.High.IsZero() {
		return // nothing of it even in a busy month
	}
	row, known := b.book.Prices[c.price]
	comp := Component{
		Key: c.key, Agent: b.agents[c.key], Noun: c.noun, Item: c.item, Unit: c.unit, Price: c.price,
		Quantity: c.quantity, Known: known, Hourly: c.hourly,
	}
	if known {
		comp.UnitPrice = Range{row.USD, row.USD, decimal.Max(row.USD, c.busyPrice)}
	} else {
		lack := fmt.Sprintf("no price for %s in %s", c.price, b.book.Region)
		if !slices.Contains(b.out.Missing, lack) {
			b.out.Missing = append(b.out.Missing, lack)
		}
	}
	b.out.Components = append(b.out.Components, comp)
}

// free takes a free tier off, once for the account, as a component of its own:
// so the tier is named, and the parts still add up.
func (b *bill) free(noun, item, unit string, limit decimal.Decimal, use Range, price Item, hourly bool) {
	if !b.cfg.Usage.FreeTier {
		return
	}
	tier := use.atMost(limit)
	if tier.High.IsZero() {
		return
	}
	b.add(charge{noun: noun, item: "free tier: " + item, unit: unit, quantity: tier.scale(decimal.NewFromInt(-1)), price: price, hourly: hourly})
}

// oldest is the date of the oldest list price in the estimate: what another fleet has is not said of this one's.
func (b *bill) oldest() string {
	since := b.book.AsOf
	for _, c := range b.out.Components {
		if c.Known && c.Price != SpotVCPU && c.Price != SpotGB {
			since = min(since, b.book.Prices[c.Price].Published)
		}
	}
	return since
}

// assume writes down what the figures take for granted.
func (b *bill) assume() {
	u := b.cfg.Usage
	say := func(format string, args ...any) {
		b.out.Assumptions = append(b.out.Assumptions, fmt.Sprintf(format, args...))
	}
	say("a month has %d hours; list prices in %s, without tax, discounts and support plans", HoursPerMonth, b.book.Region)
	if since := b.oldest(); b.book.Since != "" && since != b.book.AsOf {
		say("list prices in %s were read one by one; the oldest reading is of %s (karmactl cost refresh fetches today's)", b.book.Region, since)
	}
	if b.book.SpotAsOf != "" {
		say("AWS changes Fargate Spot prices every few weeks")
	}
	say("low and expected: every agent at scale.min all month; high: at scale.max all month, with Spot at no more than half off")
	say("low: no traffic; expected: nat_gb %v, logs_gb %v, images_gb %v, egress_gb %v, cross_az_gb %v, lcu %v, traces_m %v (usage in agents.yaml); high: ten times that",
		u.NATGB, u.LogsGB, u.ImagesGB, u.EgressGB, u.CrossAZGB, u.LCU, u.TracesM)
	if u.FreeTier {
		say("the account's free tiers are unused by anything else (usage.free_tier)")
	} else {
		say("the account's free tiers are used up by something else (usage.free_tier)")
	}
	if b.cfg.Network.NAT == agents.NATInstance {
		say("data through the NAT instance costs nothing but what goes to the internet costs (egress_gb); traffic from other zones to it is cross_az_gb")
	}
	if given := b.cfg.GivenFileSystems(); len(given) > 0 {
		say("what is on %s is not in the estimate: it is not the stack's", strings.Join(given, ", "))
	}
	if len(b.cfg.Public()) == 0 {
		return // no load balancer
	}
	if b.cfg.LoadBalancer.AccessLogs != "" {
		say("the access logs in %s are not in the estimate", b.cfg.LoadBalancer.AccessLogs)
	}
	if b.cfg.LoadBalancer.Domain != "" {
		say("the hosted zone of %s is not in the estimate: it is not the stack's", b.cfg.LoadBalancer.Domain)
	}
}
