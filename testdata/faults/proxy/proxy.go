// Package proxy stands between a client and its engine's unix socket, counts the calls that change something, and
// befalls them with the faults that a test asks for.
package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Call is one request to the engine, or one order to a helper inside a stream that the engine carries.
type Call struct {
	N      int // its place among those that change something, from 1; 0: it only asks
	Method string
	Path   string // without the API's version
}

func (c Call) String() string { return c.Method + " " + c.Path }

// Fault is what befalls a call; the zero value is nothing. Functions may be called from several goroutines at once.
type Fault struct {
	Before func() // before the call is forwarded
	Drop   bool   // it never is: the connection ends without an answer
	Status int    // it never is: this is the answer
	After  func() // when the engine has answered wholly and the client does not know it yet
	Lose   bool   // the answer does not reach the client: the connection ends
	Half   bool   // half of the answer's body reaches it, then the connection ends
	// Body changes the answer's body on its way, for streams.
	Body func(io.Reader) io.Reader
}

// Proxy listens until it is closed.
type Proxy struct {
	Socket string
	engine string
	server *http.Server

	mu     sync.Mutex
	inject func(Call) Fault
	calls  []Call
}

// Listen serves a socket in front of the engine's.
func Listen(socket, engine string) (*Proxy, error) {
	if err := os.RemoveAll(socket); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	// Everyone may use it: one of the tests calls as a second user.
	if err := os.Chmod(socket, 0o666); err != nil {
		return nil, err
	}
	p := &Proxy{Socket: socket, engine: engine}
	p.server = &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// Close ends the listener and every connection.
func (p *Proxy) Close() error { return p.server.Close() }

// Host is what DOCKER_HOST has to be.
func (p *Proxy) Host() string { return "unix://" + p.Socket }

// Inject begins to count again and asks f about each call; nil: nothing befalls them.
func (p *Proxy) Inject(f func(Call) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inject, p.calls = f, nil
}

// Calls are those that changed something, since Inject.
func (p *Proxy) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *Proxy) fault(method, path string, changes bool) Fault {
	p.mu.Lock()
	c := Call{Method: method, Path: path}
	if changes {
		c.N = len(p.calls) + 1
		p.calls = append(p.calls, c)
	}
	inject := p.inject
	p.mu.Unlock()
	if inject == nil {
		return Fault{}
	}
	return inject(c)
}

var apiVersion = regexp.MustCompile(`^/v\d+\.\d+`)

// changes tells calls that change something from those that only ask.
func changes(r *http.Request) bool {
	asks := r.Method == http.MethodGet || r.Method == http.MethodHead ||
		strings.HasSuffix(r.URL.Path, "/wait") || strings.HasSuffix(r.URL.Path, "/attach") || strings.HasSuffix(r.URL.Path, "/resize")
	return !asks
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := apiVersion.ReplaceAllString(r.URL.RequestURI(), "")
	f := p.fault(r.Method, path, changes(r))
	if f.Before != nil {
		f.Before()
	}
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, `{"message":"injected: the engine answers %d"}`, f.Status)
		return
	}
	if err := p.forward(w, r, f); err != nil {
		panic(http.ErrAbortHandler) // the client sees its connection end
	}
}

var errLost = errors.New("the answer is lost")

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, f Fault) error {
	engine, err := net.Dial("unix", p.engine)
	if err != nil {
		return err
	}
	defer engine.Close()
	stop := context.AfterFunc(r.Context(), func() { _ = engine.Close() })
	defer stop()
	if err := r.Write(engine); err != nil {
		return err
	}
	from := bufio.NewReader(engine)
	resp, err := http.ReadResponse(from, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		stop()
		return p.tunnel(w, resp, engine.(*net.UnixConn), from, f)
	}
	return answer(w, resp, f)
}

// answer passes the engine's answer on, piece by piece unless the fault needs the whole of it.
func answer(w http.ResponseWriter, resp *http.Response, f Fault) error {
	var body io.Reader = resp.Body
	if f.After != nil || f.Lose || f.Half {
		whole, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		if f.After != nil {
			f.After()
		}
		if f.Lose {
			return errLost
		}
		if f.Half {
			whole = whole[:len(whole)/2]
		}
		body = strings.NewReader(string(whole))
	}
	if f.Body != nil {
		body = f.Body(body)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	if resp.ContentLength >= 0 && f.Body == nil {
		w.Header().Set("Content-Length", fmt.Sprint(resp.ContentLength))
	}
	w.WriteHeader(resp.StatusCode)
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	buf := make([]byte, 32<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			_ = flush.Flush()
		}
		if err == io.EOF {
			if f.Half {
				return errLost
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}
