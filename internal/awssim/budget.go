package awssim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Budget is a simulated AWS Budget.
type Budget struct {
	Name          string
	Limit         string
	Filters       map[string][]string
	Notifications []*BudgetNotification
	Tags          cloud.Tags
	Created       time.Time
}

// BudgetNotification is one threshold with its subscribers.
type BudgetNotification struct {
	Type      string
	Operator  string
	Threshold float64
	Emails    []string
}

func (s *Sim) budgetNoun() noun {
	return noun{
		ops: []operation{
			on("Budgets.CreateBudget", s.createBudget, "AccountId", "Budget", "NotificationsWithSubscribers", "ResourceTags"),
			on("Budgets.DescribeBudget", s.describeBudget, "AccountId", "BudgetName"),
			on("Budgets.UpdateBudget", s.updateBudget, "AccountId", "NewBudget"),
			on("Budgets.DeleteBudget", s.deleteBudget, "AccountId", "BudgetName"),
			on("Budgets.DescribeNotificationsForBudget", s.describeBudgetNotifications, "AccountId", "BudgetName").pages("Notifications", 50, 100),
			on("Budgets.DescribeSubscribersForNotification", s.describeBudgetSubscribers, "AccountId", "BudgetName", "Notification").pages("Subscribers", 50, 100),
			on("Budgets.CreateNotification", s.createBudgetNotification, "AccountId", "BudgetName", "Notification", "Subscribers"),
			on("Budgets.DeleteNotification", s.deleteBudgetNotification, "AccountId", "BudgetName", "Notification"),
			on("Budgets.ListTagsForResource", s.listBudgetTags, "ResourceARN"),
			on("Budgets.TagResource", s.tagBudget, "ResourceARN", "ResourceTags"),
			on("Budgets.UntagResource", s.untagBudget, "ResourceARN", "ResourceTagKeys"),
		},
		each: func(tell func(thing)) {
			for name, b := range s.world.Budgets {
				tell(thing{kind: "budget", name: name, tags: b.Tags})
			}
		},
	}
}

// AWS's limits: a budget has up to five notifications in CreateBudget, each of
// them up to ten addresses.
const (
	budgetNotifications = 5
	budgetEmails        = 10
)

var budgetName = lazyregexp.New(`^[^:\\]{1,100}$`)

func (s *Sim) budget(account, name *string) (*Budget, error) {
	if aws.ToString(account) != s.world.Account {
		return nil, fail("AccessDeniedException", "Account %s is not authorized", aws.ToString(account))
	}
	b := s.world.Budgets[aws.ToString(name)]
	if b == nil || !s.visible(b.Created) {
		return nil, fail("NotFoundException", "Unable to get budget: %s - the budget doesn't exist.", aws.ToString(name))
	}
	return b, nil
}

// checkBudget takes monthly cost budgets only, which is all that karmactl makes.
func checkBudget(b *types.Budget) error {
	if !budgetName.MatchString(aws.ToString(b.BudgetName)) || strings.Contains(aws.ToString(b.BudgetName), "/action/") {
		return fail("InvalidParameterException", "The budget name %q is not valid", aws.ToString(b.BudgetName))
	}
	if b.BudgetType != types.BudgetTypeCost || b.TimeUnit != types.TimeUnitMonthly {
		return fmt.Errorf("awssim: budgets of type %s by %s are not simulated", b.BudgetType, b.TimeUnit)
	}
	if b.BudgetLimit == nil || aws.ToString(b.BudgetLimit.Unit) != "USD" {
		return fail("InvalidParameterException", "BudgetLimit in USD is required")
	}
	if n, err := strconv.ParseFloat(aws.ToString(b.BudgetLimit.Amount), 64); err != nil || n <= 0 {
		return fail("InvalidParameterException", "BudgetLimit must be greater than zero")
	}
	for k, values := range b.CostFilters { //nolint:staticcheck // what the product sends
		if k != "TagKeyValue" {
			return fmt.Errorf("awssim: the cost filter %s is not simulated", k)
		}
		for _, v := range values {
			if key, _, ok := strings.Cut(v, "$"); !ok || !strings.HasPrefix(key, "user:") {
				return fail("InvalidParameterException", "The tag filter %q is not of the form user:key$value", v)
			}
		}
	}
	return nil
}

func checkBudgetNotification(n *types.Notification, subs []types.Subscriber) (*BudgetNotification, error) {
	if n.ThresholdType != "" && n.ThresholdType != types.ThresholdTypePercentage {
		return nil, fmt.Errorf("awssim: the threshold type %s is not simulated", n.ThresholdType)
	}
	if n.Threshold <= 0 || n.Threshold > 1_000_000 {
		return nil, fail("InvalidParameterException", "Threshold %v is out of range", n.Threshold)
	}
	if len(subs) == 0 || len(subs) > budgetEmails {
		return nil, fail("InvalidParameterException", "Each notification must have at least one subscriber, and at most %d e-mail subscribers", budgetEmails)
	}
	out := &BudgetNotification{Type: string(n.NotificationType), Operator: string(n.ComparisonOperator), Threshold: n.Threshold}
	for _, sub := range subs {
		if sub.SubscriptionType != types.SubscriptionTypeEmail || !strings.Contains(aws.ToString(sub.Address), "@") {
			return nil, fail("InvalidParameterException", "The subscriber %q is not valid", aws.ToString(sub.Address))
		}
		out.Emails = append(out.Emails, aws.ToString(sub.Address))
	}
	return out, nil
}

func (b *Budget) notification(n *types.Notification) (*BudgetNotification, int) {
	i := slices.IndexFunc(b.Notifications, func(h *BudgetNotification) bool {
		return h.Type == string(n.NotificationType) && h.Operator == string(n.ComparisonOperator) && h.Threshold == n.Threshold
	})
	if i < 0 {
		return nil, i
	}
	return b.Notifications[i], i
}

func (s *Sim) createBudget(in *budgets.CreateBudgetInput) (*budgets.CreateBudgetOutput, error) {
	if err := checkBudget(in.Budget); err != nil {
		return nil, err
	}
	name := aws.ToString(in.Budget.BudgetName)
	if aws.ToString(in.AccountId) != s.world.Account {
		return nil, fail("AccessDeniedException", "Account %s is not authorized", aws.ToString(in.AccountId))
	}
	if s.world.Budgets[name] != nil {
		return nil, fail("DuplicateRecordException", "Error creating budget: %s - the budget already exists.", name)
	}
	if len(in.NotificationsWithSubscribers) > budgetNotifications {
		return nil, fail("InvalidParameterException", "A budget can have up to %d notifications", budgetNotifications)
	}
	b := &Budget{
		Name: name, Limit: aws.ToString(in.Budget.BudgetLimit.Amount), Created: s.now(),
		Filters: in.Budget.CostFilters, //nolint:staticcheck // what the product sends
		Tags:    cloud.FromSDK(in.ResourceTags, func(t types.ResourceTag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }),
	}
	if err := validTags(b.Tags, "InvalidParameterException"); err != nil {
		return nil, err
	}
	for _, n := range in.NotificationsWithSubscribers {
		one, err := checkBudgetNotification(n.Notification, n.Subscribers)
		if err != nil {
			return nil, err
		}
		b.Notifications = append(b.Notifications, one)
	}
	s.world.Budgets[name] = b
	return &budgets.CreateBudgetOutput{}, nil
}

func (s *Sim) describeBudget(in *budgets.DescribeBudgetInput) (*budgets.DescribeBudgetOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	limit, err := strconv.ParseFloat(b.Limit, 64)
	if err != nil {
		return nil, err
	}
	amount := strconv.FormatFloat(limit, 'f', -1, 64)
	if !strings.Contains(amount, ".") {
		amount += ".0" // as AWS does
	}
	out := &types.Budget{
		BudgetName: &b.Name, BudgetType: types.BudgetTypeCost, TimeUnit: types.TimeUnitMonthly,
		BudgetLimit: &types.Spend{Amount: &amount, Unit: aws.String("USD")},
	}
	out.CostFilters = b.Filters //nolint:staticcheck // what the product reads
	return &budgets.DescribeBudgetOutput{Budget: out}, nil
}

func (s *Sim) updateBudget(in *budgets.UpdateBudgetInput) (*budgets.UpdateBudgetOutput, error) {
	b, err := s.budget(in.AccountId, in.NewBudget.BudgetName)
	if err != nil {
		return nil, err
	}
	if err := checkBudget(in.NewBudget); err != nil {
		return nil, err
	}
	b.Limit = aws.ToString(in.NewBudget.BudgetLimit.Amount)
	b.Filters = in.NewBudget.CostFilters //nolint:staticcheck // what the product sends
	return &budgets.UpdateBudgetOutput{}, nil
}

func (s *Sim) deleteBudget(in *budgets.DeleteBudgetInput) (*budgets.DeleteBudgetOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	delete(s.world.Budgets, b.Name)
	return &budgets.DeleteBudgetOutput{}, nil
}

func (s *Sim) describeBudgetNotifications(in *budgets.DescribeNotificationsForBudgetInput) (*budgets.DescribeNotificationsForBudgetOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	out := &budgets.DescribeNotificationsForBudgetOutput{}
	for _, n := range b.Notifications {
		out.Notifications = append(out.Notifications, types.Notification{
			NotificationType: types.NotificationType(n.Type), ComparisonOperator: types.ComparisonOperator(n.Operator),
			Threshold: n.Threshold, ThresholdType: types.ThresholdTypePercentage, NotificationState: types.NotificationStateOk,
		})
	}
	return out, nil
}

func (s *Sim) describeBudgetSubscribers(in *budgets.DescribeSubscribersForNotificationInput) (*budgets.DescribeSubscribersForNotificationOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	n, _ := b.notification(in.Notification)
	if n == nil {
		return nil, fail("NotFoundException", "Unable to find the notification")
	}
	out := &budgets.DescribeSubscribersForNotificationOutput{}
	for _, e := range n.Emails {
		out.Subscribers = append(out.Subscribers, types.Subscriber{Address: &e, SubscriptionType: types.SubscriptionTypeEmail})
	}
	return out, nil
}

func (s *Sim) createBudgetNotification(in *budgets.CreateNotificationInput) (*budgets.CreateNotificationOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	if n, _ := b.notification(in.Notification); n != nil {
		return nil, fail("DuplicateRecordException", "The notification already exists")
	}
	n, err := checkBudgetNotification(in.Notification, in.Subscribers)
	if err != nil {
		return nil, err
	}
	b.Notifications = append(b.Notifications, n)
	return &budgets.CreateNotificationOutput{}, nil
}

func (s *Sim) deleteBudgetNotification(in *budgets.DeleteNotificationInput) (*budgets.DeleteNotificationOutput, error) {
	b, err := s.budget(in.AccountId, in.BudgetName)
	if err != nil {
		return nil, err
	}
	n, i := b.notification(in.Notification)
	if n == nil {
		return nil, fail("NotFoundException", "Unable to find the notification")
	}
	b.Notifications = slices.Delete(b.Notifications, i, i+1)
	return &budgets.DeleteNotificationOutput{}, nil
}

func (s *Sim) budgetByARN(arn *string) (*Budget, error) {
	_, name, ok := strings.Cut(aws.ToString(arn), fmt.Sprintf("arn:aws:budgets::%s:budget/", s.world.Account))
	if !ok {
		return nil, fail("NotFoundException", "The resource %s does not exist", aws.ToString(arn))
	}
	return s.budget(&s.world.Account, &name)
}

func (s *Sim) listBudgetTags(in *budgets.ListTagsForResourceInput) (*budgets.ListTagsForResourceOutput, error) {
	b, err := s.budgetByARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &budgets.ListTagsForResourceOutput{
		ResourceTags: cloud.ToSDK(b.Tags, func(k, v string) types.ResourceTag { return types.ResourceTag{Key: &k, Value: &v} }),
	}, nil
}

func (s *Sim) tagBudget(in *budgets.TagResourceInput) (*budgets.TagResourceOutput, error) {
	b, err := s.budgetByARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	set := cloud.FromSDK(in.ResourceTags, func(t types.ResourceTag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return &budgets.TagResourceOutput{}, retag(b.Tags, set, nil, "InvalidParameterException")
}

func (s *Sim) untagBudget(in *budgets.UntagResourceInput) (*budgets.UntagResourceOutput, error) {
	b, err := s.budgetByARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &budgets.UntagResourceOutput{}, retag(b.Tags, nil, in.ResourceTagKeys, "InvalidParameterException")
}
