package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// previewing is a `bluegate preview` that runs.
type previewing struct {
	Listen, Colour, Release, Service, Address string

	cmd    *exec.Cmd
	stderr spoken
}

// preview starts `bluegate preview`, and waits until it forwards.
func (s *shop) preview(args ...string) *previewing {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pace.Limit(5*time.Minute))
	s.t.Cleanup(cancel)
	p := &previewing{cmd: s.Command(ctx, nil, append([]string{"preview", "--listen", "127.0.0.1:0", "--format", "json"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		err = json.Unmarshal([]byte(line), p)
	}
	if err != nil || p.Listen == "" {
		_ = p.cmd.Process.Kill()
		s.t.Fatalf("bluegate preview %v: %v: %s\n%s", args, err, line, p.stderr.String())
	}
	return p
}

// ends is Ctrl-C. Afterwards no helper is left.
func (s *shop) endsPreview(p *previewing) {
	s.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		s.t.Errorf("after SIGINT it ended with %v\n%s", err, p.stderr.String())
	}
	if left := docker(s.t, "ps", "-aq", "--filter", "label=bluegate.own=preview", "--filter", "name="+s.Name); left != "" {
		s.t.Errorf("its helper is still there: %s", left)
	}
}

// gets is an answer through a preview.
func (s *shop) gets(p *previewing, path string) (header http.Header, body string) {
	s.t.Helper()
	client := http.Client{Timeout: pace.Limit(time.Minute), Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + p.Listen + path)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", path, err, p.stderr.String())
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Header, string(text)
}

// A release is looked at and approved, and another one is given up, while users are on the old one and lose nothing.
func TestPreview(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	stop := s.load(load.Options{})
	conf := s.conf()
	workers, err := s.Workers()
	if err != nil {
		t.Fatal(err)
	}
	first := s.deploys(0, model.Waiting, []string{"VERSION=v2"}, "--until", "preview").Report
	if first.Live != model.Blue || first.Preview == nil || first.Preview.Release != first.Release {
		t.Errorf("live is %s, and %+v waits", first.Live, first.Preview)
	}
	p := s.preview("was")
	if header, _ := s.gets(p, "/"); header.Get("X-Colour") != "green" || header.Get("X-Version") != "v2" {
		t.Errorf("the preview answers as %s %s", header.Get("X-Colour"), header.Get("X-Version"))
	}
	if p.Service != "was-green" || p.Colour != "green" || p.Release != first.Release {
		t.Errorf("it says %+v", p)
	}
	if now, err := s.Workers(); err != nil || s.conf() != conf || strings.Join(now, " ") != strings.Join(workers, " ") {
		t.Errorf("nginx was changed: workers %v, before %v, %v", now, workers, err)
	}
	if r := s.deploys(3, model.Refused, []string{"VERSION=v1"}); r.Report.Reasons[0].Code != model.PreviewPending {
		t.Errorf("the reasons are %+v", r.Report.Reasons)
	}
	if r := s.run(nil, "settle"); r.Code != 0 || !strings.Contains(r.Report.Message, "waits to be promoted") {
		t.Errorf("settle: %d %s", r.Code, r.Report.Message)
	}
	if r := s.run(nil, "status"); r.Report.Preview == nil || r.Report.Live != model.Blue {
		t.Errorf("status: %+v waits, and %s is live", r.Report.Preview, r.Report.Live)
	}
	s.gets(p, "/health") // what swept helpers left this one
	if r := s.run(nil, "promote"); r.Code != 0 || r.Report.Outcome != model.Promoted || r.Report.Release != first.Release {
		t.Fatalf("promote: %d %s %s\n%s", r.Code, r.Report.Outcome, r.Report.Message, r.Stderr)
	}
	s.endsPreview(p)

	second := s.deploys(0, model.Waiting, []string{"VERSION=v1"}, "--until", "preview").Report
	if r := s.run(nil, "abort"); r.Code != 0 || r.Report.Outcome != model.OK || r.Report.Live != model.Green {
		t.Errorf("abort: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if left := docker(t, "ps", "-aq", "--filter", "label=bluegate.release="+second.Release); left != "" {
		t.Errorf("of the release that was given up is left: %s", left)
	}
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive)
	colours(t, record, "blue", "green")
}

// Nobody promotes it, and its time is over: the next deployment removes it. What died meanwhile is not promoted.
func TestPreviewEnds(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	s.config(unhurried + "preview: {timeout: 1s}\n")
	s.deploys(0, model.Waiting, []string{"VERSION=v2"}, "--until", "preview")
	time.Sleep(1100 * time.Millisecond)
	if r := s.run(nil, "promote"); r.Code != 3 || r.Report.Reasons[0].Code != model.PreviewOver {
		t.Errorf("promote: %d %+v", r.Code, r.Report.Reasons)
	}
	s.config(unhurried)
	s.deploys(0, model.Waiting, []string{"VERSION=v2"}, "--until", "preview")
	p := s.preview("was")
	container := docker(t, "ps", "-q", "--filter", "label=com.docker.compose.project="+s.Name, "--filter", "label=com.docker.compose.service=was-green")
	s.disturbed = true
	docker(t, "kill", container)
	conn, err := net.Dial("tcp", p.Listen)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(pace.Limit(30 * time.Second)))
	if _, err := io.ReadAll(conn); err == nil {
		t.Error("a connection to a dead release ended as if it were complete")
	}
	pace.Until(t, "it says why", func() error {
		if said := p.stderr.String(); !strings.Contains(said, "was-green of green: exited") {
			return errors.New("it says\n" + said)
		}
		return nil
	})
	s.endsPreview(p)
	if r := s.run(nil, "promote"); r.Code != 3 || r.Report.Outcome != model.Refused || r.Report.Live != model.Blue {
		t.Errorf("promote: %d %s %s", r.Code, r.Report.Outcome, r.Report.Message)
	}
	if r := s.run(nil, "status"); r.Report.Preview != nil {
		t.Errorf("%+v still waits", r.Report.Preview)
	}
}

// The same from another machine: a websocket, a download of 100 MB, and the end of one direction.
func TestPreviewOverSSH(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	port, config := sshd(t)
	tools := t.TempDir()
	script(t, filepath.Join(tools, "ssh"), `exec /usr/bin/ssh -F `+config+` "$@"`)
	s.elsewhere(`export DOCKER_HOST=ssh://root@127.0.0.1:`+port, `export PATH=`+tools+`:$PATH`)
	s.deploys(0, model.Waiting, []string{"VERSION=v2"}, "--until", "preview")
	p := s.preview("was-green")
	const size = 100 << 20
	began := time.Now()
	resp, err := http.Get(fmt.Sprintf("http://%s/bytes?n=%d", p.Listen, size))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.stderr.String())
	}
	n, err := io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil || n != size || resp.Header.Get("X-Version") != "v2" {
		t.Errorf("the download has %d of %d bytes, %v, version %s", n, size, err, resp.Header.Get("X-Version"))
	}
	t.Logf("100 MB in %s", time.Since(began))

	conn, err := net.Dial("tcp", p.Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(pace.Limit(time.Minute)))
	fmt.Fprintf(conn, "GET /echo HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	in := bufio.NewReader(conn)
	upgraded, err := http.ReadResponse(in, nil)
	if err != nil || upgraded.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the upgrade: %+v %v", upgraded, err)
	}
	for i := range 20 {
		text := fmt.Sprintf("frame %d of a websocket\n", i)
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if back, err := in.ReadString('\n'); err != nil || back != text {
			t.Fatalf("sent %q, got %q, %v", text, back, err)
		}
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(in); err != nil || string(rest) != "goodbye from green" {
		t.Errorf("after the end of one direction came %q, %v", rest, err)
	}
	s.endsPreview(p)
	if r := s.run(nil, "promote"); r.Code != 0 {
		t.Errorf("promote: %d %s\n%s", r.Code, r.Report.Message, r.Stderr)
	}
}
