package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/certs"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// A whole deployment over a real sshd, as `DOCKER_HOST=ssh://deploy@server` has it.
func TestRemoteOverSSH(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	port, config := sshd(t)
	tools := t.TempDir()
	script(t, filepath.Join(tools, "ssh"), `exec /usr/bin/ssh -F `+config+` "$@"`)
	s.elsewhere(`export DOCKER_HOST=ssh://root@127.0.0.1:`+port, `export PATH=`+tools+`:$PATH`)
	s.deploysRemotely()
}

// A whole deployment over TCP with client certificates: by the docker command's environment, and by a context.
func TestRemoteOverTLS(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := openShop(t, stand.Options{})
	dir, config := certs.Authority(t)
	host := "tcp://" + guardedEngine(t, config)
	s.elsewhere(`export DOCKER_HOST=`+host, `export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=`+dir)
	s.deploysRemotely()

	home := t.TempDir()
	create := exec.Command("docker", "--config", home, "context", "create", "server", "--docker",
		fmt.Sprintf("host=%s,ca=%s/ca.pem,cert=%s/cert.pem,key=%s/key.pem", host, dir, dir, dir))
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.elsewhere(`unset DOCKER_HOST`, `export DOCKER_CONFIG=`+home)
	if r := s.run(nil, "status", "--context", "server"); r.Code != 0 || r.Report.Live != model.Green {
		t.Errorf("by a context: %d, live is %s\n%s", r.Code, r.Report.Live, r.Stderr)
	}

	// Nobody without a certificate of the authority's gets that far.
	stranger, _ := certs.Authority(t)
	s.elsewhere(`export DOCKER_HOST=`+host, `export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=`+stranger)
	if r := s.run(nil, "status"); r.Code != 7 || r.Report.Outcome != model.Unreachable {
		t.Errorf("with a stranger's certificate: %d %s", r.Code, r.Report.Outcome)
	}
}

// elsewhere has bluegate run where the project's folder holds the Compose files and nothing else, and nothing of that
// is seen by the engine's machine: what nginx reads can be written through its container only.
func (s *shop) elsewhere(environment ...string) {
	s.t.Helper()
	files := s.t.TempDir()
	for _, name := range []string{"compose.blue-deploy.yml", "compose.green-deploy.yml", "bluegate.yml"} {
		text, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(files, name), text, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	wrapper := filepath.Join(s.t.TempDir(), "bluegate")
	script(s.t, wrapper, strings.Join(environment, "\n")+`
exec unshare --mount --propagation private sh -c 'mount -t tmpfs none "$0" && cp `+files+`/* "$0" && cd "$0" && exec `+bluegate+` "$@"' `+s.Dir+` "$@"`)
	s.Bluegate = wrapper
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// deploysRemotely makes green live with a good release and refuses a bad one, under load.
func (s *shop) deploysRemotely() {
	s.t.Helper()
	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	stop := s.load(load.Options{Kinds: kinds, Rate: 60, Workers: 2})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	if got := s.conf(); !strings.Contains(got, "was-green:3002   max_fails=0;") {
		s.t.Errorf("the engine's host has\n%s", got)
	}
	r := s.deploys(3, model.Refused, []string{"VERSION=v3"})
	if reason := r.Report.Reasons[0]; reason.Code != model.Unhealthy || len(reason.LogTail) == 0 {
		s.t.Errorf("the reason is %+v", reason)
	}
	if h := s.run(nil, "health"); h.Code != 0 {
		s.t.Errorf("health ends with %d\n%s", h.Code, h.Stdout)
	}
	record := stop()
	nothingLost(s.t, record, kinds...)
	colours(s.t, record, "blue", "green")
}

// sshd runs Debian's on loopback, with keys and a configuration of the test's own, and returns its port and what a
// client needs to know.
func sshd(t *testing.T) (port, client string) {
	t.Helper()
	const program = "/usr/sbin/sshd"
	installed(t, program, "openssh-server")
	dir := t.TempDir()
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	port = ports(t, 1)[0]
	public, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	client = filepath.Join(dir, "ssh_config")
	server := filepath.Join(dir, "sshd_config")
	files := map[string]string{
		"known":      fmt.Sprintf("[127.0.0.1]:%s %s", port, public),
		"ssh_config": fmt.Sprintf("Host *\n IdentityFile %[1]s/user\n IdentitiesOnly yes\n UserKnownHostsFile %[1]s/known\n GlobalKnownHostsFile /dev/null\n StrictHostKeyChecking yes\n BatchMode yes\n", dir),
		"sshd_config": fmt.Sprintf("ListenAddress 127.0.0.1:%[2]s\nHostKey %[1]s/host\nAuthorizedKeysFile %[1]s/user.pub\nPidFile none\nUsePAM no\nStrictModes no\n"+
			"PermitRootLogin prohibit-password\nPasswordAuthentication no\nMaxStartups 100\nMaxSessions 100\n", dir, port),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where sshd's unprivileged half lives
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-D", "-e", "-f", server)
	cmd.Stderr, cmd.SysProcAttr = &log, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := make(chan error, 1)
	ended := make(chan struct{})
	go func() { // Pdeathsig is the thread's: the one that starts sshd stays until it has ended
		runtime.LockOSThread()
		began <- cmd.Start()
		_ = cmd.Wait()
		close(ended)
	}()
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("sshd said:\n%s", log.String())
		}
	})
	await(t, "127.0.0.1:"+port)
	return port, client
}

// ports are free ones of this host, each once. They lie below those that the kernel gives to outgoing connections.
func ports(t *testing.T, n int) (found []string) {
	t.Helper()
	for tries := 0; len(found) < n; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+mathrand.IntN(20_000)))
		if err == nil {
			defer l.Close()
			found = append(found, fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
		} else if tries > 100 {
			t.Fatal(err)
		}
	}
	return found
}

func await(t *testing.T, address string) {
	t.Helper()
	pace.Until(t, address+" accepts connections", func() error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// guardedEngine is the engine's socket behind TLS, for those who have a certificate. Each half of a connection ends by
// itself: an exec's answer comes after its question has ended.
func guardedEngine(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go tunnel(conn.(*tls.Conn))
		}
	}()
	return l.Addr().String()
}

func tunnel(client *tls.Conn) {
	defer client.Close()
	if client.Handshake() != nil {
		return
	}
	conn, err := net.Dial("unix", "/var/run/docker.sock")
	if err != nil {
		return
	}
	engine := conn.(*net.UnixConn)
	defer engine.Close()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = io.Copy(engine, client)
		_ = engine.CloseWrite()
	}()
	_, _ = io.Copy(client, engine)
	_ = client.CloseWrite()
	_ = engine.Close()
	_ = client.Close()
	<-asked
}
