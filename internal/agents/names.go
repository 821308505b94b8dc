package agents

import (
	"strings"
	"time"
	// The zones go into the program, so that a schedule means the same on a
	// machine that has none of its own (Windows, a minimal container).
	_ "time/tzdata"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// bucketName is a pattern: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const bucketName = `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`

// IsBucketName tells whether S3 takes s for the name of a bucket.
func IsBucketName(s string) bool { return bucketRule.pattern.MatchString(s) }

// What texts may be. A name that passes here is one that every AWS service
// that carries it accepts: ECR repositories (lower case, no doubled or
// trailing separator) are the strictest, then Service Connect (64 characters).
var (
	nameWord = lazyregexp.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

	// ELB refuses internal- and EC2 refuses sg- at the start of a name.
	projectRule = textRule{pattern: nameWord, near: hyphened, most: 32, allowed: "lower-case letters, digits and single hyphens, starting with a letter", refuse: func(s string) string {
		for _, prefix := range []string{"internal-", "sg-"} {
			if strings.HasPrefix(s+"-", prefix) {
				return "not " + strings.TrimSuffix(prefix, "-") + " or " + prefix + "*, which AWS keeps for itself"
			}
		}
		return ""
	}}
	environmentRule = textRule{pattern: nameWord, near: hyphened, most: 16, allowed: "lower-case letters, digits and single hyphens, starting with a letter"}
	agentNameRule   = textRule{pattern: nameWord, near: hyphened, most: 40, allowed: "lower-case letters, digits and single hyphens, starting with a letter"}
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
	serviceRule = textRule{pattern: lazyregexp.New(`^[A-Za-z0-9_-]+$`), most: 255, allowed: "letters, digits, hyphens and underscores"}
	namedRule   = textRule{pattern: lazyregexp.New(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`), near: hyphened, most: 64, allowed: "lower-case letters, digits, single hyphens and underscores, starting with a letter"}

	regionRule = textRule{pattern: lazyregexp.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`), near: regionOf, allowed: "a region such as us-east-1", refuse: unknownRegion}
	zoneRule   = textRule{pattern: lazyregexp.New(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]$`), allowed: "a zone such as us-east-1a"}
	stateRule  = textRule{pattern: lazyregexp.New(`^(s3://` + bucketName + `(/[^ ]*)?|[^:]+)$`), allowed: "s3://bucket/prefix or a local path"}
	bucketRule = textRule{pattern: lazyregexp.New(`^` + bucketName + `$`), allowed: "the name of an S3 bucket, or off"}
	emailRule  = textRule{pattern: lazyregexp.New(`^[^@ ,;<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`), most: 254, allowed: "an address such as ops@example.com"}
	// Cloud Map HTTP namespaces take more; a name that looks like a domain reads best.
	namespaceRule = textRule{pattern: lazyregexp.New(`^[a-z0-9]+([.-][a-z0-9]+)*$`), most: 253, allowed: "a name such as karmacadabra.local"}
	queryRule     = textRule{pattern: lazyregexp.New(`[^ \n]`), most: 10000, allowed: "a Logs Insights query"}
	cidrRule      = textRule{pattern: lazyregexp.New(`^[0-9.]+/[0-9]+$`), allowed: "a private block such as 10.0.0.0/16", refuse: refuseCIDR}
	// ACM takes at most 64 characters for the first name of a certificate.
	domainRule = textRule{pattern: domainPattern, near: domainOf, most: 64, allowed: "a domain in lower case such as agents.example.com"}
	zoneDomain = textRule{pattern: zonePattern, near: domainOf, most: 253, allowed: "a domain in lower case such as example.com, or a hosted zone's id such as Z0123456789ABC"}

	// The characters that every tagging service takes.
	tagKeyRule = textRule{pattern: tagCharacters, most: 128, allowed: "letters, digits, spaces and _ . : / = + - @", refuse: func(s string) string {
		switch lower := strings.ToLower(s); {
		case s == "":
			return "a tag needs a key"
		case strings.HasPrefix(lower, "aws:"):
			return "not aws:*, which AWS keeps for itself"
		case strings.HasPrefix(lower, "karmactl:"):
			return "not karmactl:*, by which karmactl knows what is its own"
		}
		return ""
	}}
	tagValueRule = textRule{pattern: tagCharacters, most: 256, allowed: "letters, digits, spaces and _ . : / = + - @", refuse: func(s string) string {
		if strings.HasPrefix(strings.ToLower(s), "aws:") {
			return "not aws:*, which AWS keeps for itself"
		}
		return ""
	}}

	// ECS takes every name without = and NUL, such as discovery.type. A space or a
	// hyphen in front is surely a mistake.
	envNameRule = textRule{pattern: lazyregexp.New(`^[!-,.-<>-~][!-<>-~]*$`), near: underscored, most: 255, allowed: "a name without spaces and =, not starting with a hyphen"}
	// A Dockerfile refers to a build argument as a shell does to a variable.
	buildArgRule   = textRule{pattern: lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`), near: underscored, most: 255, allowed: "letters, digits and underscores, not starting with a digit"}
	secretKeyRule  = textRule{pattern: lazyregexp.New(`^[A-Za-z0-9_.-]+$`), most: 128, allowed: "one top-level key: letters, digits and _ . -", rewrite: fromValueFrom}
	secretNameRule = textRule{pattern: lazyregexp.New(`^(arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+|ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+)|[A-Za-z0-9/_+=.@-]+)$`), most: 600, allowed: "the name or ARN of a secret or a parameter", rewrite: fromValueFrom}
	nestedRule     = textRule{pattern: lazyregexp.New(`^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+|[A-Za-z0-9/_+=.@-]*)$`), most: 600, allowed: `the name or ARN of a secret, or "" for none`}
	entryRule      = textRule{pattern: lazyregexp.New(`^[^{}]*\{agent\}[^{}]*$`), most: 128, allowed: "a key with {agent} in it, such as {agent}-agent"}

	// {agent} stands for the agent's name. The tag and the digest are both optional.
	imageRule     = textRule{pattern: lazyregexp.New(`^([A-Za-z0-9.-]+(:[0-9]+)?/)?([a-z0-9]|\{agent\})([a-z0-9._/-]|\{agent\})*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$`), near: imageOf, most: 512, allowed: "an image such as registry.example.com/team/agent:1.2, in lower case except its tag"}
	localPathRule = textRule{pattern: lazyregexp.New(`^[^:]+$`), most: 1024, allowed: "a local path, not a URL"}
	// ELB: a health check path starts with / and is at most 1024 characters.
	healthCodesRule = textRule{pattern: lazyregexp.New(`^[234][0-9]{2}(-[234][0-9]{2})?(,[234][0-9]{2}(-[234][0-9]{2})?)*$`), most: 128, allowed: `statuses from 200 to 499 such as "200", "200-299" or "200-299,406"`}
	healthPathRule  = textRule{pattern: lazyregexp.New(`^/[!-~]*$`), most: 1024, allowed: "a path that starts with /"}

	clockRule    = textRule{pattern: lazyregexp.New(`^([01][0-9]|2[0-3]):[0-5][0-9]$`), allowed: "a time of day as HH:MM, 00:00 to 23:59"}
	timezoneRule = textRule{allowed: "an IANA time zone such as America/New_York or UTC", refuse: func(s string) string {
		const allowed = "an IANA time zone such as America/New_York or UTC"
		if s == "" || s == "Local" {
			return allowed
		}
		if _, err := time.LoadLocation(s); err != nil {
			return allowed
		}
		return ""
	}}
)

var (
	domainPattern = lazyregexp.New(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	zonePattern   = lazyregexp.New(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$|^Z[A-Z0-9]{1,31}$`)
	tagCharacters = lazyregexp.New(`^[\p{L}\p{N} _.:/=+@-]*$`)
)

func anyRule(allowed string) textRule { return textRule{allowed: allowed} }

// ProjectName tells whether a text may be the project of a file.
func ProjectName(s string) bool { return allowed(projectRule, s) }

// EnvironmentName tells whether a text may be the environment of a file.
func EnvironmentName(s string) bool { return allowed(environmentRule, s) }

// AgentName tells whether a text may be the name of an agent.
func AgentName(s string) bool { return allowed(agentNameRule, s) }

// VolumeName tells whether a text may be the name of a volume.
func VolumeName(s string) bool { return allowed(volumeRule, s) }

func allowed(rule textRule, s string) bool {
	_, ok := rule.check(s)
	return ok
}
