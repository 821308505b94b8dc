package recorded

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What an answer can differ in.
const (
	lacks  = "is never sent, AWS always does"
	extra  = "is sent, AWS never does"
	casing = "is written otherwise by AWS"
	form   = "is of a form that AWS never sends"
	status = "comes with another status"
)

// Difference is one thing that an answer has otherwise than AWS's.
type Difference struct {
	Operation string
	// Path of the field, or the code of a refusal.
	Path string
	What string
	// Got is the text or the status that was answered.
	Got string
}

func (d Difference) key() string { return d.Operation + " " + d.Path }

func (d Difference) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", d.Operation, d.Path, d.What, d.Got))
}

// Answer compares what an operation answered: the SDK's output, or an error.
func (f *Facts) Answer(operation string, answer any, err error) []Difference {
	if err != nil {
		return f.refusal(operation, err)
	}
	o := f.Operations[operation]
	v := reflect.ValueOf(answer)
	if o == nil || v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	var all []Difference
	o.answer.compare(v.Elem(), func(path, what, got string) {
		all = append(all, Difference{Operation: operation, Path: path, What: what, Got: got})
	})
	return all
}

// refusal compares the status that a code came with.
func (f *Facts) refusal(operation string, err error) []Difference {
	service, _, _ := strings.Cut(operation, ".")
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return nil
	}
	got := response.HTTPStatusCode()
	if want := f.Statuses[service][api.ErrorCode()]; want == 0 || want == got {
		return nil
	}
	return []Difference{{Operation: operation, Path: api.ErrorCode(), What: status, Got: fmt.Sprint(got)}}
}

// absent tells that AWS's answer would not have a field. A number or a switch that
// is no pointer cannot tell.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	}
	return false
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
