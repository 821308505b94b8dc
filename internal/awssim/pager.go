package awssim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"strings"
)

// pager is how the answer of an operation is cut into pages.
type pager struct {
	items string // the field of the answer that is cut
	usual int    // items a page when the caller does not say
	most  int    // what the caller can ask for
	whole string // the field of the input that asks for named things, which come in one answer
	limit string // the fields by which the caller asks for a page
	token string
	code  string // the service's error for a page that cannot be asked for
	next  string // the field of the answer that leads to the next page
}

// The names that AWS's services have for the same three fields.
var (
	limitFields = []string{"MaxResults", "MaxRecords", "MaxItems", "PageSize", "Limit", "ResourcesPerPage"}
	tokenFields = []string{"NextToken", "Marker", "PaginationToken"}
	nextFields  = []string{"NextToken", "NextMarker", "Marker", "PaginationToken"}
)

// pageErrors are the services' codes for a page or a token that is not valid.
var pageErrors = map[string]string{
	"ACM": "ValidationException", "Application Auto Scaling": "ValidationException", "Budgets": "InvalidParameterException",
	"CloudWatch": "ValidationError", "CloudWatch Logs": "InvalidParameterException", "EC2": "InvalidParameterValue",
	"EFS": "BadRequest", "EventBridge": "ValidationException", "ECR": "InvalidParameterException", "ECS": "InvalidParameterException", "Elastic Load Balancing v2": "ValidationError",
	"IAM": "ValidationError", "Resource Groups Tagging API": "InvalidParameterException", "Route 53": "InvalidInput",
	"SNS": "InvalidParameter", "SSM": "ValidationException", "Secrets Manager": "InvalidParameterException",
	"ServiceDiscovery": "InvalidInput", "SFN": "InvalidToken", "XRay": "InvalidRequestException",
}

// pages has an operation, whose handler answers with the whole list, give it a
// page at a time. The fields that ask for a page need not be declared.
func (o operation) pages(items string, usual, most int, whole ...string) operation {
	service, _, _ := strings.Cut(o.name, ".")
	l := &pager{code: pageErrors[service], items: items, usual: usual, most: most, limit: field(o.in, limitFields), token: field(o.in, tokenFields), next: field(o.out, nextFields)}
	if len(whole) > 0 {
		l.whole = whole[0]
	}
	if _, ok := o.out.FieldByName(items); !ok || l.token == "" || l.next == "" {
		panic(fmt.Sprintf("awssim: %s does not page %s", o.name, items)) // a mistake in this package, found by its first test
	}
	o.fields[l.token] = true
	if l.limit != "" {
		o.fields[l.limit] = true
	}
	o.pager = l
	return o
}

// field is the first of the names that a struct has.
func field(t reflect.Type, names []string) string {
	for _, n := range names {
		if _, ok := t.FieldByName(n); ok {
			return n
		}
	}
	return ""
}

// cut leaves one page of an answer. What was on the pages before is left out by
// what it is and not by its place: AWS's listings lose nothing when something is
// deleted between two pages.
func (s *Sim) cut(l *pager, in, out any) error {
	asked, answer := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
	size, err := l.size(asked)
	if err != nil {
		return err
	}
	size = s.pageSize(size)
	if l.whole != "" && asked.FieldByName(l.whole).Len() > 0 {
		return nil
	}
	all := answer.FieldByName(l.items)
	if token := asked.FieldByName(l.token); (token.IsNil() || token.Elem().String() == "") && 0 < all.Len() && all.Len() <= size {
		return nil // all of it is one page
	}
	question := l.question(asked)
	seen, err := s.before(l, asked, question)
	if err != nil {
		return err
	}
	page, next := reflect.MakeSlice(all.Type(), 0, min(size, all.Len())), ""
	for i := range all.Len() {
		id := identity(all.Index(i))
		if seen[id] {
			continue
		}
		if page.Len() == size {
			next = s.remember(question, seen)
			break
		}
		page, seen[id] = reflect.Append(page, all.Index(i)), true
	}
	all.Set(page)
	if next != "" {
		answer.FieldByName(l.next).Set(reflect.ValueOf(&next))
	}
	if more := answer.FieldByName("IsTruncated"); more.IsValid() {
		more.SetBool(next != "")
	}
	return nil
}

func (l *pager) size(asked reflect.Value) (int, error) {
	if l.limit == "" || asked.FieldByName(l.limit).IsZero() {
		return l.usual, nil
	}
	n := int(reflect.Indirect(asked.FieldByName(l.limit)).Int()) // Step Functions has a number, where others have a pointer
	if n < 1 || n > l.most {
		return 0, fail(l.code, "Value ( %d ) for parameter %s is invalid: it must be between 1 and %d.", n, l.limit, l.most)
	}
	return n, nil
}

// question is a digest of what was asked, the page left out: AWS takes a token
// for the question that it answered, and for no other.
func (l *pager) question(asked reflect.Value) uint32 {
	c := reflect.New(asked.Type()).Elem()
	c.Set(asked)
	c.FieldByName(l.token).SetZero()
	if l.limit != "" {
		c.FieldByName(l.limit).SetZero()
	}
	h := fnv.New32a()
	_ = json.NewEncoder(h).Encode(c.Interface()) // inputs are plain data, and a digest takes all
	return h.Sum32()
}

// shown is what the pages before had, of one question.
type shown struct {
	question uint32
	items    map[string]bool
}

// before is what the pages before the asked one had.
func (s *Sim) before(l *pager, asked reflect.Value, question uint32) (map[string]bool, error) {
	f := asked.FieldByName(l.token)
	if f.IsNil() || f.Elem().String() == "" {
		return map[string]bool{}, nil
	}
	t, ok := s.tokens[f.Elem().String()]
	if !ok || t.question != question {
		return nil, fail(l.code, "The %s is not one of this listing.", l.token)
	}
	return maps.Clone(t.items), nil
}

// remember makes the token of a next page, which is opaque, as AWS's are.
func (s *Sim) remember(question uint32, items map[string]bool) string {
	token := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "page %d %d", len(s.tokens), question))
	s.tokens[token] = shown{question, items}
	return token
}

// identity is what tells an item of a listing from the others: its names and
// ids, which stay when its state changes.
func identity(item reflect.Value) string {
	if item.Kind() == reflect.String {
		return item.String()
	}
	var names []any
	for i := range item.NumField() {
		name := item.Type().Field(i).Name
		for _, end := range []string{"Id", "Arn", "ARN", "Name", "Tag", "Digest", "Endpoint", "Address"} {
			if strings.HasSuffix(name, end) {
				names = append(names, item.Field(i).Interface())
				break
			}
		}
	}
	if names == nil {
		names = []any{item.Interface()}
	}
	text, _ := json.Marshal(names) // answers are plain data
	return string(text)
}

// pageSize is how many items a listing that pages by its own rules gives.
func (s *Sim) pageSize(n int) int {
	if s.perPage > 0 {
		return min(n, s.perPage)
	}
	return n
}

// PageBy has every listing give n items a page at most; 0 is as many as AWS gives.
func (s *Sim) PageBy(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.perPage = n
}
