package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bluegate/deploy/check"
)

// Answer asks a question from where this process stands. It returns within the question's timeout, or when ctx ends.
func Answer(ctx context.Context, q check.Request) check.Result {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	began := time.Now()
	a, err := answerTo(ctx, q)
	a.Took = time.Since(began)
	if err != nil {
		a.Error = reason(err, q.Timeout)
	}
	return a
}

func answerTo(ctx context.Context, q check.Request) (check.Result, error) {
	switch q.Kind {
	case check.HTTP:
		return askHTTP(ctx, q)
	case check.TCP:
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", q.Target)
		if err != nil {
			return check.Result{}, err
		}
		return check.Result{}, conn.Close()
	case check.TLS:
		return askTLS(ctx, q)
	case check.DNS:
		ips, err := net.DefaultResolver.LookupHost(ctx, q.Target)
		return check.Result{Addresses: ips}, err
	}
	return check.Result{}, fmt.Errorf("a check of kind %q cannot be asked from here", q.Kind)
}

// askHTTP uses a transport of its own: http.DefaultTransport would take a proxy from the environment, and ask that
// instead of the application, and would answer from a connection that an earlier attempt had opened.
func askHTTP(ctx context.Context, q check.Request) (check.Result, error) {
	config, err := trust(q)
	if err != nil {
		return check.Result{}, err
	}
	req, err := http.NewRequestWithContext(ctx, q.Method, q.Target, strings.NewReader(q.Body))
	if err != nil {
		return check.Result{}, err
	}
	req.Header.Set("User-Agent", "bluegate")
	for name, value := range q.Headers {
		req.Header.Set(name, value)
		if strings.EqualFold(name, "Host") { // which net/http takes from elsewhere
			req.Host = value
		}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config, ForceAttemptHTTP2: true}}
	if !q.Follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	resp, err := client.Do(req)
	if err != nil {
		return check.Result{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, check.BodyLimit+1))
	a := check.Result{Status: resp.StatusCode, Location: resp.Header.Get("Location"), Body: body}
	if q.Wants != "" {
		a.Header = resp.Header.Get(q.Wants)
	}
	if len(body) > check.BodyLimit {
		a.Body, a.Cut = body[:check.BodyLimit], true
	}
	if err != nil {
		return a, fmt.Errorf("status %d, but its body did not come: %w", resp.StatusCode, err)
	}
	return a, nil
}

// trust says whose certificates are good. A name of their own is checked too, unless the user said insecure.
func trust(q check.Request) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: q.Insecure}
	if len(q.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(q.CA) {
			return nil, errors.New("the CA file holds no certificate")
		}
	}
	return config, nil
}

// askTLS shakes hands and takes the end of the first certificate of the chain that ends.
func askTLS(ctx context.Context, q check.Request) (check.Result, error) {
	config, err := trust(q)
	if err != nil {
		return check.Result{}, err
	}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", q.Target)
	if err != nil {
		return check.Result{}, err
	}
	defer conn.Close()
	var a check.Result
	for _, cert := range conn.(*tls.Conn).ConnectionState().PeerCertificates {
		if a.NotAfter.IsZero() || cert.NotAfter.Before(a.NotAfter) {
			a.NotAfter = cert.NotAfter
		}
	}
	return a, nil
}

// reason takes what an operator looks for out of its wrapping, and keeps what a body that breaks off had begun with.
func reason(err error, timeout time.Duration) string {
	var slow net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return fmt.Sprintf("no answer within %s", timeout)
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return cause(err)
}
