package nginx

import (
	"context"
	"errors"

	"bluegate/deploy"
	"bluegate/deploy/check"
	"bluegate/nginx/helper"
)

// Ask asks the question of a check from where nginx stands. Observe comes first. It may be called by several goroutines.
func (r *Router) Ask(ctx context.Context, q check.Question) (check.Answer, error) {
	if r.found == nil {
		return check.Answer{}, &deploy.UnreachableError{What: "nginx", Err: errors.New("none was found to ask from")}
	}
	r.asks.Lock()
	err := r.found.prepare(ctx, nil)
	r.asks.Unlock()
	if err != nil {
		return check.Answer{}, unreachable(err)
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout+askLimit)
	defer cancel()
	resp, err := r.found.ask(ctx, helper.Request{Question: &q})
	switch {
	case err != nil:
		return check.Answer{}, unreachable(err)
	case resp.Answer == nil:
		return check.Answer{}, errors.New(resp.Error)
	}
	return *resp.Answer, nil
}
