package awssim

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// injectable is why a secret cannot be injected; "" when it can.
func (s *Sim) injectable(from string) string {
	if !strings.Contains(from, ":secretsmanager:") {
		if _, err := s.parameter(&from); err != nil {
			return "unable to retrieve secrets from ssm: service call has been retried 1 time(s): Invalid parameters: " + from
		}
		return ""
	}
	parts := strings.Split(from, ":")
	arn, key := strings.Join(parts[:7], ":"), ""
	if len(parts) > 7 {
		key = parts[7]
	}
	x, err := s.usableSecret(&arn)
	if err == nil && x.holder(stageCurrent) == nil {
		err = noCurrentValue()
	}
	if err != nil {
		return "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn + " from secrets manager: " + said(err)
	}
	if key == "" {
		return ""
	}
	value, err := s.unseal(x.holder(stageCurrent).Sealed)
	if err != nil {
		return "unable to retrieve secret from asm"
	}
	var flat map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &flat) != nil {
		return "unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character in secret value: the secret is not JSON"
	}
	if _, ok := flat[key]; !ok {
		return "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key " + key
	}
	return ""
}

// said is how ECS passes on what AWS answered: ResourceNotFoundException: ….
func said(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err.Error()
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}
