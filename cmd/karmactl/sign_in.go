package main

import (
	"context"
	"errors"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// errCodeUsed ends a run that outlives the session which an MFA code gave.
var errCodeUsed = errors.New("the session that the MFA code gave is over")

// signIn is how AWS is to be signed in to. The code of a profile's MFA device is asked for once, where there is a
// person to ask: later there may be a table on the screen, and a walk that cannot wait for an answer.
func (a *app) signIn(ctx context.Context, region string) cloud.Sign {
	s := cloud.Sign{Region: region, Profile: a.opts.profile}
	if !a.term.Ask {
		return s
	}
	asked := false
	s.Code = func() (string, error) {
		if asked {
			return "", errCodeUsed
		}
		asked = true
		code, err := a.term.Hidden(ctx, "MFA code (not shown):")
		return strings.TrimSpace(code), err
	}
	return s
}
