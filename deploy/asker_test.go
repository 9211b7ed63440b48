package deploy

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/check"
)

// asking is a question that a process asked.
type asking struct {
	From      check.Vantage
	Container string
	Target    string
	At        time.Time
}

// Ask implements Asker: the world answers as its test says, and well where it says nothing.
func (p *process) Ask(ctx context.Context, from check.Vantage, c Container, q check.Question) (check.Answer, error) {
	if err := p.ask(ctx); err != nil {
		return check.Answer{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, asking{from, c.Name, q.Target, time.Now()})
	if from == check.Nginx && p.nginx.state != RouterRunning {
		return check.Answer{}, errors.New("the helper beside nginx ended")
	}
	if from != check.Client {
		p.helped, p.helpers[p] = true, true
	}
	if p.answers != nil {
		return p.answers(q), nil
	}
	return check.Answer{Status: 200, Took: 3 * time.Millisecond}, nil
}
