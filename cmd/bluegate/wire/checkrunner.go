package wire

import (
	"context"
	"errors"
	"sync"
	"time"

	"bluegate/compose"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/nginx"
	"bluegate/nginx/agent"
)

// checkRunner sends the requests of checks from the place that each check names. It implements model.CheckRunner.
type checkRunner struct {
	access Access
	router *nginx.Router
	local  execLocal

	mu       sync.Mutex
	sidecars map[string]*sidecar // by the id of the container
}

// sidecar is the agent in the network namespace of one container.
type sidecar struct {
	sync.Mutex
	program *compose.Sidecar
	client  *agent.Client
}

var _ model.CheckRunner = (*checkRunner)(nil)

// Ask implements model.CheckRunner.
func (a *checkRunner) Ask(ctx context.Context, from check.Origin, c model.Container, q check.Request) (check.Result, error) {
	switch {
	case q.Kind == check.Exec && from == check.Container:
		return a.execute(ctx, q, func(ctx context.Context) ([]byte, int, error) { return a.access.Exec(ctx, c, q.Argv) })
	case q.Kind == check.Exec:
		return a.execute(ctx, q, func(ctx context.Context) ([]byte, int, error) { return a.local.Run(ctx, q.Argv, nil) })
	case from == check.Nginx:
		return a.router.Ask(ctx, q)
	case from == check.Container:
		return a.askSidecar(ctx, c, q)
	}
	return agent.Answer(ctx, q), nil
}

// execute returns the result of a command. A command that cannot be run, or does not end in time, has failed.
func (a *checkRunner) execute(ctx context.Context, q check.Request, run func(context.Context) ([]byte, int, error)) (check.Result, error) {
	bounded, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	began := time.Now()
	output, code, err := run(bounded)
	answer := check.Result{Body: output, ExitCode: code, Took: time.Since(began)}
	switch {
	case ctx.Err() != nil:
		return answer, context.Cause(ctx)
	case bounded.Err() != nil:
		answer.Error = "did not end within " + q.Timeout.String()
	case err != nil:
		var silent *model.UnreachableError
		if errors.As(err, &silent) {
			return answer, err
		}
		answer.Error = err.Error()
	}
	return answer, nil
}

func (a *checkRunner) askSidecar(ctx context.Context, c model.Container, q check.Request) (check.Result, error) {
	a.mu.Lock()
	n := a.sidecars[c.ID]
	if n == nil {
		n = &sidecar{}
		a.sidecars[c.ID] = n
	}
	a.mu.Unlock()
	client, err := n.start(ctx, a.access, c)
	if err != nil {
		return check.Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout+10*time.Second)
	defer cancel()
	resp, err := client.Ask(ctx, agent.Request{Question: &q})
	switch {
	case err != nil:
		return check.Result{}, err
	case resp.Answer == nil:
		return check.Result{}, errors.New(resp.Error)
	}
	return *resp.Answer, nil
}

// start starts the sidecar once, whoever calls it first.
func (n *sidecar) start(ctx context.Context, reach Access, c model.Container) (*agent.Client, error) {
	n.Lock()
	defer n.Unlock()
	if n.client != nil {
		return n.client, nil
	}
	program, err := reach.StartSidecar(ctx, c, readAgent)
	if err != nil {
		return nil, err
	}
	n.program, n.client = program, agent.NewClient(program, program)
	return n.client, nil
}

// Close implements model.CheckRunner.
func (a *checkRunner) Close(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for id, n := range a.sidecars {
		if n.program != nil {
			errs = append(errs, n.program.Close(ctx))
		}
		delete(a.sidecars, id)
	}
	return errors.Join(errs...)
}
