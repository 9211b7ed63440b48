package nginx

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
)

// What writes the live file at each start of nginx's container is found in its command, in a script that is mounted, and
// in what a supervisor runs; a mount that the container cannot write is safe from all of them; and what cannot be read is
// said to be not checked.
func TestWhatStartsNginxIsRead(t *testing.T) {
	b := newBench(t)
	b.colours()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "default.conf"), wellConf)
	const scripts = "/opt/start"
	host := t.TempDir()
	for name, text := range map[string]string{
		"render.sh":        "#!/bin/sh\nset -e\nenvsubst '$COLOUR' <" + scripts + "/site >$SITE\nexec \"$@\"\n",
		"supervisord.conf": "[program:site]\ncommand = sh -c 'cp " + scripts + "/site $SITE'\n[program:nginx]\ncommand = nginx -g 'daemon off;'\n",
		"usual.sh":         "#!/bin/sh\n[ -f $SITE ] || cp " + scripts + "/site $SITE\nsed -i 's/worker_connections [0-9]*/worker_connections 512/' /etc/nginx/nginx.conf\nexec \"$@\"\n",
	} {
		write(t, filepath.Join(host, name), text)
		if err := os.Chmod(filepath.Join(host, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sed := []string{"sh", "-c", "sed -i \"s/was-[a-z]*:/was-$COLOUR:/\" /etc/nginx/conf.d/*.conf && exec nginx -g 'daemon off;'"}
	for _, test := range []struct {
		name     string
		cmd      []string
		readOnly bool
		code     string // of the finding
		place    string
		refused  string // words of the refusal
	}{
		{"sed", sed, false, "made-at-start", siteFile, siteFile + " is written again by its command (sed -i s/was-[a-z]*:/was-blue:/ /etc/nginx/conf.d/*.conf)"},
		{"script", []string{scripts + "/render.sh", "nginx", "-g", "daemon off;"}, false, "made-at-start", siteFile, "by " + scripts + "/render.sh:3 (envsubst"},
		{"supervisor", []string{"supervisord", "-c", scripts + "/supervisord.conf"}, false, "made-at-start", siteFile, "by " + scripts + "/supervisord.conf:2 (cp"},
		{"usual", []string{scripts + "/usual.sh", "nginx", "-g", "daemon off;"}, false, "", "", ""},
		{"read-only", sed, true, "", "", ""},
		{"program", []string{"/usr/bin/busybox-start", "nginx"}, false, "start-not-checked", "/usr/bin/busybox-start", ""},
		{"plain", nil, false, "", "", ""},
	} {
		x := box{name: test.name, cmd: test.cmd, created: true, env: []string{"COLOUR=blue", "SITE=" + siteFile}, mounts: []mount.Mount{
			{Type: mount.TypeBind, Source: dir, Target: "/etc/nginx/conf.d", ReadOnly: test.readOnly}, {Type: mount.TypeBind, Source: host, Target: scripts, ReadOnly: true}}}
		if test.name == "program" {
			x.files = map[string]string{"/usr/bin/busybox-start": "\x7fELF\x00"}
		}
		b.run(x)
		_, route := b.observed(test.name)
		if len(route.Points) == 0 {
			t.Fatalf("%s: %+v", test.name, route)
		}
		if test.refused != "" {
			refuses(t, route, model.NginxNotSwitched, test.refused)
		} else if route.Refusal != nil {
			t.Errorf("%s: refused: %v", test.name, route.Refusal)
		}
		var got []model.Finding
		for _, f := range route.Findings {
			if slices.Contains([]string{"made-at-start", "start-not-checked"}, f.Code) {
				got = append(got, f)
			}
		}
		if test.code == "" && len(got) > 0 || test.code != "" && (len(got) != 1 || got[0].Code != test.code || got[0].Place != test.place || got[0].Cost == "" || got[0].Remedy == "") {
			t.Errorf("%s: found %+v, want %s at %s", test.name, got, test.code, test.place)
		}
	}
}
