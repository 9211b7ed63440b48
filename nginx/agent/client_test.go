package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// served returns a client of a Serve that runs in this process, over pipes as over a container's streams.
func served(t *testing.T) *Client {
	t.Helper()
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Serve(questions, answers)
		_ = answers.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		_ = in.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v after its input had ended", err)
		}
	})
	return NewClient(in, out)
}

// ask fails the test when there is no answer at all.
func ask(t *testing.T, c *Client, req Request) Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	resp, err := c.Ask(ctx, req)
	if err != nil {
		t.Fatalf("ask %+v: %v", req, err)
	}
	return resp
}

func TestEachRequestGetsItsOwnAnswer(t *testing.T) {
	c := served(t)
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 64 {
		path := filepath.Join(dir, fmt.Sprintf("%02d.conf", i))
		write(t, path, "old")
		all.Go(func() {
			resp, err := c.Ask(t.Context(), Request{Replace: &Replace{Path: path, Old: []byte("old"), New: fmt.Appendf(nil, "new %d", i)}})
			if err != nil || resp.Error != "" || !resp.Atomic {
				t.Errorf("%s: %+v, %v", path, resp, err)
			}
			missing, err := c.Ask(t.Context(), Request{Replace: &Replace{Path: path + ".gone", Old: []byte("old"), New: []byte("new")}})
			if err != nil || !strings.Contains(missing.Error, path+".gone") {
				t.Errorf("a missing file of request %d was answered with %+v, %v", i, missing, err)
			}
		})
	}
	all.Wait()
	for i := range 64 {
		if got, want := read(t, filepath.Join(dir, fmt.Sprintf("%02d.conf", i))), fmt.Sprintf("new %d", i); got != want {
			t.Errorf("file %d holds %q, want %q", i, got, want)
		}
	}
}

func TestSlowAnswerHoldsUpNoOther(t *testing.T) {
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	c := NewClient(in, out)
	slow := make(chan error, 1)
	go func() {
		_, err := c.Ask(t.Context(), Request{Reach: &Reach{Host: "slow"}})
		slow <- err
	}()
	lines := newLines(questions)
	lines.next(t) // the slow one is on its way
	quick := make(chan Response, 1)
	go func() {
		resp, _ := c.Ask(t.Context(), Request{Reach: &Reach{Host: "quick"}})
		quick <- resp
	}()
	lines.next(t)
	say(t, answers, `{"id":2,"error":"quick"}`, `{"id":99,"error":"nobody asked"}`, `{"id":1}`)
	if resp := <-quick; resp.Error != "quick" {
		t.Errorf("the second question was answered with %+v", resp)
	}
	if err := <-slow; err != nil {
		t.Errorf("the first question: %v", err)
	}
}

func TestContextEndsOnlyItsOwnQuestion(t *testing.T) {
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	c := NewClient(in, out)
	lines := newLines(questions)
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() {
		_, err := c.Ask(ctx, Request{Reach: &Reach{Host: "never"}})
		given <- err
	}()
	lines.next(t)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled question ended with %v", err)
	}
	// The late answer is nobody's, and the next question gets its own.
	next := make(chan Response, 1)
	go func() {
		resp, _ := c.Ask(t.Context(), Request{Reach: &Reach{Host: "next"}})
		next <- resp
	}()
	lines.next(t)
	say(t, answers, `{"id":1,"error":"late"}`, `{"id":2,"error":"next"}`)
	if resp := <-next; resp.Error != "next" {
		t.Errorf("the next question was answered with %+v", resp)
	}
}

func TestEndOfTheHelperReachesEveryAsker(t *testing.T) {
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	c := NewClient(in, out)
	lines := newLines(questions)
	const askers = 8
	errs := make(chan error, askers)
	for range askers {
		go func() {
			_, err := c.Ask(t.Context(), Request{Reach: &Reach{Host: "x"}})
			errs <- err
		}()
		lines.next(t)
	}
	say(t, answers, "exec /bluegate-helper: exec format error")
	_ = answers.Close()
	for range askers {
		// What the container printed last is the only explanation that there will ever be.
		if err := <-errs; err == nil || !strings.Contains(err.Error(), "ended") || !strings.Contains(err.Error(), "exec format error") {
			t.Errorf("an asker got %v", err)
		}
	}
	if _, err := c.Ask(t.Context(), Request{Reach: &Reach{Host: "y"}}); err == nil || !strings.Contains(err.Error(), "exec format error") {
		t.Errorf("a later question got %v", err)
	}
}

func TestQuestionThatCannotBeSent(t *testing.T) {
	questions, in := io.Pipe()
	out, _ := io.Pipe()
	_ = questions.CloseWithError(errors.New("connection reset"))
	if _, err := NewClient(in, out).Ask(t.Context(), Request{}); err == nil || !strings.Contains(err.Error(), "connection reset") {
		t.Errorf("got %v", err)
	}
}

func TestQuestionThatNobodyTakes(t *testing.T) {
	in, stopped := net.Pipe()
	defer stopped.Close()
	out, _ := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := NewClient(in, out).Ask(ctx, Request{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestServeAnswersWhatItHasBegunBeforeItEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "default.conf")
	write(t, path, "old")
	var out bytes.Buffer
	in := fmt.Sprintf(`{"id":7,"replace":{"path":%q,"old":"b2xk","new":"bmV3"}}`, path)
	if err := Serve(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != `{"id":7,"atomic":true}`+"\n" || read(t, path) != "new" {
		t.Errorf("answered %q, and the file holds %q", got, read(t, path))
	}
}

func TestServeEndsOnWhatIsNoRequest(t *testing.T) {
	if err := Serve(strings.NewReader("GET / HTTP/1.1\n"), io.Discard); err == nil || !strings.Contains(err.Error(), "no JSON") {
		t.Errorf("got %v", err)
	}
}

// A helper that is older than its asker must not say yes to what it does not know.
func TestServeKnowsWhatItDoesNotKnow(t *testing.T) {
	if resp := ask(t, served(t), Request{}); resp.Error == "" {
		t.Errorf("an unknown question was answered with %+v", resp)
	}
}

func TestLargeFilePasses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "geo.conf")
	before, after := bytes.Repeat([]byte("10.0.0.0/8 a;\n"), 300_000), bytes.Repeat([]byte("10.0.0.0/8 b;\n"), 300_000)
	write(t, path, string(before))
	if resp := ask(t, served(t), Request{Replace: &Replace{Path: path, Old: before, New: after}}); resp.Error != "" {
		t.Fatal(resp.Error)
	}
	if read(t, path) != string(after) {
		t.Error("the file is not what was written")
	}
}

// 20,000 connections, or a whole folder, are an answer of megabytes.
func TestLargeAnswerPasses(t *testing.T) {
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	c := NewClient(in, out)
	go func() {
		newLines(questions).next(t)
		open := make([]Socket, 20_000)
		for i := range open {
			open[i] = Socket{Local: fmt.Sprintf("10.0.0.9:%d", i), Remote: "10.0.0.2:3000", Inode: strconv.Itoa(1_000_000 + i)}
		}
		_ = json.NewEncoder(answers).Encode(Response{ID: 1, Open: open})
	}()
	resp, err := c.Ask(t.Context(), Request{Connections: &Connections{To: []string{"10.0.0.2"}}})
	if err != nil || len(resp.Open) != 20_000 {
		t.Errorf("%d connections, %v", len(resp.Open), err)
	}
}

type lines struct{ from chan string }

func newLines(r io.Reader) lines {
	l := lines{make(chan string)}
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := r.Read(buf) // a request is one write
			if err != nil {
				return
			}
			l.from <- string(buf[:n])
		}
	}()
	return l
}

func (l lines) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-l.from:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("no request came")
		return ""
	}
}

func say(t *testing.T, w io.Writer, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// stuck accepts no byte until it is told to.
type stuck struct{ open chan struct{} }

func (s stuck) Write(p []byte) (int, error) {
	<-s.open
	return len(p), nil
}

// While the other end does not accept a request, answers to others arrive, and whoever waits for his turn gives up in time.
func TestAWriteThatBlocksHoldsNobodyElse(t *testing.T) {
	out, answers := io.Pipe()
	in := stuck{make(chan struct{})}
	c := NewClient(in, out)
	first := make(chan Response, 1)
	go func() {
		resp, _ := c.Ask(t.Context(), Request{})
		first <- resp
	}()
	for len(c.writing) == 0 { // until it is being written
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Ask(ctx, Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second request: %v", err)
	}
	if c.Ended() {
		t.Error("the other end is taken to be gone")
	}
	if _, err := answers.Write([]byte("{\"id\":1}\n")); err != nil { // which the reader takes in
		t.Fatal(err)
	}
	close(in.open)
	if resp := <-first; resp.ID != 1 {
		t.Errorf("the first request got %+v", resp)
	}
	_ = answers.Close()
}
