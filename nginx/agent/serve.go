//go:build linux

package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Serve answers requests from in on out until in ends, side by side.
func Serve(in io.Reader, out io.Writer) error {
	var here Agent
	var mu sync.Mutex
	var wg sync.WaitGroup
	defer wg.Wait()
	write := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var req Request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			return fmt.Errorf("a request that is no JSON: %w", err)
		}
		wg.Go(func() {
			resp := here.Handle(req)
			mu.Lock()
			defer mu.Unlock()
			_ = write.Encode(resp)
		})
	}
	return lines.Err()
}

// Agent answers requests from where its process stands. The zero value is ready.
type Agent struct {
	root     roots
	requests requestLog
	giving   givingUp
}

// Handle answers one request from where this process stands.
func (a *Agent) Handle(req Request) (resp Response) {
	switch {
	case (req.Replace != nil || req.Apply != nil) && !req.Until.IsZero() && !time.Now().Before(req.Until):
		resp = Response{Late: true, Error: ErrLate.Error()}
	case req.Apply != nil:
		resp = a.apply(req)
	case req.GiveUp != "":
		a.giving.end(req.GiveUp)
	case req.Reach != nil:
		resp = reach(*req.Reach)
	case req.Connections != nil:
		resp = connections("/proc/self/net", *req.Connections)
	case req.Question != nil:
		answer := Answer(context.Background(), *req.Question)
		resp.Answer = &answer
	case req.Requests != nil:
		resp = a.requests.take(*req.Requests)
	default:
		if err := a.root.in(req.Root, func() { resp = handleFiles(req) }); err != nil {
			resp = Response{Error: err.Error()}
		}
	}
	resp.ID = req.ID
	return resp
}

// handleFiles answers what depends on the root, processes too: the files that show them are below one.
func handleFiles(req Request) (resp Response) {
	var err error
	switch {
	case req.Replace != nil:
		return replace(*req.Replace)
	case req.File != nil:
		return file(*req.File)
	case req.Processes != nil:
		resp.Processes, err = Processes(*req.Processes)
	default:
		err = errors.New("the agent does not know this question: it is older than who asks")
	}
	if err != nil {
		resp.Error = err.Error()
	}
	return resp
}

func reach(r Reach) Response {
	ctx, cancel := context.WithTimeout(context.Background(), r.Timeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", r.Host)
	if err != nil {
		return Response{Error: fmt.Sprintf("the name %s does not resolve: %v", r.Host, cause(err))}
	}
	resp := Response{Addresses: make([]Address, len(ips))}
	var wg sync.WaitGroup
	for i, ip := range ips {
		wg.Go(func() { resp.Addresses[i] = connect(ctx, ip.String(), r.Port, r.Hold) })
	}
	wg.Wait()
	return resp
}

func connect(ctx context.Context, ip string, port int, hold time.Duration) Address {
	a := Address{IP: ip}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		a.Error = cause(err)
		return a
	}
	defer conn.Close()
	if hold > 0 && closes(conn, hold) {
		a.Error = "it is accepted and closed at once"
	}
	_ = conn.SetDeadline(time.Now())
	return a
}

// closes says whether the other side gives a connection up that nothing was sent on.
func closes(conn net.Conn, within time.Duration) bool {
	_ = conn.SetReadDeadline(time.Now().Add(within))
	n, err := conn.Read(make([]byte, 1))
	return n == 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}
