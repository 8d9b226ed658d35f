package recomly

import (
	"context"
	"errors"
	"fmt"

	"github.com/refbulk/refbulk/pkg/api"
	"github.com/refbulk/refbulk/pkg/engine"
)

// account reads the plan. It gives nil when the API refuses to show it: then
// nothing can be compared, and the API itself will say what it has no room for.
func (b *base) account(try engine.Try) (*Account, error) {
	var account *Account
	err := try(func(ctx context.Context) (err error) {
		account, err = b.client.GetAccount(ctx)
		return err
	})
	if api.VerdictOf(err) == api.Refused {
		b.options.Log.Info("the plan's quotas are not known: " + err.Error())
		return nil, nil
	}
	return account, err
}

// warn compares what is there and what is to come with what the plan allows.
// It only warns: how many rows turn out to be there already, nobody knows yet.
func (b *base) warn(what string, have, more, quota int64) {
	if quota > 0 && have+more > quota {
		b.options.Log.Warn(fmt.Sprintf("the plan allows %d %s; %d are there, and this run would add up to %d", quota, what, have, more))
	}
}

// full is the error that ends a run when the organisation has no room for
// another advocate.
func full(refused error, have, quota int64) error {
	said := refused.Error()
	var e *api.Error
	if errors.As(refused, &e) {
		said = e.Message // its status is told once, of the whole
	}
	return &api.Error{Verdict: api.Stop, Status: api.StatusOf(refused), Err: refused,
		Message: fmt.Sprintf("the plan allows %d advocates and has %d: remove some or choose another plan, then run again; the API said: %s", quota, have, said)}
}
