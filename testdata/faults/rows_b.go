package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/stand"
)

// B: the engine stands still, dies, or lies.
var rowsB = []row{
	{id: "B1", injected: "no engine's socket; a socket that this user may not use", required: "exit 7 at once, with the endpoint and the remedy", run: noEngine},
	{id: "B3 before", injected: "the engine is stopped (SIGSTOP) before anything was changed", required: "exit 7", run: frozenBefore},
	{id: "B3 up", injected: "the engine is stopped while containers are created, and stays so", required: "a deadline of our own; exit 5; the old colour untouched; settled later", run: frozen(isCreate, 5)},
	{id: "B3 switched", injected: "the engine is stopped after the switch, and stays so", required: "exit 5; the new colour is live, the old one runs; settled later", run: frozen(isStop, 5)},
	{id: "B3 thawed", injected: "the engine is stopped for ten seconds while containers are created", required: "exit 0, or 3 and undone", run: thawed},
	{id: "B4", injected: "the engine is killed and restarted: while containers are created, in the gate, at the rehearsal, at the write, at the signal",
		required: "a stale healthy is no pass; what nginx names runs; the next command needs no manual step", run: restarted},
	{id: "B5", injected: "the engine is killed and restarted after the switch, and neither colour comes back by itself", required: "the new colour, the last good one, is started; exit 5", run: restartedAfterTheSwitch},
	{id: "B5 kept", injected: "the engine is killed and restarted, and stopped and started, after deployments with each restart policy", required: "no retired container comes back", run: keptStayStopped},
	{id: "B7", injected: "API 1.41 (20.10) and 1.5x (28)", required: "both work", reason: "each run of the tests is on one engine: `make test` and `make test ENGINE=28` run them on both"},
	{id: "B8", injected: "the event stream is cut after a few events, delivered twice, or out of order", required: "inspection decides; nothing is counted twice", run: unreliableEvents},
	{id: "B9 reads", injected: "every seventh question to the engine is answered by 500, by EOF, or by half an answer", required: "asked again", run: unreliableAnswers},
	{id: "B9 changes", injected: "a creation and a stop whose answers are lost or 500", required: "never repeated blindly; undone and proven (exit 3, or 4 when nginx had loaded it), or exit 0, or 5 when a stop failed", run: lostAnswers},
}

func isCreate(c proxy.Call) bool { return strings.HasPrefix(c.Path, "/containers/create?name=shop") }
func isStop(c proxy.Call) bool   { return strings.HasSuffix(c.Path, "/stop") }

func noEngine(t *trial) {
	s := t.newShop(stand.Options{})
	ask := func(host string, credential *syscall.Credential) {
		cmd := s.Command(t.context, append(s.env("v2"), "DOCKER_HOST=unix://"+host, "HOME=/nonexistent"), "deploy")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		began := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(began)
		s.hear(string(out))
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 7 {
			t.errorf("%v, want exit code 7\n%s", err, out)
		}
		if !strings.Contains(string(out), host) || !strings.Contains(string(out), "--host") && !strings.Contains(string(out), "group") {
			t.errorf("neither the endpoint nor the remedy is named:\n%s", out)
		}
		t.observe("exit 7 after %s", took.Round(10*time.Millisecond))
	}
	ask(filepath.Join(t.dir, "nobody.sock"), nil)
	// The second user may read the project and not the engine's socket.
	shared := s.lend()
	s.Dir = shared
	forbidden := filepath.Join(shared, "engine.sock")
	p, err := proxy.Listen(forbidden, t.socket)
	t.must(err)
	t.cleanup(func() { _ = p.Close() })
	t.must(os.Chmod(forbidden, 0o600))
	ask(forbidden, &syscall.Credential{Uid: 65534, Gid: 65534})
	s.holds()
}

// lend copies the project to a folder that other users can read.
func (s *shop) lend() string {
	dir := filepath.Join(s.t.dir, s.Name+"-lent")
	out, err := exec.Command("cp", "-r", s.Dir, dir).CombinedOutput()
	if err != nil {
		s.t.fatalf("copy the project: %v %s", err, out)
	}
	s.t.cleanup(func() { _ = os.RemoveAll(dir) })
	s.t.must(os.Chmod(dir, 0o755))
	for up := s.t.dir; up != "/tmp" && up != "/"; up = filepath.Dir(up) {
		_ = os.Chmod(up, 0o755)
	}
	return dir
}

func frozenBefore(t *trial) {
	s := t.newShop(stand.Options{})
	for _, command := range []string{"deploy", "status"} {
		t.must(t.freeze())
		r := s.wants(7, "v2", command)
		t.must(t.thaw())
		t.observe("%s: exit %d after %s", command, r.Code, r.Took.Round(time.Second))
	}
	// After the greeting, and before the first change.
	var once atomic.Bool
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		if !strings.HasPrefix(c.Path, "/images/") || once.Swap(true) {
			return proxy.Fault{}
		}
		return proxy.Fault{Before: func() { _ = t.freeze() }}
	})
	c := s.start("v2", nil, "deploy")
	code := c.end(3 * time.Minute)
	t.must(t.thaw())
	s.proxy.Inject(nil)
	if code != 7 {
		t.errorf("stopped while it observes: exit %d, want 7\n%s", code, lastLines(c.said(), 10))
	}
	s.recovers("settle", "v2")
	s.holds()
}

// frozen stops the engine at a call, for good, and wants an end with an exit code. Containers run on meanwhile, so users
// notice nothing.
func frozen(at func(proxy.Call) bool, want int) func(*trial) {
	return func(t *trial) {
		s := t.newShop(stand.Options{})
		var once atomic.Bool
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if !at(c) || once.Swap(true) {
				return proxy.Fault{}
			}
			return proxy.Fault{Before: func() { _ = t.freeze() }}
		})
		began := time.Now()
		c := s.start("v2", nil, "deploy")
		code := c.end(10 * time.Minute)
		t.must(t.thaw())
		s.proxy.Inject(nil)
		if code != want {
			t.errorf("exit code %d, want %d\n%s", code, want, lastLines(c.said(), 20))
		}
		t.observe("exit %d after %s", code, time.Since(began).Round(time.Second))
		t.observe("%s is live", s.stands())
		s.recovers("settle", "v2")
		s.recovers("deploy", "v1")
		s.holds()
	}
}

func thawed(t *trial) {
	s := t.newShop(stand.Options{})
	var once atomic.Bool
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		if !isCreate(c) || once.Swap(true) {
			return proxy.Fault{}
		}
		return proxy.Fault{Before: func() {
			_ = t.freeze()
			time.AfterFunc(10*time.Second, func() { _ = t.thaw() })
		}}
	})
	r := s.run("v2", "deploy")
	s.proxy.Inject(nil)
	if r.Code != 0 && r.Code != 3 {
		t.errorf("exit code %d\n%s", r.Code, r.Stdout)
	}
	t.observe("exit %d, %s is live", r.Code, s.stands())
	s.holds()
}

// restarted kills the engine at five points of a deployment. Everything on it ends with it, so users do lose requests;
// what must come back is what nginx names.
func restarted(t *trial) {
	// After its own death the engine takes "unless-stopped" for stopped.
	s := t.newShopWith(stand.Options{Config: "gate: {stable: 3s}\n", Edit: func(_, text string) string {
		return strings.ReplaceAll(text, "restart: unless-stopped", "restart: always")
	}}, false)
	points := []struct {
		name string
		at   func(proxy.Call) bool
	}{
		{"while containers are created", isCreate},
		{"in the gate", nil},
		{"at the rehearsal", func(c proxy.Call) bool { return strings.HasPrefix(c.Path, "/containers/create?name=bluegate-trial") }},
		{"at the write", func(c proxy.Call) bool { return c.Method == "WRITE" }},
		{"at the signal", isSignal},
	}
	version := "v2"
	for _, p := range points {
		wrong := len(t.wrong)
		var once atomic.Bool
		restart := func() { _ = t.kill(); _ = t.engine.start() }
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if p.at == nil || !p.at(c) || once.Swap(true) {
				return proxy.Fault{}
			}
			return proxy.Fault{Before: restart}
		})
		c := s.start(version, nil, "deploy")
		if p.at == nil {
			c.until("healthy")
			restart()
		}
		code := c.end(5 * time.Minute)
		s.proxy.Inject(nil)
		t.must(t.ready())
		if code < 0 || code == 1 || code == 2 || code > 7 {
			t.errorf("killed %s: exit code %d\n%s", p.name, code, lastLines(c.said(), 10))
		}
		t.observe("%s: exit %d", p.name, code)
		s.comesBack()
		s.recovers("settle", version)
		s.recovers("deploy", version)
		if len(t.wrong) > wrong {
			t.errorf("that was the engine killed %s; its last words:\n%s", p.name, lastLines(c.said(), 10))
		}
		version = other(version)
	}
	s.discreet()
	s.tidy()
}

// comesBack waits until the engine has started again what it is to start.
func (s *shop) comesBack() {
	if !s.t.within(time.Minute, "users are answered again", func() bool { return s.served() != model.None }) {
		all, _ := stand.Docker("ps", "-a", "--format", "{{.Names}} {{.Status}}")
		log, _ := exec.Command("docker", "logs", "--tail", "5", s.Nginx).CombinedOutput()
		s.t.errorf("%s\n%s", all, log)
	}
}

func restartedAfterTheSwitch(t *trial) {
	s := t.newShopWith(stand.Options{Edit: func(_, text string) string {
		return strings.ReplaceAll(text, "restart: unless-stopped", `restart: "no"`)
	}}, false)
	var once atomic.Bool
	s.proxy.Inject(func(c proxy.Call) proxy.Fault {
		if !isStop(c) || once.Swap(true) {
			return proxy.Fault{}
		}
		return proxy.Fault{Before: func() { _ = t.kill(); _ = t.engine.start() }}
	})
	c := s.start("v2", nil, "deploy")
	code := c.end(5 * time.Minute)
	s.proxy.Inject(nil)
	t.must(t.ready())
	if code != 5 {
		t.errorf("exit code %d, want 5\n%s", code, lastLines(c.said(), 10))
	}
	s.comesBack()
	if live := s.served(); live != model.Green {
		t.errorf("%q is served, want green", live)
	}
	t.observe("exit %d, %s is served", code, s.served())
	s.recovers("settle", "v2")
	s.recovers("deploy", "v1")
	s.tidy()
}

// keptStayStopped restarts the engine: a container that retired has lost its restart policy, whatever that was.
func keptStayStopped(t *trial) {
	for _, policies := range [][2]string{{"always", "unless-stopped"}, {"on-failure:3", "always"}} {
		s := t.newShopWith(stand.Options{Edit: func(_, text string) string {
			parts := strings.SplitN(text, "restart: unless-stopped", 3)
			return parts[0] + "restart: " + policies[0] + parts[1] + "restart: " + policies[1] + parts[2]
		}}, false)
		s.wants(0, "v2", "deploy")
		for name, end := range map[string]func() error{"killed": t.kill, "stopped": t.stop} {
			t.must(end())
			t.must(t.engine.start())
			t.must(t.ready())
			t.within(time.Minute, "what has the policy always runs", func() bool {
				out, err := stand.Docker("inspect", "-f", "{{.State.Running}}", s.Nginx)
				return err == nil && out == "true"
			})
			time.Sleep(2 * time.Second)
			out, err := stand.Docker("ps", "--format", "{{.Names}}", "--filter", "name="+s.Name+"-.*-blue-")
			t.must(err)
			if out != "" {
				t.errorf("the engine was %s and started, and there is again: %s", name, out)
			}
		}
		t.observe("%s and %s: none came back", policies[0], policies[1])
		s.discreet()
	}
}

func unreliableEvents(t *trial) {
	s := t.newShop(stand.Options{})
	version := "v2"
	for name, f := range map[string]proxy.Fault{
		"cut": {Body: proxy.CutAfter(5)}, "twice": {Body: proxy.Twice}, "swapped": {Body: proxy.Swapped}, "none": {Status: http.StatusInternalServerError},
	} {
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if strings.HasPrefix(c.Path, "/events") {
				return f
			}
			return proxy.Fault{}
		})
		r := s.wants(0, version, "deploy")
		t.observe("%s: exit %d", name, r.Code)
		if r = s.run("v3", "deploy"); r.Code != 3 {
			t.errorf("a bad release with its events %s: exit %d, want 3", name, r.Code)
		}
		s.proxy.Inject(nil)
		version = other(version)
	}
	s.holds()
}

func unreliableAnswers(t *trial) {
	s := t.newShop(stand.Options{})
	version := "v2"
	for name, f := range map[string]proxy.Fault{"500": {Status: http.StatusInternalServerError}, "EOF": {Drop: true}, "half": {Half: true}} {
		var asked atomic.Int64
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			// What comes by itself and in pieces has its own row.
			if c.N > 0 || c.Method != http.MethodGet || strings.HasPrefix(c.Path, "/events") || strings.Contains(c.Path, "/archive") || asked.Add(1)%7 != 0 {
				return proxy.Fault{}
			}
			return f
		})
		r := s.run(version, "deploy")
		s.proxy.Inject(nil)
		if r.Code != 0 && r.Code != 3 {
			t.errorf("%s: exit %d\n%s", name, r.Code, r.Stdout)
		}
		t.observe("%s: exit %d", name, r.Code)
		s.stands()
		s.tidy()
		version = other(version)
	}
	s.holds()
}

func lostAnswers(t *trial) {
	s := t.newShop(stand.Options{})
	version := "v2"
	for _, test := range []struct {
		name  string
		at    func(proxy.Call) bool
		fault proxy.Fault
	}{
		{"the answer to a creation is lost", isCreate, proxy.Fault{Lose: true}},
		{"a creation is answered by 500", isCreate, proxy.Fault{Status: 500}},
		{"the answer to a stop is lost", isStop, proxy.Fault{Lose: true}},
		{"a stop is answered by 500", isStop, proxy.Fault{Status: 500}},
		{"the signal is answered by 500", isSignal, proxy.Fault{Status: 500}},
		{"the answer to the signal is lost", isSignal, proxy.Fault{Lose: true}},
	} {
		var hits atomic.Int64
		var path atomic.Value
		s.proxy.Inject(func(c proxy.Call) proxy.Fault {
			if !test.at(c) {
				return proxy.Fault{}
			}
			if path.CompareAndSwap(nil, c.Path) {
				hits.Add(1)
				return test.fault
			}
			if path.Load() == c.Path {
				hits.Add(1)
			}
			return proxy.Fault{}
		})
		r := s.run(version, "deploy")
		s.proxy.Inject(nil)
		if r.Code == 1 || r.Code == 2 || r.Code > 5 {
			t.errorf("%s: exit %d\n%s", test.name, r.Code, r.Stdout)
		}
		if hits.Load() > 1 && !strings.Contains(test.name, "signal") {
			t.errorf("%s: asked for %d times", test.name, hits.Load())
		}
		t.observe("%s: exit %d, %s is live", test.name, r.Code, s.stands())
		s.recovers("settle", version)
		s.tidy()
		version = other(version)
	}
	s.holds()
}
