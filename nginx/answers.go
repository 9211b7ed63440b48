package nginx

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"bluegate/deploy/check"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
)

// proveAnswers asks nginx itself, from where it stands and each time on a connection of its own: which switch it has loaded,
// and to which address it passes a request. A proof that fails at first is asked again: a worker that is about to close
// its listening sockets may still have taken the connection.
func (r *Router) proveAnswers(ctx context.Context, proofs []model.Proof, targets []model.Target, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, p := range proofs {
		var last error
		for {
			err := r.answer(ctx, p, targets)
			if err == nil {
				break
			}
			if last == nil || ctx.Err() == nil { // a question that the end of the time cuts off explains nothing
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

func (r *Router) answer(ctx context.Context, p model.Proof, targets []model.Target) error {
	q := check.Request{Kind: check.HTTP, Method: "GET", Target: p.URL, Timeout: proofTime, Wants: p.Answer}
	if p.Host != "" {
		q.Headers = map[string]string{"Host": p.Host}
	}
	ask, cancel := asking(ctx)
	defer cancel()
	resp, err := r.found.ask(ask, agent.Request{Question: &q})
	switch {
	case err != nil:
		return err
	case resp.Error != "":
		return fmt.Errorf("%s: %s", p.URL, resp.Error)
	case resp.Answer == nil:
		return fmt.Errorf("%s of %s was not asked", p.URL, r.found)
	case resp.Answer.Error != "":
		return fmt.Errorf("%s of %s does not answer: %s", p.URL, r.found, resp.Answer.Error)
	case p.Token != "" && string(resp.Answer.Body) != p.Token:
		return fmt.Errorf("%s of %s answers %q and not this switch's token %q: another configuration is loaded", p.URL, r.found, strings.TrimSpace(string(resp.Answer.Body)), strings.TrimSpace(p.Token))
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
		return fmt.Errorf("%s does not say in %s to which address nginx passed the request", url, routeHeader)
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

// ownRoutes are the locations of the user's that prove where requests go: `location = /bluegate/route/NAME` with the
// header that says so.
func ownRoutes(tree []*conf.File) (proofs []model.Proof) {
	for _, file := range tree {
		file.Walk(func(d *conf.Directive) bool {
			name, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(joined(d.Args), "=")), routePath)
			if d.Name.Value != "location" || !ok || name == "" || !strings.HasPrefix(joined(d.Args), "=") || !tellsRoute(d) {
				return true
			}
			if base, host, ok := listensAt(file.Enclosing(d)); ok {
				proofs = append(proofs, model.Proof{URL: base + routePath + name, Host: host, Answer: routeHeader})
			}
			return true
		})
	}
	return proofs
}

// tellsRoute wants the header on every answer: an application may well have nothing at its root but a 404.
func tellsRoute(location *conf.Directive) bool {
	return slices.ContainsFunc(location.Block, func(d *conf.Directive) bool {
		return d.Name.Value == "add_header" && len(d.Args) == 3 && strings.EqualFold(d.Args[0].Value, routeHeader) && d.Args[1].Value == "$upstream_addr" && d.Args[2].Value == "always"
	})
}

// listensAt is where a server is asked from nginx's own network namespace, without TLS.
func listensAt(server *conf.Directive) (base, host string, ok bool) {
	if server == nil || server.Name.Value != "server" {
		return "", "", false
	}
	base, ok = "http://127.0.0.1:80", true // nginx's default
	for _, d := range server.Block {
		switch {
		case d.Name.Value == "server_name" && len(d.Args) > 0 && host == "" && plainHost(d.Args[0].Value):
			host = d.Args[0].Value
		case d.Name.Value == "listen" && len(d.Args) > 0:
			at, plain := listenURL(d)
			if !plain {
				ok = ok && base != "http://127.0.0.1:80"
				continue
			}
			base, ok = at, true
		}
	}
	return base, host, ok
}

func plainHost(name string) bool {
	return name != "_" && name != "" && !strings.ContainsAny(name, "*~$")
}

func listenURL(listen *conf.Directive) (string, bool) {
	address := listen.Args[0].Value
	for _, a := range listen.Args {
		if a.Value == "ssl" || a.Value == "quic" || a.Value == "proxy_protocol" || strings.HasPrefix(address, "unix:") {
			return "", false
		}
	}
	if _, err := strconv.Atoi(address); err == nil {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "80"
	}
	switch host {
	case "", "*", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port), true
}
