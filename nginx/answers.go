package nginx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/mode"
)

// proveAnswers asks nginx itself, from where it stands and each time on a connection of its own: which switch it has loaded,
// and to which address it passes a request. A proof that fails at first is asked again: a worker that is about to close
// its listening sockets may still have taken the connection.
func (n *observed) proveAnswers(ctx context.Context, proofs []model.Proof, targets []model.Target, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, p := range proofs {
		var last error
		for {
			err := n.answer(ctx, p, targets)
			if err == nil {
				break
			}
			if last == nil || ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) { // what the end of the time cuts off explains nothing
				last = err
			}
			select {
			case <-ctx.Done():
				return last
			case <-time.After(5 * pollProof):
			}
		}
	}
	return nil
}

// proofTime is how long one answer may take.
const proofTime = 5 * time.Second

func (n *observed) answer(ctx context.Context, p model.Proof, targets []model.Target) error {
	q := check.Request{Kind: check.HTTP, Method: "GET", Target: p.URL, Timeout: proofTime, Wants: p.Answer}
	if p.Host != "" {
		q.Headers = map[string]string{"Host": p.Host}
	}
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	resp, err := n.found.Ask(ask, agent.Request{Question: &q})
	switch {
	case err != nil:
		return err
	case resp.Error != "":
		return fmt.Errorf("%s: %s", p.URL, resp.Error)
	case resp.Answer == nil:
		return fmt.Errorf("%s of %s was not asked", p.URL, n.found)
	case resp.Answer.Error != "":
		return fmt.Errorf("%s of %s does not answer: %s", p.URL, n.found, resp.Answer.Error)
	case p.Token != "" && string(resp.Answer.Body) != p.Token:
		return fmt.Errorf("%s of %s answers %q and not this switch's token %q: another configuration is loaded", p.URL, n.found, strings.TrimSpace(string(resp.Answer.Body)), strings.TrimSpace(p.Token))
	case p.Token != "":
		return nil
	}
	return leadsToRelease(p.URL, resp.Answer.Header, targets)
}

// leadsToRelease wants the address that nginx passed a request to among those of the release. Where it tried several,
// the last one answered.
func leadsToRelease(url, passed string, targets []model.Target) error {
	words := strings.FieldsFunc(passed, func(c rune) bool { return c == ',' || c == ' ' })
	if len(words) == 0 {
		return fmt.Errorf("%s does not say in %s to which address nginx passed the request", url, mode.RouteHeader)
	}
	last := words[len(words)-1]
	host, port, err := net.SplitHostPort(last)
	if err != nil {
		return fmt.Errorf("%s: nginx passed the request to %q, which is no address", url, last)
	}
	var release []string
	for _, t := range targets {
		for _, c := range t.Containers {
			if has(c, host) && port == strconv.Itoa(t.Endpoint.Port) {
				return nil
			}
			release = append(release, ipsOf(c)...)
		}
		if strings.Trim(t.Endpoint.Host, "[]") == host && port == strconv.Itoa(t.Endpoint.Port) { // a published port
			return nil
		}
	}
	slices.Sort(release)
	return fmt.Errorf("%s: nginx passed the request to %s, which is not the release's (%s)", url, last, strings.Join(slices.Compact(release), ", "))
}

// proofWords say for the report which proofs there were besides those of every switch.
func proofWords(proofs []model.Proof) (words []string) {
	for _, p := range proofs {
		if p.Token != "" {
			words = append(words, fmt.Sprintf("%s answered this switch's token on a new connection", p.URL))
		} else {
			words = append(words, fmt.Sprintf("a request to %s was passed to an address of the release", p.URL))
		}
	}
	return words
}
