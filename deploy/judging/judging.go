// Package judging receives the requests that users make of a release, and has package judge decide about it.
package judging

import (
	"context"
	"net"
	"strconv"
	"strings"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
)

// Judging is what is judged of one release. It is used by one goroutine at a time.
type Judging struct {
	source model.RequestSource
	log    model.RequestLog
	limits judge.Limits
	sideOf func(string) judge.Side
	window *judge.Window
	// trouble is why nothing could be received when that was tried last.
	trouble error
}

// New judges by what is logged. It receives nothing yet.
func New(source model.RequestSource, log model.RequestLog, limits judge.Limits) *Judging {
	j := &Judging{source: source, log: log, limits: limits}
	j.Begin(nil, nil)
	return j
}

// Begin begins a window: what came before does not count. The targets are the addresses of either colour.
func (j *Judging) Begin(old, new []model.Target) {
	j.sideOf = sides(old, new)
	j.window = judge.NewWindow(func(address string) judge.Side { return j.sideOf(address) })
	j.window.Unseen = j.log.Unseen
}

// Listen begins to receive, and forgets what has come so far. That nothing can be received is no error: it is noticed when
// there is too little to judge by.
func (j *Judging) Listen(ctx context.Context) { _, j.trouble = j.source.Requests(ctx, j.log.Port) }

// mostWindows is how many windows a release may take until its requests tell, where judge.too_few is wait.
const mostWindows = 3

// Watch judges a release by what its users meet while watch is under way, which returns when the window is over or the release
// has failed. If too few requests tell, judge.too_few decides: more is called before another window. Without an error the
// verdict is that it passed, or that it cannot be told.
func (j *Judging) Watch(ctx context.Context, old, new []model.Target, watch func(context.Context) error, more func(context.Context, judge.Verdict) error) (v judge.Verdict, err error) {
	j.Listen(ctx)
	j.Begin(old, new)
	for window := 1; ; window++ {
		err = watch(ctx)
		v = j.Verdict()
		switch {
		case err != nil, v.Decision == judge.Passed:
			return v, err
		case v.Decision == judge.Worse:
			return v, j.Worse()
		case j.limits.TooFew == judge.Pass:
			return v, nil
		case j.limits.TooFew == judge.Refuse || window == mostWindows:
			return v, CannotTell(v)
		}
		if err := more(ctx, v); err != nil {
			return v, err
		}
	}
}

// Look takes what has come. It is an error if the release is worse than it may be, or if all clients have the same key.
func (j *Judging) Look(ctx context.Context) error {
	var batch judge.Batch
	if batch, j.trouble = j.source.Requests(ctx, j.log.Port); j.trouble != nil {
		return nil
	}
	j.window.Add(batch)
	return j.Worse()
}

// Worse is the refusal of a release that is worse than it may be.
func (j *Judging) Worse() error {
	if v := j.Verdict(); v.Decision == judge.Worse {
		return model.Refuse(model.Worse, "%s; %s", strings.Join(v.Why, "; "), v.Summary())
	}
	return nil
}

// ConstantKey is the refusal of a canary whose clients all have the same key.
func (j *Judging) ConstantKey(by string) error {
	if key, constant := j.window.ConstantKey(); constant {
		return model.Refuse(model.CanaryKeyConstant, "the last 50 requests all had the key %q (canary.by: %s), so that all clients get the same colour; something in front of nginx hides their addresses: choose a key that tells them apart, such as $http_x_forwarded_for or a cookie of your application's, or set real_ip_header", key, by)
	}
	return nil
}

// Verdict is what the window says so far.
func (j *Judging) Verdict() judge.Verdict {
	v := j.window.Verdict(j.limits)
	if v.Decision == judge.CannotTell && j.trouble != nil {
		v.Why = append(v.Why, "what nginx logs could not be received: "+j.trouble.Error())
	}
	return v
}

// CannotTell is the refusal of a release of which the requests do not tell.
func CannotTell(v judge.Verdict) error {
	return model.Refuse(model.TooFewRequests, "the requests of its users do not tell whether it is good: %s; %s", strings.Join(v.Why, "; "), v.Summary())
}

// End ends receiving.
func (j *Judging) End(ctx context.Context) { _ = j.source.EndRequests(ctx, j.log.Port) }

// sides says whose an address is, as nginx writes it: ip:port. A published port may be known to nginx under any address of
// the engine's host; it is one colour's alone.
func sides(old, new []model.Target) func(string) judge.Side {
	addresses, ports := map[string]judge.Side{}, map[string]judge.Side{}
	for side, targets := range map[judge.Side][]model.Target{judge.Old: old, judge.New: new} {
		for _, t := range targets {
			port := strconv.Itoa(t.Endpoint.Port)
			addresses[net.JoinHostPort(t.Endpoint.Host, port)] = side
			if t.Endpoint.Published {
				ports[port] = side
				continue
			}
			for _, c := range t.Containers {
				for _, ip := range c.Addresses {
					addresses[net.JoinHostPort(ip, port)] = side
				}
			}
		}
	}
	return func(address string) judge.Side {
		if side, ok := addresses[address]; ok {
			return side
		}
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return judge.Neither
		}
		return ports[port]
	}
}
