package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// canary is a secret in the containers' environment. It must turn up nowhere.
const canary = "canary-7f3a9c21-do-not-print"

// quickly makes a shop's healthchecks answer soon, so that many deployments take little time, and lets them take long on
// a machine that is busy.
func quickly(text string) string {
	return strings.NewReplacer("interval: 1s", "interval: 200ms", "timeout: 2s", "timeout: 15s", "environment: {", "environment: {API_TOKEN: "+canary+", ").Replace(text)
}

// quick is a bluegate.yml that decides soon.
const quick = "gate: {stable: 200ms}\n"

// shop is a stand with a proxy before its engine, and with strangers next to it that nobody may touch.
type shop struct {
	*stand.Stand
	t         *trial
	proxy     *proxy.Proxy
	client    *load.Client
	strangers string

	mu   sync.Mutex
	said []string // all that any call printed
}

// newShop sets a shop up: blue is live behind nginx, in version v1, and users come.
func (t *trial) newShop(o stand.Options) *shop {
	return t.newShopWith(o, true)
}

func (t *trial) newShopWith(o stand.Options, users bool) *shop {
	edit := o.Edit
	o.Edit = func(colour, text string) string {
		if text = quickly(text); edit != nil {
			text = edit(colour, text)
		}
		return text
	}
	if o.Config == "" {
		o.Config = quick
	}
	if o.Conf == "" {
		text, err := os.ReadFile(filepath.Join(t.root, "testdata", "nginx", "conf.d", "default.conf"))
		t.must(err)
		// A container's log goes through the engine, and one that stands still takes only so much of it.
		o.Conf = strings.Replace(string(text), "server_name  _;", "server_name  _;\n    access_log   off;", 1)
	}
	st, err := stand.New(t.root, t.bluegate, o)
	t.must(err)
	s := &shop{Stand: st, t: t}
	t.cleanup(func() { _ = st.Close() })
	s.proxy, err = proxy.Listen(filepath.Join(t.dir, st.Name+".sock"), t.socket)
	t.must(err)
	t.cleanup(func() { _ = s.proxy.Close() })
	s.meetStrangers()
	if r := s.run("v1", "deploy", "blue"); r.Code != 0 {
		t.fatalf("the first deployment: %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	t.must(st.StartNginxWith("--restart", "always", "-v", filepath.Dir(st.Conf)+":/etc/nginx/conf.d", st.Image))
	if users {
		s.client, err = st.Load(t.context, load.Options{
			Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive, load.Upload, load.Long}, Workers: 2, Rate: 60, Long: 500 * time.Millisecond,
		})
		t.must(err)
		t.cleanup(func() { s.client.Stop() })
	}
	return s
}

// env is what every call of bluegate gets. Its engine is behind the proxy.
func (s *shop) env(version string) []string {
	return []string{"VERSION=" + version, "DOCKER_HOST=" + s.proxy.Host()}
}

// run calls bluegate to its end.
func (s *shop) run(version string, args ...string) stand.Result {
	ctx, cancel := context.WithTimeout(s.t.context, 5*time.Minute)
	defer cancel()
	r, err := s.Run(ctx, s.env(version), append(args, "--format", "json")...)
	if err != nil {
		s.t.fatalf("bluegate %v: %v\n%s%s", args, err, r.Stdout, r.Stderr)
	}
	s.hear(r.Stdout + r.Stderr)
	return r
}

// wants calls bluegate and wants an exit code.
func (s *shop) wants(code int, version string, args ...string) stand.Result {
	r := s.run(version, args...)
	if r.Code != code {
		s.t.errorf("bluegate %s ended with %d, want %d\n%s%s", strings.Join(args, " "), r.Code, code, r.Stdout, lastLines(r.Stderr, 15))
	}
	return r
}

func (s *shop) hear(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, text)
}

// call is a bluegate under way.
type call struct {
	shop  *shop
	cmd   *exec.Cmd
	mu    sync.Mutex
	text  strings.Builder
	ended chan struct{}
}

// start calls bluegate and does not wait for its end. prepare may change the command before.
func (s *shop) start(version string, prepare func(*exec.Cmd), args ...string) *call {
	c := &call{shop: s, cmd: s.Command(context.Background(), s.env(version), args...), ended: make(chan struct{})}
	if prepare != nil {
		prepare(c.cmd)
	}
	out, in, err := os.Pipe()
	s.t.must(err)
	c.cmd.Stderr = in
	if c.cmd.Stdout == nil {
		c.cmd.Stdout = in
	}
	s.t.must(c.cmd.Start())
	_ = in.Close()
	s.t.cleanup(func() { _ = c.cmd.Process.Kill(); <-c.ended })
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer out.Close()
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			c.mu.Lock()
			c.text.WriteString(line)
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		_ = c.cmd.Wait()
		<-read
		s.hear(c.said())
		close(c.ended)
	}()
	return c
}

func (c *call) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// until waits for words of the progress.
func (c *call) until(words string) bool {
	return c.shop.t.within(time.Minute, fmt.Sprintf("bluegate says %q", words), func() bool {
		select {
		case <-c.ended:
			return true
		default:
			return strings.Contains(c.said(), words)
		}
	})
}

// end waits for the end and returns the exit code; -1 when a signal killed it.
func (c *call) end(limit time.Duration) int {
	select {
	case <-c.ended:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		c.shop.t.errorf("bluegate has not ended after %s:\n%s", limit, lastLines(c.said(), 15))
		_ = c.cmd.Process.Kill()
		<-c.ended
		return -2
	}
}

// served is the colour that a user is answered by at this moment; None: nobody answers.
func (s *shop) served() model.Colour {
	ctx, cancel := context.WithTimeout(s.t.context, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/", nil)
	if err != nil {
		return model.None
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return model.None
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for _, colour := range model.Colours {
		if strings.Contains(string(text), string(colour)) {
			return colour
		}
	}
	return model.None
}
