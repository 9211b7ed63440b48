package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/faults/proxy"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

const msRound = time.Millisecond

// origin is the healthcheck of the article that the script comes from, over the shop's own.
var origin = strings.NewReplacer("interval: 1s", "interval: 10s", "timeout: 2s", "timeout: 10s", "start_period: 5s", "start_period: 20s",
	"COLOUR:", "HEALTHY_AFTER: 2s, COLOUR:")

// readiness is when the application is ready, without another healthcheck than the shop's own.
var readiness = strings.NewReplacer("COLOUR:", "HEALTHY_AFTER: 2s, COLOUR:")

// result is one deployment, as users, the kernel and the engine saw it.
type result struct {
	toUsers   time.Duration // from the start of the command to the end of the change on users' new connections
	toEnd     time.Duration
	healthy   time.Duration // from the last container's first passing probe to the same
	opened    time.Duration // of bluegate: from the gate's opening to the proven switch
	cpu       time.Duration
	memory    int64 // bytes, of the largest process
	calls     int64 // to the engine
	lost      int
	requests  int
	lostKinds map[load.Kind]int
	steps     []report.Step // of bluegate's own report
}

// trial is a shop in which one contender deploys there and back.
type trial struct {
	contender
	shop  *stand.Stand
	proxy *proxy.Proxy
	live  model.Colour
	calls atomic.Int64
}

func open(bluegate string, c contender) (t *trial, err error) {
	s, err := stand.New(".", bluegate, stand.Options{Config: c.config, Edit: func(_, text string) string {
		if c.soon {
			text = readiness.Replace(text)
		} else {
			text = origin.Replace(text)
		}
		if c.mode == "rollout" {
			text = strings.ReplaceAll(text, "COLOUR: blue", `COLOUR: "${COLOUR:-blue}"`)
		}
		return text
	}})
	if err != nil {
		return nil, err
	}
	t = &trial{contender: c, shop: s, live: model.Blue}
	opened := t
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.close())
		}
	}()
	if site, ok := sites[c.mode]; ok {
		if err := os.WriteFile(s.Conf, []byte(site), 0o644); err != nil {
			return nil, err
		}
	}
	if t.proxy, err = proxy.Listen(filepath.Join(s.Dir, "engine.sock"), "/var/run/docker.sock"); err != nil {
		return nil, err
	}
	t.proxy.Inject(func(proxy.Call) proxy.Fault { t.calls.Add(1); return proxy.Fault{} })
	r, err := s.Run(context.Background(), nil, "deploy", "blue", "--format", "json")
	if err != nil {
		return nil, err
	}
	if r.Code != 0 {
		return nil, fmt.Errorf("the first deployment ended with %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	return t, s.StartNginx()
}

func (t *trial) close() error {
	var err error
	if t.proxy != nil {
		err = t.proxy.Close()
	}
	return errors.Join(err, t.shop.Close())
}

// deploy lets the contender make the other colour live, under load.
func (t *trial) deploy(ctx context.Context) (result, error) {
	from, to := t.live, t.live.Other()
	users, err := t.shop.Load(context.WithoutCancel(ctx), load.Options{})
	if err != nil {
		return result{}, err
	}
	time.Sleep(time.Second) // so that the record begins with the old colour
	t.calls.Store(0)
	cmd, out := t.command(ctx, from, to)
	began := time.Now()
	err = cmd.Run()
	r := result{toEnd: time.Since(began), calls: t.calls.Load(), lostKinds: map[load.Kind]int{}}
	if err == nil {
		time.Sleep(time.Second) // and ends with the new one
	}
	record := users.Stop()
	if err != nil {
		return r, fmt.Errorf("%w\n%s", err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.cpu, r.memory = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), usage.Maxrss<<10
	for kind, count := range record.Counts {
		r.lost, r.requests, r.lostKinds[kind] = r.lost+count.Failed, r.requests+count.Requests, count.Failed
	}
	changes := record.Changes()
	if len(changes) == 0 {
		return r, fmt.Errorf("users never saw %s: %v, %d of %d requests lost\n%s", to, record.Colours(), r.lost, r.requests, out)
	}
	change := changes[len(changes)-1]
	on := change.First
	if change.Last.After(on) {
		on = change.Last
	}
	r.toUsers = on.Sub(began)
	running, err := t.running(to)
	if err != nil {
		return r, err
	}
	healthy, err := firstHealthy(began, running...)
	r.healthy = on.Sub(healthy)
	if t.argv[0] == "bluegate" {
		var report report.Report
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			return r, err
		}
		r.steps = report.Steps
		for _, s := range report.Steps {
			if s.Name == "healthy-to-switched" {
				r.opened = time.Duration(s.MS)*time.Millisecond - t.stable
			}
		}
	}
	t.live = to
	return r, err
}

func (t *trial) command(ctx context.Context, from, to model.Colour) (*exec.Cmd, *bytes.Buffer) {
	var out bytes.Buffer
	var cmd *exec.Cmd
	if t.argv[0] == "bluegate" {
		cmd = t.shop.Command(ctx, nil, "deploy", string(to), "--format", "json", "--quiet")
		cmd.Stdout = &out
	} else {
		cmd = exec.CommandContext(ctx, t.argv[0], t.argv[1:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = t.shop.Dir, &out, &out
	}
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+t.proxy.Host(), "FROM="+string(from), "TO="+string(to), "NAME="+t.shop.Name, "NGINX="+t.shop.Nginx)
	return cmd, &out
}

// running are the containers of the colour that was just made live.
func (t *trial) running(to model.Colour) (all []string, err error) {
	if t.mode == "rollout" {
		to = model.Blue
	}
	for _, service := range []string{"was", "signal"} {
		ids, err := stand.Docker("ps", "-q", "--filter", fmt.Sprintf("name=^/%s-%s-%s-", t.shop.Name, service, to))
		if err != nil {
			return nil, err
		}
		all = append(all, strings.Fields(ids)...)
	}
	return all, nil
}

// firstHealthy is when the last of the containers passed its healthcheck for the first time since then: some contenders
// start the containers again that they had stopped.
func firstHealthy(since time.Time, containers ...string) (last time.Time, err error) {
	out, err := stand.Docker(append([]string{"inspect", "-f", "{{json .State.Health.Log}}"}, containers...)...)
	for text := range strings.Lines(out) {
		var probes []struct {
			End      time.Time
			ExitCode int
		}
		if err := json.Unmarshal([]byte(text), &probes); err != nil {
			return last, err
		}
		for _, p := range probes {
			if p.ExitCode == 0 && p.End.After(since) {
				if p.End.After(last) {
					last = p.End
				}
				break
			}
		}
	}
	return last, err
}

// sites are the demo's configuration for those who want another one: with both colours and a file that chooses, and with
// one service that is looked up all the while.
var sites = map[string]string{"flag": flagConf, "rollout": rolloutConf}

// looking and passing are what both of them say.
const (
	looking = "resolver 127.0.0.11 valid=1s ipv6=off;\nresolver_timeout 1s;\n"
	passing = `    listen 80;
    proxy_http_version      1.1;
    proxy_set_header        Connection "";
    proxy_connect_timeout   2s;
    proxy_next_upstream     off;
    proxy_request_buffering off;
`
)

const rolloutConf = looking + `
upstream was    { zone was 64k;    server was-blue:3000    resolve max_fails=0; }
upstream signal { zone signal 64k; server signal-blue:3001 resolve max_fails=0; }
server {
` + passing + `    location /        { proxy_pass http://was; }
    location /signal/ { proxy_pass http://signal/; }
}
`

// Connections to the old colour that nginx only keeps would hold the drain up for its default of 60 s.
const flagConf = looking + `
upstream was_blue     { zone was_blue 64k;     server was-blue:3000     resolve max_fails=0; keepalive_timeout 1s; }
upstream was_green    { zone was_green 64k;    server was-green:3002    resolve max_fails=0; keepalive_timeout 1s; }
upstream signal_blue  { zone signal_blue 64k;  server signal-blue:3001  resolve max_fails=0; keepalive_timeout 1s; }
upstream signal_green { zone signal_green 64k; server signal-green:3003 resolve max_fails=0; keepalive_timeout 1s; }
server {
` + passing + `    set $colour blue;
    if (-f /etc/nginx/conf.d/green.on) { set $colour green; }
    location /        { proxy_pass http://was_$colour; }
    location /signal/ { rewrite ^/signal/(.*)$ /$1 break; proxy_pass http://signal_$colour; }
}
`
