package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// BudgetSpec is what we own of an AWS Budget.
type BudgetSpec struct {
	// Limit is US dollars a month, without trailing zeros.
	Limit string
	// Filter is the tag that it counts: user:karmactl:stack$karmacadabra-prod.
	Filter  string
	Notices Notices
	Tags    cloud.Tags
}

// Budget tells the user by e-mail when the stack's bill reaches 80 % and 100 %
// of the limit, and when it is forecast to. It costs nothing and stops nothing;
// AWS looks two or three times a day, and forecasts after five weeks. It counts
// what carries the stack's tag, in every region, once that tag is active in
// billing. Its id is its name.
type Budget struct {
	engine.Ref
	*Env
	// MonthlyUSD is a decimal such as 100 or 99.50.
	MonthlyUSD string
	Emails     []string
}

// maxBudgetName is AWS's limit.
const maxBudgetName = 100

// Name is unique in the account, whose budgets know no regions.
func (b *Budget) Name() string { return cloud.Name(maxBudgetName, b.Stack, b.Account.Region) }

func (b *Budget) arn() string          { return b.Account.GlobalARN("budgets", "budget/"+b.Name()) }
func (b *Budget) Key() engine.Key      { return "budget" }
func (b *Budget) Needs() []engine.Node { return nil }

func (b *Budget) Want() BudgetSpec {
	return BudgetSpec{
		Limit: plainAmount(b.MonthlyUSD), Filter: "user:" + cloud.TagStack + "$" + b.Stack,
		Notices: noticesTo(setOf(b.Emails)), Tags: b.TagsOf(b.Key()),
	}
}

// plainAmount writes 100.0, as AWS gives it back, and 100 alike.
func plainAmount(s string) string {
	d, err := decimal.NewFromString(s)
	if err != nil {
		return s
	}
	return d.String()
}

// Notice is one threshold and who is told of it.
type Notice struct {
	Kind    types.NotificationType
	Percent float64
	Emails  Set
}

func (n Notice) String() string {
	return fmt.Sprintf("%s %v: %s", strings.ToLower(string(n.Kind)), n.Percent, n.Emails)
}

// Notices are the thresholds of a budget, in the order of their texts.
type Notices []Notice

func noticesTo(emails Set) Notices {
	return Notices{
		{types.NotificationTypeActual, 100, emails},
		{types.NotificationTypeActual, 80, emails},
		{types.NotificationTypeForecasted, 100, emails},
	}
}

func (n Notices) has(one Notice) bool {
	return slices.ContainsFunc(n, func(x Notice) bool {
		return x.Kind == one.Kind && x.Percent == one.Percent && x.Emails.Equal(one.Emails)
	})
}

// Equal tells whether both tell the same people of the same.
func (n Notices) Equal(other Notices) bool {
	return len(n) == len(other) && !slices.ContainsFunc(n, func(x Notice) bool { return !other.has(x) })
}

func (n Notices) String() string {
	var out []string
	for _, one := range n {
		out = append(out, one.String())
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func (n Notice) notification() *types.Notification {
	return &types.Notification{
		NotificationType: n.Kind, ComparisonOperator: types.ComparisonOperatorGreaterThan, Threshold: n.Percent, ThresholdType: types.ThresholdTypePercentage,
	}
}

func (n Notice) subscribers() []types.Subscriber {
	var out []types.Subscriber
	for _, e := range n.Emails {
		out = append(out, types.Subscriber{Address: aws.String(e), SubscriptionType: types.SubscriptionTypeEmail})
	}
	return out
}

func (b *Budget) Find(ctx context.Context, look engine.Look) (engine.Found[BudgetSpec], error) {
	out, err := b.Clients.Budgets.DescribeBudget(ctx, &budgets.DescribeBudgetInput{AccountId: &b.Account.ID, BudgetName: aws.String(b.Name())})
	if err != nil {
		return engine.Found[BudgetSpec]{}, cloud.IgnoreNotFound(err)
	}
	listed, err := b.Clients.Budgets.ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{ResourceARN: aws.String(b.arn())})
	if err != nil {
		return engine.Found[BudgetSpec]{}, cloud.IgnoreNotFound(err)
	}
	tags := cloud.FromSDK(listed.ResourceTags, func(t types.ResourceTag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	if err := b.ours(look, b.Key(), tags, "budget "+b.Name(), b.arn()); err != nil {
		return engine.Found[BudgetSpec]{}, err
	}
	notices, err := b.found(ctx)
	if err != nil {
		return engine.Found[BudgetSpec]{}, err
	}
	spec := BudgetSpec{Notices: notices, Tags: tags}
	if l := out.Budget.BudgetLimit; l != nil {
		spec.Limit = plainAmount(aws.ToString(l.Amount))
	}
	spec.Filter = strings.Join(out.Budget.CostFilters["TagKeyValue"], " ") //nolint:staticcheck // see Budget.budget
	return engine.Found[BudgetSpec]{Phase: engine.Ready, ID: b.Name(), Spec: spec}, nil
}

// found are the notifications as they are.
func (b *Budget) found(ctx context.Context) (Notices, error) {
	name := aws.String(b.Name())
	notifications, err := cloud.Pages(ctx, budgets.NewDescribeNotificationsForBudgetPaginator(b.Clients.Budgets, &budgets.DescribeNotificationsForBudgetInput{AccountId: &b.Account.ID, BudgetName: name}),
		func(out *budgets.DescribeNotificationsForBudgetOutput) []types.Notification { return out.Notifications })
	if err != nil {
		return nil, err
	}
	var all Notices
	for _, n := range notifications {
		// AWS answers NotFoundException for a notification without subscribers.
		subscribers, err := unlessGone(cloud.Pages(ctx, budgets.NewDescribeSubscribersForNotificationPaginator(b.Clients.Budgets, &budgets.DescribeSubscribersForNotificationInput{
			AccountId: &b.Account.ID, BudgetName: name, Notification: &n,
		}), func(out *budgets.DescribeSubscribersForNotificationOutput) []types.Subscriber { return out.Subscribers }))
		if err != nil {
			return nil, err
		}
		one := Notice{Kind: n.NotificationType, Percent: n.Threshold}
		for _, s := range subscribers {
			one.Emails = append(one.Emails, aws.ToString(s.Address))
		}
		slices.Sort(one.Emails)
		all = append(all, one)
	}
	return all, nil
}

func (b *Budget) Diff(have, want BudgetSpec) []engine.Change {
	return changes(
		field("limit", have.Limit, want.Limit),
		field("filter", have.Filter, want.Filter),
		same("notices", have.Notices, want.Notices),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// budget is the budget as AWS takes it. CostFilters is the form that every
// account and emulator knows; the expression that is to follow it cannot be
// read back by the calls that list budgets.
func (b *Budget) budget(want BudgetSpec) *types.Budget {
	out := &types.Budget{
		BudgetName: aws.String(b.Name()), BudgetType: types.BudgetTypeCost, TimeUnit: types.TimeUnitMonthly,
		BudgetLimit: &types.Spend{Amount: &want.Limit, Unit: aws.String("USD")},
	}
	out.CostFilters = map[string][]string{"TagKeyValue": {want.Filter}} //nolint:staticcheck // see above
	return out
}

// Create makes the budget with its notifications.
func (b *Budget) Create(ctx context.Context, want BudgetSpec, _ string) (string, error) {
	in := &budgets.CreateBudgetInput{
		AccountId: &b.Account.ID, Budget: b.budget(want),
		ResourceTags: cloud.ToSDK(want.Tags, func(k, v string) types.ResourceTag { return types.ResourceTag{Key: &k, Value: &v} }),
	}
	for _, n := range want.Notices {
		in.NotificationsWithSubscribers = append(in.NotificationsWithSubscribers, types.NotificationWithSubscribers{
			Notification: n.notification(), Subscribers: n.subscribers(),
		})
	}
	if _, err := b.Clients.Budgets.CreateBudget(ctx, in); err != nil {
		return "", err
	}
	return b.Name(), nil
}

func (b *Budget) Update(ctx context.Context, _ string, have, want BudgetSpec) error {
	if have.Limit != want.Limit || have.Filter != want.Filter {
		if _, err := b.Clients.Budgets.UpdateBudget(ctx, &budgets.UpdateBudgetInput{AccountId: &b.Account.ID, NewBudget: b.budget(want)}); err != nil {
			return err
		}
	}
	if !have.Notices.Equal(want.Notices) {
		if err := b.notify(ctx, want.Notices); err != nil {
			return err
		}
	}
	return cloud.SyncTags(have.Tags, want.Tags, func(set cloud.Tags) error {
		tags := cloud.ToSDK(set, func(k, v string) types.ResourceTag { return types.ResourceTag{Key: &k, Value: &v} })
		return failure(b.Clients.Budgets.TagResource(ctx, &budgets.TagResourceInput{ResourceARN: aws.String(b.arn()), ResourceTags: tags}))
	}, func(gone []string) error {
		return failure(b.Clients.Budgets.UntagResource(ctx, &budgets.UntagResourceInput{ResourceARN: aws.String(b.arn()), ResourceTagKeys: gone}))
	})
}

// notify makes the notifications again where they differ: AWS has no call that
// replaces the subscribers of one.
func (b *Budget) notify(ctx context.Context, want Notices) error {
	have, err := b.found(ctx)
	if err != nil {
		return err
	}
	for _, n := range have {
		if want.has(n) {
			continue
		}
		if _, err := b.Clients.Budgets.DeleteNotification(ctx, &budgets.DeleteNotificationInput{AccountId: &b.Account.ID, BudgetName: aws.String(b.Name()), Notification: n.notification()}); err != nil {
			return err
		}
	}
	for _, w := range want {
		if have.has(w) {
			continue
		}
		_, err := b.Clients.Budgets.CreateNotification(ctx, &budgets.CreateNotificationInput{
			AccountId: &b.Account.ID, BudgetName: aws.String(b.Name()), Notification: w.notification(), Subscribers: w.subscribers(),
		})
		// One that reads back in other words is there already, and is left.
		if err != nil && !cloud.Is(err, "DuplicateRecordException") {
			return err
		}
	}
	return nil
}

// Delete deletes the budget and its notifications.
func (b *Budget) Delete(ctx context.Context, id string) error {
	return failure(b.Clients.Budgets.DeleteBudget(ctx, &budgets.DeleteBudgetInput{AccountId: &b.Account.ID, BudgetName: &id}))
}
