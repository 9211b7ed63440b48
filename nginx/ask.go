package nginx

import (
	"context"
	"errors"

	"bluegate/compose/engine"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
)

// Ask asks the question of a check from where nginx stands. Observe comes first. It may be called by several goroutines.
func (r *Router) Ask(ctx context.Context, q check.Request) (check.Result, error) {
	if r.last == nil {
		return check.Result{}, &model.UnreachableError{What: "nginx", Err: errors.New("none was found to ask from")}
	}
	r.asks.Lock()
	err := r.last.Prepare(ctx, nil)
	r.asks.Unlock()
	if err != nil {
		return check.Result{}, unreachable(err)
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout+engine.AskLimit)
	defer cancel()
	resp, err := r.last.Ask(ctx, agent.Request{Question: &q})
	switch {
	case err != nil:
		return check.Result{}, unreachable(err)
	case resp.Answer == nil:
		return check.Result{}, errors.New(resp.Error)
	}
	return *resp.Answer, nil
}
