package nginx

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"bluegate/deploy"
	"bluegate/nginx/helper"
)

const (
	// idleQuiet is how long no connection may lead to the old containers until a colour that a flag switched off is
	// taken to be drained: nginx may just have decided for it, and be about to connect.
	idleQuiet = 2 * time.Second
	// forgetting is added to what nginx remembers of addresses: its resolver's clock has whole seconds.
	forgetting = 1500 * time.Millisecond
)

// flip makes a change that nginx sees at its next request. Nothing is signalled; that no worker changed is a part of the
// proof.
func (r *Router) flip(ctx context.Context, change deploy.Change, targets []deploy.Target, before snapshot, began time.Time) (deploy.Switched, error) {
	undo := func(written int, cause error) error {
		err := mayUndo(ctx, change.Files[:written])
		if err == nil {
			_, err = r.write(context.WithoutCancel(ctx), change.Files[:written], true)
		}
		return &deploy.NotSwitchedError{Err: cause, Applied: written > 0, Restored: err,
			Reason: deploy.Reason{Code: deploy.NginxNotSwitched, Message: fmt.Sprintf("%s was not switched: %v", r.found, cause)}}
	}
	if written, err := r.write(ctx, change.Files, false); err != nil {
		return deploy.Switched{}, undo(written, err)
	}
	var after snapshot
	group, all := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		after, err = r.found.processes(all)
		return unreachable(err)
	})
	group.Go(func() error { return r.seesFlag(all, change) })
	group.Go(func() error { return r.proveAnswers(all, change.Proofs, targets) })
	group.Go(func() error { return r.proveRoutes(all, targets) })
	if err := group.Wait(); err != nil {
		return deploy.Switched{}, undo(len(change.Files), err)
	}
	_, fresh := after.since(before)
	s := r.switched(change, before, after, began)
	s.NewWorkers = fresh
	s.Proof = []string{
		fmt.Sprintf("every address accepted a connection from the network namespace of %s, and each name leads to the release's containers only", r.found),
		"the file that nginx looks for at each request is as it was to be, where nginx looks",
		fmt.Sprintf("nothing was reloaded: of %d workers %d are new", len(after.workers), fresh),
	}
	s.Proof = append(s.Proof, proofWords(change.Proofs)...)
	return s, nil
}

// forget waits until nginx's resolver can no longer hold an address from before the release's containers were started:
// it knows an answer for as long as it was told.
func forget(ctx context.Context, memory time.Duration, targets []deploy.Target) error {
	if memory == 0 {
		return nil
	}
	youngest := time.Time{}
	for _, t := range targets {
		for _, c := range t.Containers {
			if c.Sample.StartedAt.After(youngest) {
				youngest = c.Sample.StartedAt
			}
		}
	}
	if youngest.IsZero() || youngest.After(time.Now()) {
		youngest = time.Now()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(youngest.Add(memory + forgetting))):
		return nil
	}
}

// seesFlag looks at the files with nginx's eyes.
func (r *Router) seesFlag(ctx context.Context, change deploy.Change) error {
	fate, err := r.Compare(ctx, change)
	if err == nil && fate != deploy.FateLoaded && !change.Empty() {
		err = fmt.Errorf("%s does not see what was written (%s)", r.found, fate)
	}
	return err
}

// quiet waits until no connection has led to the old containers for a while. Workers say nothing here: they stay.
func (r *Router) quiet(ctx context.Context, old []deploy.Container, left func(deploy.Left)) error {
	if err := r.found.prepare(ctx, nil); err != nil {
		return unreachable(err)
	}
	open, to := r.census(old), r.oldAddresses(old)
	var since time.Time
	for {
		resp, err := r.found.ask(ctx, helper.Request{Connections: &helper.Connections{To: to.ips}})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && resp.Error != "":
			err = fmt.Errorf("count the connections from %s to the old colour: %s", r.found, resp.Error)
		}
		if err != nil {
			return unreachable(err)
		}
		if n := to.count(resp.Open); n > 0 {
			since = time.Time{}
			left(deploy.Left{Open: open.count(ctx)})
		} else if since.IsZero() {
			since = time.Now()
		} else if time.Since(since) >= idleQuiet {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(4 * pollDrain):
		}
	}
}

// oldEnds are the addresses of the old colour as nginx's connections show them: those of its containers, and published
// ports where nginx is told to use these.
type oldEnds struct {
	ips   []string
	ports []netip.AddrPort // where the host is not a container's own
}

func (r *Router) oldAddresses(old []deploy.Container) (to oldEnds) {
	for _, c := range old {
		for _, ip := range c.Addresses {
			if ip != "" {
				to.ips = append(to.ips, ip)
			}
		}
	}
	if len(old) == 0 {
		return to
	}
	f, _, err := r.mode.(flagged).flag(r.conf, r.dir)
	if err != nil {
		return to
	}
	for _, e := range f.of(old[0].Colour) {
		if ip, err := netip.ParseAddr(strings.Trim(e.Host, "[]")); err == nil && !slices.Contains(to.ips, ip.String()) {
			to.ips = append(to.ips, ip.String())
			to.ports = append(to.ports, netip.AddrPortFrom(ip, uint16(e.Port)))
		}
	}
	return to
}

func (o oldEnds) count(open []helper.Socket) (n int) {
	for _, s := range open {
		remote, err := netip.ParseAddrPort(s.Remote)
		shared := slices.ContainsFunc(o.ports, func(p netip.AddrPort) bool { return p.Addr() == remote.Addr() })
		if err != nil || !shared || slices.Contains(o.ports, remote) {
			n++
		}
	}
	return n
}
