package nginx

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// What was readied long ago tells what nginx sees now, and where it is of no use nobody notices.
func TestReadiedDump(t *testing.T) {
	for name, c := range map[string]struct {
		before, meanwhile func(b *bench, id string)
		waits             bool
	}{
		"in time":   {waits: true},
		"restarted": {waits: true, meanwhile: func(b *bench, id string) { b.restart(id) }},
		"killed": {waits: true, meanwhile: func(b *bench, id string) {
			b.sh(id, `for p in /proc/[0-9]*; do if grep -q '[r]ead -r word' $p/cmdline; then kill -9 ${p#/proc/}; fi; done`)
		}},
		"no shell": {before: func(b *bench, id string) { b.sh(id, "rm -f /bin/sh /usr/bin/sh") }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := b.nginx(box{name: "edge"})
			if c.before != nil {
				c.before(b, id)
			}
			nginx, err := openContainer(t.Context(), b.engine, Options{}, "", id)
			if err != nil {
				t.Fatal(err)
			}
			nginx.ready(t.Context())
			b.awaitsWord(id, c.waits)
			if c.meanwhile != nil {
				c.meanwhile(b, id)
				b.awaitsWord(id, false)
			}
			const later = "# written behind ready\n"
			b.put(id, map[string]string{"/etc/nginx/conf.d/later.conf": later})
			done, err := nginx.dump(t.Context())
			if err != nil || done.code != 0 || !shows(done.stdout, "/etc/nginx/conf.d/later.conf", []byte(later)) {
				t.Fatalf("ended with %d, %v: %s%s", done.code, err, done.stdout, done.stderr)
			}
			if nginx.waiting != nil {
				t.Error("it is taken to wait still")
			}
			again, err := nginx.dump(t.Context())
			if err != nil || !bytes.Equal(again.stdout, done.stdout) {
				t.Errorf("the next dump is another: %v: %s", err, again.stdout)
			}
			b.put(id, map[string]string{"/etc/nginx/conf.d/later.conf": "nonsense"})
			nginx.ready(t.Context())
			if done, err := nginx.dump(t.Context()); err != nil || done.code != 1 || !strings.Contains(done.stderr, "later.conf") {
				t.Errorf("nonsense: ended with %d, %v: %s", done.code, err, done.stderr)
			}
		})
	}
}

// Nothing is left in nginx's container of a switch that never came.
func TestReadiedDumpEndsWithItsConnection(t *testing.T) {
	b := newBench(t)
	id := b.nginx(box{name: "edge"})
	nginx, err := openContainer(t.Context(), b.engine, Options{}, "", id)
	if err != nil {
		t.Fatal(err)
	}
	nginx.ready(t.Context())
	b.awaitsWord(id, true)
	if err := nginx.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.awaitsWord(id, false)
}

func (b *bench) restart(id string) {
	b.t.Helper()
	if err := b.engine.ContainerRestart(context.WithoutCancel(b.t.Context()), id, container.StopOptions{}); err != nil {
		b.t.Fatal(err)
	}
	b.serves(id)
}

// awaitsWord wants a readied command in nginx's container, or none.
func (b *bench) awaitsWord(id string, want bool) {
	b.t.Helper()
	b.eventually("the readied command", func() error {
		top, err := b.engine.ContainerTop(b.t.Context(), id, []string{"-eo", "pid,args"})
		if err == nil && strings.Contains(fmt.Sprint(top.Processes), "read -r word") != want {
			err = fmt.Errorf("want one: %t, there are %v", want, top.Processes)
		}
		return err
	})
}
