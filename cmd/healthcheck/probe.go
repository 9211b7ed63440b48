package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	"bluegate/deploy/check"
)

// shownBody is how much of an unhealthy answer's body is printed. Docker keeps 4 kB of a probe's output, and an
// application's error page can be much longer than its first sentence.
const shownBody = 200

// probe is one question and what counts as a good answer to it.
type probe struct {
	url     *url.URL
	timeout time.Duration
	want    check.Statuses
}

// ask sends one GET and says in one line what was asked and what came. It returns within the timeout.
func (p probe) ask() (sentence string, healthy bool) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()

	began := time.Now()
	resp, err := p.get(ctx)
	if err != nil {
		return p.sentence(p.cause(err)), false
	}
	defer resp.Body.Close()
	if p.want.Contain(resp.StatusCode) {
		return p.sentence(fmt.Sprintf("%s in %s", resp.Status, time.Since(began).Round(time.Millisecond))), true
	}
	answer := fmt.Sprintf("%s, wanted %s", resp.Status, p.want)
	if body := firstBytes(resp.Body); body != "" {
		answer += ": " + body
	}
	return p.sentence(answer), false
}

// get uses a transport of its own: http.DefaultTransport would take a proxy from the container's environment, and
// ask that instead of the application.
func (p probe) get(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "bluegate-healthcheck")
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(req)
}

// sentence names the URL without its password: health logs are read by more people than the image is.
func (p probe) sentence(answer string) string {
	return printable("GET " + p.url.Redacted() + ": " + answer)
}

// cause takes the reason out of its wrapping: the URL is in the sentence already, and "connection refused" is what
// a reader looks for.
func (p probe) cause(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Sprintf("no answer within %s", p.timeout)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// firstBytes reads no more than it shows. What could not be read does not matter next to the status that came.
func firstBytes(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, shownBody))
	return strings.TrimSpace(string(text))
}

// printable makes text safe for a terminal and a log of one line per probe: white space becomes a space, and
// whatever could move a cursor, colour a terminal or hide itself becomes a dot.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '.'
		}
		return r
	}, text)
}
