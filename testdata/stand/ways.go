package stand

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Way is a way to switch the shop's nginx: its configuration, and the bluegate.yml that goes with it.
type Way struct {
	Name   string
	Nginx  []string // the versions that it is for; empty: all
	site   string   // default.conf
	files  map[string]string
	links  map[string]string
	config string
	// Reloads says whether a switch replaces nginx's workers.
	Reloads bool
}

// Suits says whether a way is for a version of nginx.
func (w Way) Suits(version string) bool {
	for _, v := range w.Nginx {
		if v == version {
			return true
		}
	}
	return len(w.Nginx) == 0
}

// With is the same way with a directive more, outside the servers, under another name.
func (w Way) With(directive string) Way {
	w.Name, w.site = w.Name+", "+directive, directive+";\n"+w.site
	return w
}

const (
	proxying = `    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_connect_timeout 2s;
    proxy_next_upstream off;
    proxy_request_buffering off;
`
	byUpstream = "server {\n    listen 80;\n" + proxying + `    location / { proxy_pass http://was; }
    location /signal/ { proxy_pass http://signal/; }
}
`
	upstreams = "upstream was { server was-%[1]s:%[2]s max_fails=0; }\nupstream signal { server signal-%[1]s:%[3]s max_fails=0; }\n"
	ports     = "colours: {blue: {was: 3000, signal: 3001}, green: {was: 3002, signal: 3003}}\n"
	resolver  = "    resolver 127.0.0.11 valid=1s ipv6=off;\n"
	byValue   = `    location / { proxy_pass http://$was; }
    location /signal/ { rewrite ^/signal/(.*)$ /$1 break; proxy_pass http://$signal; }
}
`
)

func upstreamsOf(colour string) string {
	if colour == "blue" {
		return fmt.Sprintf(upstreams, "blue", "3000", "3001")
	}
	return fmt.Sprintf(upstreams, "green", "3002", "3003")
}

// Ways are all of them. Blue is live in their files.
func Ways() []Way {
	prepared := map[string]string{"upstream-blue.site": upstreamsOf("blue"), "upstream-green.site": upstreamsOf("green")}
	return []Way{
		{Name: "edit", Reloads: true, site: upstreamsOf("blue") + byUpstream},
		{Name: "values", Reloads: true, config: "nginx: {values: [was, signal]}\n",
			site: "server {\n    listen 80;\n" + resolver + proxying + "    set $was was-blue:3000;\n    set $signal \"signal-blue:3001\";\n" + byValue},
		{Name: "copy", Reloads: true, site: byUpstream, files: prepared,
			config: "nginx: {container: NGINX, mode: copy, from: \"conf.d/upstream-{colour}.site\", to: conf.d/upstream.conf}\n"},
		{Name: "template", Reloads: true, site: byUpstream,
			config: ports + "nginx: {container: NGINX, mode: template, to: conf.d/upstream.conf, text: \"upstream was { server was-{colour}:{was} max_fails=0; } upstream signal { server signal-{colour}:{signal} max_fails=0; }\"}\n"},
		{Name: "link", Reloads: true, site: byUpstream, files: prepared, links: map[string]string{"upstream.conf": "upstream-blue.site"},
			config: "nginx: {container: NGINX, mode: link, from: \"conf.d/upstream-{colour}.site\", to: conf.d/upstream.conf}\n"},
		{Name: "managed", Reloads: true, site: byUpstream,
			config: ports + "nginx: {container: NGINX, mode: managed, upstreams: {was: \"was-{colour}:{was}\", signal: \"signal-{colour}:{signal}\"}}\n"},
		{Name: "flag", Nginx: []string{"1.30"}, site: flagUpstreams() + "server {\n    listen 80;\n" + proxying +
			"    set $bg blue;\n    if (-f /etc/nginx/conf.d/green.on) { set $bg green; }\n" +
			"    location / { proxy_pass http://was_$bg; }\n    location /signal/ { rewrite ^/signal/(.*)$ /$1 break; proxy_pass http://signal_$bg; }\n" +
			"    location = /bluegate/route/was { proxy_pass http://was_$bg/; add_header X-Bluegate-Upstream $upstream_addr always; }\n}\n",
			config: "nginx: {container: NGINX, mode: flag, to: conf.d/green.on}\n"},
		{Name: "flag", Nginx: []string{"1.22"}, site: "server {\n    listen 80;\n" + resolver + proxying +
			"    set $was was-blue:3000;\n    set $signal signal-blue:3001;\n" +
			"    if (-f /etc/nginx/conf.d/green.on) { set $was was-green:3002; set $signal signal-green:3003; }\n" + byValue,
			config: "nginx: {container: NGINX, mode: flag, to: /etc/nginx/conf.d/green.on}\n"},
	}
}

// flagUpstreams are looked up while nginx runs. Idle connections end soon, so that a drain does too.
func flagUpstreams() string {
	text := "resolver 127.0.0.11 valid=1s ipv6=off;\nresolver_timeout 1s;\n"
	for _, u := range []string{"was_blue was-blue:3000", "was_green was-green:3002", "signal_blue signal-blue:3001", "signal_green signal-green:3003"} {
		name, server, _ := strings.Cut(u, " ")
		text += fmt.Sprintf("upstream %s { zone %[1]s 64k; server %s resolve max_fails=0; keepalive 16; keepalive_timeout 2s; }\n", name, server)
	}
	return text
}

// Use writes a way's files into a shop, and its bluegate.yml with more settings behind. What the first deployment makes
// is not there yet.
func (s *Stand) Use(w Way, more string) error {
	folder := filepath.Dir(s.Conf)
	if err := os.WriteFile(s.Conf, []byte(w.site), 0o644); err != nil {
		return err
	}
	for name, text := range w.files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for name, target := range w.links {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	config := strings.ReplaceAll(w.config, "NGINX", s.Nginx) + more
	return os.WriteFile(filepath.Join(s.Dir, "bluegate.yml"), []byte(config), 0o644)
}

// Folder is all of nginx's folder as text: each file's name, owner, mode and content, each link's target.
func (s *Stand) Folder() (string, error) {
	return Docker("exec", s.Nginx, "sh", "-c", `cd /etc/nginx/conf.d && for f in $(ls -A); do echo "== $f $(readlink $f) $(stat -c '%u:%g %a' $f)"; cat $f; done`)
}
