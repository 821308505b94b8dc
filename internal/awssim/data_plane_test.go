package awssim

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestARequestFindsItsAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t)
		tg, idle := e.group("validator"), e.group("idle")
		lb := e.balancer("edge")
		li := e.listener(lb)
		e.forward(li, tg, "validator", 10)
		e.forward(li, idle, "idle", 20)
		host := e.world.LoadBalancers[lb].DNSName
		web := &http.Client{Transport: e.RoundTripper()}
		ask := func(path string) (int, string) {
			t.Helper()
			resp, err := web.Get("http://" + host + path)
			if err != nil {
				return 0, err.Error()
			}
			defer func() { _ = resp.Body.Close() }()
			b, _ := io.ReadAll(resp.Body)
			return resp.StatusCode, string(b)
		}
		if _, err := ask("/validator/health"); !strings.Contains(err, "not active") {
			t.Errorf("a load balancer that is provisioning says %s", err)
		}
		_ = e.Edit(func(*World) {
			e.registerTarget(tg, "10.0.0.9", 9001)
			e.answerTarget(tg, "10.0.0.9", 9001, true)
		})
		time.Sleep(albProvisioning + 10*time.Second)
		for path, want := range map[string]struct {
			status int
			says   string
		}{
			"/validator/health":     {200, `"path":"/health"`},
			"/validator/health/a/b": {200, `"path":"/health/a/b"`},
			"/validator":            {200, `"path":"/"`},
			"/validator/":           {200, `"path":"/"`},
			"/validators":           {404, "no such agent"},
			"/":                     {404, "no such agent"},
			"/idle/health":          {503, "503"},
		} {
			if status, body := ask(path); status != want.status || !strings.Contains(body, want.says) {
				t.Errorf("%s: %d %s, want %d with %s", path, status, body, want.status, want.says)
			}
		}
		_ = e.Edit(func(*World) { e.answerTarget(tg, "10.0.0.9", 9001, false) })
		if status, _ := ask("/validator/health"); status != 502 {
			t.Errorf("a target that stopped answering gives %d", status)
		}
		if _, err := web.Get("http://nowhere.example.com/"); err == nil {
			t.Error("a host that is nobody's answers")
		}
	})
}

func TestTheLoadBalancersRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		e := newEdge(t)
		lb, tg := e.balancer("edge"), e.group("validator")
		li := e.listener(lb)
		rule := e.forward(li, tg, "validator", 10)
		if e.balancer("edge") != lb || e.listener(lb) != li {
			t.Error("the same create twice makes two things")
		}
		try := func(what, code string, change func(*elb.CreateLoadBalancerInput)) {
			t.Helper()
			in := balancerInput("other")
			change(in)
			_, err := e.elb.CreateLoadBalancer(ctx, in)
			refused(t, what, err, code)
		}
		try("one zone", "ValidationError", func(in *elb.CreateLoadBalancerInput) { in.Subnets = in.Subnets[:1] })
		try("a name that begins with internal-", "ValidationError", func(in *elb.CreateLoadBalancerInput) { in.Name = aws.String("internal-x") })
		try("no group of the VPC", "InvalidSecurityGroup", func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-9"} })
		try("no such subnet", "SubnetNotFound", func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-9", "subnet-8"} })
		_ = e.Edit(func(w *World) { delete(w.InternetGateways, "igw-1") })
		try("no internet gateway", "InvalidSubnet", func(*elb.CreateLoadBalancerInput) {})

		_, err := e.elb.CreateRule(ctx, ruleInput(li, tg, "other", 10))
		refused(t, "a priority that is taken", err, "PriorityInUse")
		in := ruleInput(li, tg, "other", 11)
		in.Conditions[0].Values = []string{"/1", "/2", "/3", "/4", "/5", "/6"}
		_, err = e.elb.CreateRule(ctx, in)
		refused(t, "six condition values", err, "ValidationError")
		_, err = e.elb.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &rule, ResetTransforms: aws.Bool(true), Transforms: in.Transforms})
		refused(t, "transforms and their reset", err, "ValidationError")
		_, err = e.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &tg})
		refused(t, "a target group in use", err, "ResourceInUse")
		other := listenerInput(lb)
		other.DefaultActions[0].FixedResponseConfig.MessageBody = aws.String("other")
		_, err = e.elb.CreateListener(ctx, other)
		refused(t, "another listener on the port", err, "DuplicateListener")
		_, err = e.elb.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: make([]string, 21)})
		refused(t, "21 ARNs", err, "ValidationError")
	})
}

func TestTheInterfacesOfADeletedLoadBalancerLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t)
		lb := e.balancer("edge")
		if _, err := e.elb.DeleteLoadBalancer(context.Background(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: &lb}); err != nil {
			t.Fatal(err)
		}
		held := func() (n int) {
			_ = e.Edit(func(w *World) { n = len(w.NetworkInterfaces) })
			return n
		}
		time.Sleep(albLingers - time.Second)
		if n := held(); n != 2 {
			t.Errorf("%d interfaces are left after 59 s, want 2", n)
		}
		time.Sleep(time.Second)
		if n := held(); n != 0 {
			t.Errorf("%d interfaces are left after a minute", n)
		}
	})
}
