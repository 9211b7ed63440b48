package deploy

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
)

// askedOf is a question that a process asked.
type askedOf struct {
	From      check.Origin
	Container string
	Target    string
	At        time.Time
}

// Ask implements CheckRunner: the fake answers as its test says, and well where it says nothing.
func (p *process) Ask(ctx context.Context, from check.Origin, c model.Container, q check.Request) (check.Result, error) {
	if err := p.ask(ctx); err != nil {
		return check.Result{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, askedOf{from, c.Name, q.Target, time.Now()})
	if from == check.Nginx && p.nginx.state != model.RouterRunning {
		return check.Result{}, errors.New("the helper beside nginx ended")
	}
	if from != check.Client {
		p.helped, p.helpers[p] = true, true
	}
	if p.answers != nil {
		return p.answers(q), nil
	}
	return check.Result{Status: 200, Took: 3 * time.Millisecond}, nil
}
