package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestNamesAreShortenedDeterministicallyAndStayApart(t *testing.T) {
	skill := Name(MaxLoadBalancerName, "karmacadabra-prod", "skill-extractor")
	voice := Name(MaxLoadBalancerName, "karmacadabra-prod", "voice-extractor")
	if len(skill) > 32 || len(voice) > 32 || skill == voice {
		t.Errorf("got %q and %q", skill, voice)
	}
	if again := Name(MaxLoadBalancerName, "karmacadabra-prod", "skill-extractor"); again != skill {
		t.Errorf("%q became %q", skill, again)
	}
	if got := Name(MaxLoadBalancerName, "karmacadabra-prod", "validator"); got != "karmacadabra-prod-validator" {
		t.Errorf("a name that fits was changed: %q", got)
	}
	if got := Name(20, "karmacadabra-prod", "x"); strings.Contains(got, "--") {
		t.Errorf("%q has two hyphens where it was cut", got)
	}
}

func api(code, message string) error {
	return fmt.Errorf("operation error: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

func TestErrorsMeanWhatAWSMeansByThem(t *testing.T) {
	for _, c := range []struct {
		err  error
		want engine.Class
	}{
		{api("InvalidSubnetID.NotFound", ""), engine.NotFound},
		{api("NoSuchEntity", ""), engine.NotFound},
		{api("ResourceNotFoundException", ""), engine.NotFound},
		{api("DependencyViolation", "has dependencies"), engine.Busy},
		{api("AuthFailure", "You do not have permission to access the specified resource."), engine.Busy},
		{api("AuthFailure", "AWS was not able to validate the provided access credentials"), engine.Other},
		{api("OperationAborted", "A conflicting conditional operation is currently in progress against this resource."), engine.NotYet},
		{api("ClientException", "TaskDefinition not found."), engine.NotYet},
		{api("InvalidParameterException", "SC service is already used by arn:aws:servicediscovery:us-east-1:1:namespace/ns-1."), engine.NotYet},
		{api("ResourceInUse", ""), engine.Busy},
		{api("InvalidParameterValue", "Network interface 'eni-021048978ddd45189' is currently in use."), engine.Busy},
		{api("InvalidParameterValue", "The address 10.0.0.1 is currently in use."), engine.Other},
		{api("ScalingActivityInProgress", "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group."), engine.Busy},
		{api("RequestLimitExceeded", ""), engine.Throttled},
		{api("ThrottlingException", "Rate exceeded"), engine.Throttled},
		{api("UnauthorizedOperation", ""), engine.Denied},
		{api("AccessDeniedException", ""), engine.Denied},
		{api("InvalidParameterException", "Unable to assume the service linked role. Please verify"), engine.NotYet},
		{api("InvalidParameterException", "Unable to Start a service that is still Draining."), engine.NotYet},
		{api("InvalidParameterException", "cpu is not valid"), engine.Other},
		{&LostReply{Operation: "CreateVpc", Err: io.EOF}, engine.Lost},
		{io.ErrUnexpectedEOF, engine.Other},
		{errors.New("not found"), engine.Other},
	} {
		if got := Classify(c.err); got != c.want {
			t.Errorf("%v is class %d, want %d", c.err, got, c.want)
		}
	}
	if IsNotFound(errors.New("connection refused: NotFound")) {
		t.Error("an error without an API code is taken for not found")
	}
}

// answers is a transport that counts what is sent.
type answers struct {
	sent  atomic.Int32
	reply func(n int32) (*http.Response, error)
}

func (a *answers) Do(*http.Request) (*http.Response, error) { return a.reply(a.sent.Add(1)) }

func status(code int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func clientOf(a *answers, opts ...func(*ec2.Options)) *ec2.Client {
	cfg := aws.Config{
		Region: "us-east-1", HTTPClient: a, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return Retryer(time.Millisecond) },
	}
	return ec2.NewFromConfig(WithOptions(cfg, LostReplies), opts...)
}

const ec2Error = `<Response><Errors><Error><Code>%s</Code><Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>`

func TestACreateWhoseReplyWasLostIsNotSentAgain(t *testing.T) {
	for name, reply := range map[string]func(int32) (*http.Response, error){
		"the connection ended": func(int32) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"a 500":                func(int32) (*http.Response, error) { return status(500, fmt.Sprintf(ec2Error, "InternalError")) },
	} {
		t.Run(name, func(t *testing.T) {
			a := &answers{reply: reply}
			_, err := clientOf(a).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
			if a.sent.Load() != 1 || Classify(err) != engine.Lost {
				t.Errorf("sent %d times, class %d: %v", a.sent.Load(), Classify(err), err)
			}
		})
	}
}

func TestThrottledCreatesAndFailedReadsAreSentAgain(t *testing.T) {
	vpc := `<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>`
	a := &answers{reply: func(n int32) (*http.Response, error) {
		if n < 3 {
			return status(503, fmt.Sprintf(ec2Error, "RequestLimitExceeded"))
		}
		return status(200, vpc)
	}}
	out, err := clientOf(a).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil || aws.ToString(out.Vpc.VpcId) != "vpc-1" || a.sent.Load() != 3 {
		t.Errorf("after %d sends: %v", a.sent.Load(), err)
	}
	a = &answers{reply: func(n int32) (*http.Response, error) {
		if n == 1 {
			return nil, io.ErrUnexpectedEOF
		}
		return status(200, `<DescribeVpcsResponse/>`)
	}}
	if _, err := clientOf(a).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil || a.sent.Load() != 2 {
		t.Errorf("after %d sends: %v", a.sent.Load(), err)
	}
}

func TestAReadOnlyClientRefusesWritesBeforeTheyAreSent(t *testing.T) {
	a := &answers{reply: func(int32) (*http.Response, error) { return status(200, `<DescribeVpcsResponse/>`) }}
	c := clientOf(a, func(o *ec2.Options) { o.APIOptions = append(o.APIOptions, ReadOnly) })
	_, err := c.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("vpc-1")})
	var refused *WriteRefused
	if !errors.As(err, &refused) || a.sent.Load() != 0 {
		t.Errorf("sent %d, got %v", a.sent.Load(), err)
	}
	if _, err := c.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil || a.sent.Load() != 1 {
		t.Errorf("a read was refused: %v", err)
	}
}

type still struct{ at time.Time }

func (s *still) Now() time.Time                            { return s.at }
func (s *still) Wait(context.Context, time.Duration) error { return nil }

func TestAListingIsSharedUntilSomebodyNeedsANewerOne(t *testing.T) {
	clock := &still{at: time.Unix(1000, 0)}
	inv := NewInventory(clock)
	calls := 0
	fetch := func(context.Context) ([]int, error) { calls++; return []int{calls}, nil }
	for range 3 {
		if got, _ := List(t.Context(), inv, "vpc", time.Time{}, fetch); got[0] != 1 {
			t.Fatalf("got listing %d", got[0])
		}
	}
	if _, err := List(t.Context(), inv, "subnet", time.Time{}, func(context.Context) ([]int, error) { return nil, io.EOF }); err == nil {
		t.Error("the error is lost")
	}
	if got, _ := List(t.Context(), inv, "subnet", time.Time{}, fetch); got[0] != 2 {
		t.Error("an error was kept as a listing")
	}
	if got, _ := List(t.Context(), inv, "vpc", clock.at.Add(time.Second), fetch); got[0] != 3 {
		t.Error("a listing answered for a moment after it was read")
	}
}

func TestTagsOfAWSAreLeftAlone(t *testing.T) {
	set, gone := Tags{"a": "1", "b": "2", "aws:x": "y"}.Changed(Tags{"a": "1", "c": "3"})
	if set.String() != "c=3" || strings.Join(gone, " ") != "b" {
		t.Errorf("set %s, gone %v", set, gone)
	}
}
