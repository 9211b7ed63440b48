package nginx

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
)

// substitute is an envsubst, which the image lacks.
const substitute = "#!/bin/sh\nexec sed \"s/[$]{COLOUR}/$COLOUR/g\"\n"

// A copy that is started by the container's own command shows what a restart does to the files; it changes nothing of the
// user's, and nothing of it is left. That the colour which is live now is always written shows only after a switch.
func TestTryRestart(t *testing.T) {
	for _, test := range []struct {
		name   string
		colour string // that its start writes; empty: none
		cmd    []string
	}{
		{"sed", "green", []string{"sh", "-c", "[ -f /switched ] || { touch /switched; exec nginx -g 'daemon off;'; }; sed -i \"s/was-[a-z]*:/was-$COLOUR:/\" /etc/nginx/conf.d/*.conf && exec nginx -g 'daemon off;'"}},
		{"envsubst", "blue", []string{"/opt/start/render.sh", "nginx", "-g", "daemon off;"}},
		{"supervisor", "blue", []string{"sh", "/opt/start/supervise.sh"}},
		{"nginx", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.colours()
			conf, scripts := t.TempDir(), t.TempDir()
			write(t, filepath.Join(conf, "default.conf"), wellConf)
			for name, text := range map[string]string{
				"envsubst":     substitute,
				"site":         strings.ReplaceAll(wellConf, "was-blue:", "was-${COLOUR}:"),
				"render.sh":    "#!/bin/sh\nset -e\nPATH=/opt/start:$PATH\nenvsubst </opt/start/site >/etc/nginx/conf.d/default.conf\nexec \"$@\"\n",
				"supervise.sh": "while :; do\n cp /opt/start/good /etc/nginx/conf.d/default.conf\n nginx -g 'daemon off;'\n sleep 1\ndone\n",
				"good":         wellConf,
			} {
				write(t, filepath.Join(scripts, name), text)
				if err := os.Chmod(filepath.Join(scripts, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			b.nginx(box{name: "edge", cmd: test.cmd, aliases: []string{"edge"}, env: []string{"COLOUR=" + test.colour}, mounts: []mount.Mount{
				{Type: mount.TypeBind, Source: conf, Target: "/etc/nginx/conf.d"}, {Type: mount.TypeBind, Source: scripts, Target: "/opt/start", ReadOnly: true}}})
			r, _ := b.observed("edge")
			r.opts.Unlocked = true
			found, err := r.Examine(t.Context(), model.Examination{Restart: true})
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range found {
				codes = append(codes, f.Code)
			}
			want := map[string]string{"": "restart-tried restart-tried", "green": model.RestartUndoes, "blue": "restart-tried " + model.RestartUndoes}[test.colour]
			if got := strings.Join(codes, " "); got != want {
				t.Errorf("found %q, want %q: %+v", got, want, found)
			}
			if test.colour != "" {
				if f := found[len(found)-1]; f.Place != siteFile || !strings.Contains(f.Message, "server was-"+test.colour+":3000") || f.Cost == "" || !strings.Contains(f.Remedy, "include /etc/nginx/bluegate/switch-1.inc;") {
					t.Errorf("found %+v", f)
				}
			}
			if got := read(t, filepath.Join(conf, "default.conf")); got != wellConf {
				t.Errorf("the user's file was changed:\n%s", got)
			}
			b.leavesNone("restart")
		})
	}
}

// leavesNone fails where a container of ours with that role is left.
func (b *bench) leavesNone(role string) {
	b.t.Helper()
	rows, err := b.engine.ContainerList(context.WithoutCancel(b.t.Context()), container.ListOptions{All: true})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, row := range rows {
		if strings.Contains(row.Names[0], "bluegate-"+role+"-") {
			b.t.Errorf("%s is left", row.Names[0])
		}
	}
}

// An interrupt while the copy starts removes it.
func TestTryRestartIsInterrupted(t *testing.T) {
	b := newBench(t)
	b.colours()
	conf := t.TempDir()
	write(t, filepath.Join(conf, "default.conf"), wellConf)
	// The container has started once; a copy never gets to its nginx.
	b.nginx(box{name: "edge", cmd: []string{"sh", "-c", "[ -f /etc/nginx/conf.d/started ] && exec sleep 600; touch /etc/nginx/conf.d/started; exec nginx -g 'daemon off;'"},
		mounts: []mount.Mount{{Type: mount.TypeBind, Source: conf, Target: "/etc/nginx/conf.d"}}})
	r, _ := b.observed("edge")
	r.opts.Unlocked = true
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			rows, err := b.engine.ContainerList(ctx, container.ListOptions{})
			for _, row := range rows {
				if err == nil && strings.Contains(row.Names[0], "bluegate-restart-") {
					cancel()
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if _, err := r.Examine(ctx, model.Examination{Restart: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.leavesNone("restart")
}
