package connect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/compose/engine"
	"bluegate/deploy"
	"bluegate/deploy/model"
	"bluegate/testdata/certs"
	"bluegate/testdata/pace"
)

// notReached fails the test unless the error says in time, and with these words, that the engine cannot be reached.
func notReached(t *testing.T, err error, began time.Time, limit time.Duration, words ...string) {
	t.Helper()
	var silent *model.UnreachableError
	if !errors.As(err, &silent) {
		t.Errorf("not an *UnreachableError: %v", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
	if took := time.Since(began); took > limit {
		t.Errorf("it took %s, and may take %s", took, limit)
	}
}

func TestConnectWithoutASocket(t *testing.T) {
	began := time.Now()
	host := "unix://" + t.TempDir() + "/docker.sock"
	_, err := To(t.Context(), host, "")
	notReached(t, err, began, pace.Limit(engine.AskLimit/2), host, "start it", "--host")
	began = time.Now()
	_, err = To(t.Context(), "tcp://127.0.0.1:1", "")
	notReached(t, err, began, pace.Limit(engine.AskLimit/2), "tcp://127.0.0.1:1", "start it")
}

// A user who is not in the socket's group.
func TestConnectWithoutPermission(t *testing.T) {
	host := impostor(t, nil)
	socket := strings.TrimPrefix(host, "unix://")
	if err := os.Chmod(socket, 0); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if os.Getuid() != 0 {
		_, err := To(t.Context(), host, "")
		notReached(t, err, began, pace.Limit(engine.AskLimit/2), host, "permission denied", "add this user")
		return
	}
	// root may use every socket, so another user connects.
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(socket)
	self := filepath.Join(dir, "connect")
	if err := errors.Join(os.WriteFile(self, binary, 0o755), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir = dir
	cmd.Env = []string{connectOnly + "=1", "DOCKER_HOST=" + host, "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	began = time.Now()
	out, err := cmd.CombinedOutput()
	if err == nil || time.Since(began) > pace.Limit(engine.AskLimit/2) {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	for _, words := range []string{host, "permission denied", "add this user (uid 65534) to the socket's group"} {
		if !strings.Contains(string(out), words) {
			t.Errorf("%s does not say %q", out, words)
		}
	}
}

func TestConnectByEnvironment(t *testing.T) {
	host := "unix://" + t.TempDir() + "/from-the-environment.sock"
	t.Setenv("DOCKER_HOST", host)
	began := time.Now()
	_, err := To(t.Context(), "", "")
	notReached(t, err, began, pace.Limit(engine.AskLimit/2), host)
}

func TestConnectToAContextThatIsNotThere(t *testing.T) {
	_, err := To(t.Context(), "", "no-such-context")
	var invalid *model.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "no-such-context") {
		t.Errorf("got %v", err)
	}
	_, err = To(t.Context(), "unix:///x", "both")
	if !errors.As(err, &invalid) {
		t.Errorf("a host and a context: %v", err)
	}
}

func TestRemedies(t *testing.T) {
	e := &engine.Engine{Endpoint: "unix:///var/run/docker.sock"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}, fmt.Sprintf("add this user (uid %d) to the socket's group", os.Getuid())},
		{errors.New("permission denied while trying to connect to the Docker daemon socket"), ""}, // says nothing about who answered
		{fmt.Errorf("ask: %w", context.DeadlineExceeded), "check the daemon"},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "start it"},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "start it"},
		{fmt.Errorf("body: %w", io.ErrUnexpectedEOF), "start it"},
		{errors.New("No such container: x"), ""},
		{context.Canceled, ""},
	} {
		got := e.Unreachable(test.err)
		var silent *model.UnreachableError
		if errors.As(got, &silent) != (test.want != "") || !strings.Contains(got.Error(), test.want) {
			t.Errorf("%v became %v, want %q", test.err, got, test.want)
		}
		if !errors.Is(got, test.err) {
			t.Errorf("%v lost its cause", got)
		}
	}
	if e.Unreachable(nil) != nil {
		t.Error("nothing became an error")
	}
}

// impostor listens and calls answer for every connection.
func impostor(t *testing.T, answer func(net.Conn)) (host string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { close(done); listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if answer == nil {
					<-done
					return
				}
				answerOne(conn, answer)
			}()
		}
	}()
	return "unix://" + path
}

// answerOne answers pings, and calls answer for the request of the version.
func answerOne(conn net.Conn, answer func(net.Conn)) {
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if !strings.HasSuffix(req.URL.Path, "/_ping") {
			answer(conn)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n")
	}
}

func TestConnectToWhatIsNoEngine(t *testing.T) {
	reply := func(text string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, text) } }
	for name, test := range map[string]struct {
		answer func(net.Conn)
		words  []string
	}{
		"silent":         {nil, []string{"does not answer"}},
		"closes":         {func(net.Conn) {}, nil},
		"half an answer": {reply("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"ID\":\"x\",\"Sys"), nil},
		"half a chunk":   {reply("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"ID\""), nil},
		"begins and stays silent": {func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
			time.Sleep(time.Minute)
		}, nil},
		"an error":               {reply("HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"message\":\"panic\"}"), []string{"panic"}},
		"another kind of server": {reply("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"), nil},
		"not even HTTP":          {reply("SSH-2.0-OpenSSH_9.2\r\n"), nil},
		"unauthorized":           {reply("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n{\"message\":\"not for this user\"}"), []string{"not for this user"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := impostor(t, test.answer)
			began := time.Now()
			_, err := To(t.Context(), host, "")
			notReached(t, err, began, pace.Limit(2*engine.AskLimit), append(test.words, host)...)
		})
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	host := impostor(t, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(&deploy.InterruptedError{Signal: 15, Name: "SIGTERM"}) })
	began := time.Now()
	_, err := To(ctx, host, "")
	if took := time.Since(began); err == nil || took > pace.Limit(engine.AskLimit/2) {
		t.Errorf("after %s: %v", took, err)
	}
}

// CI services offer engines that require a client certificate.
func TestConnectWithCertificates(t *testing.T) {
	dir, config := certs.Authority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"ID":"x","SystemTime":%q}`, time.Now().Format(time.RFC3339Nano))
	}))
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	// docker/cli reads this environment once, when the process begins.
	connects := func(dir string) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), connectOnly+"=1", "DOCKER_HOST=tcp://"+server.Listener.Addr().String(), "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := connects(dir); err != nil || said != "connected\n" {
		t.Errorf("%v: %s", err, said)
	}
	if said, err := connects(t.TempDir()); err == nil {
		t.Errorf("a client without a certificate: %s", said)
	}
}

// Podman's socket, as version 4.3.1 answers: refused by name.
func TestConnectToPodman(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			w.Header().Set("Api-Version", "1.41")
			w.Header().Set("Server", "Libpod/4.3.1 (linux)")
		case strings.HasSuffix(r.URL.Path, "/info"):
			_, _ = io.WriteString(w, `{"ServerVersion": "4.3.1", "SystemTime": "2026-11-28T23:47:34Z"}`)
		case strings.HasSuffix(r.URL.Path, "/version"):
			_, _ = io.WriteString(w, `{"Version": "4.3.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}, {"Name": "Conmon", "Version": "2.1.6"}]}`)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	defer server.Close()
	host := "tcp://" + server.Listener.Addr().String()
	_, err := To(t.Context(), host, "")
	notReached(t, err, time.Now(), time.Minute, "at "+host+" is Podman 4.3.1", "--host")
}
