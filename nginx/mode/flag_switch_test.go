package mode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/testdata/nginxtest"
)

const flagServices = "was-{colour} 3000 3002\nsignal-{colour} 3001 3003"

// flagIn evaluates a flag in one file.
func flagIn(t *testing.T, text string) (flag, world, error) {
	t.Helper()
	file, err := conf.Parse("/etc/nginx/nginx.conf", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w := world{tree: []*conf.File{file}, dir: nginxtest.Addresses(t, flagServices)}
	f, err := flagOf(w.tree, w.dir, "/etc/nginx/green.on")
	return f, w, err
}

func ends(all []model.Endpoint) string {
	var words []string
	for _, e := range all {
		words = append(words, e.Address())
	}
	return strings.Join(words, " ")
}

func TestWhereAFlagLeads(t *testing.T) {
	const on = `if (-f /etc/nginx/green.on) `
	for name, test := range map[string]struct{ text, with, without, wrong string }{
		"addresses in variables": {
			text: `server { set $was was-blue:3000; set $signal signal-blue:3001; ` + on + `{ set $was was-green:3002; set $signal signal-green:3003; }
				location / { proxy_pass http://$was; } location /signal/ { proxy_pass http://$signal; } }`,
			with: "was-green:3002 signal-green:3003", without: "was-blue:3000 signal-blue:3001"},
		"the colour in an upstream's name": {
			text: `upstream was_blue { server was-blue:3000 resolve; } upstream was_green { server was-green:3002 resolve; }
				server { set $bg blue; ` + on + `{ set $bg green; } location / { proxy_pass http://was_${bg}; } }`,
			with: "was-green:3002", without: "was-blue:3000"},
		"the other way round": {
			text: `server { set $bg green; if (!-f "/etc/nginx/green.on") { set $bg blue; } location / { grpc_pass grpc://was-$bg:3002; } location /b { proxy_pass http://was-$bg:3000; } }`,
			with: "was-green:3002", without: "was-blue:3000"},
		"through a map": {
			text: `map $bg $was { default was-blue:3000; green "was-green:3002"; } server { set $bg blue; ` + on + `{ set $bg green; } location / { proxy_pass http://$was$request_uri; } }`,
			with: "was-green:3002", without: "was-blue:3000"},
		"nobody looks":    {text: `server { if (-f /etc/nginx/blue.on) { set $bg blue; } }`, wrong: "no `if (-f /etc/nginx/green.on)"},
		"nothing follows": {text: `server { set $bg blue; ` + on + `{ set $bg green; } proxy_pass http://was; }`, wrong: "with the file /etc/nginx/green.on no *_pass goes"},
		"one side only":   {text: `server { ` + on + `{ set $w was-green:3002; } location / { proxy_pass http://$w; } }`, wrong: "without the file"},
		"no difference":   {text: `server { set $w was-green:3002; ` + on + `{ set $w was-green:3002; } location / { proxy_pass http://$w; } }`, wrong: "with the file /etc/nginx/green.on and without it"},
		"both at once": {text: `server { set $w was-blue:3000; set $s signal-blue:3001; ` + on + `{ set $w was-green:3002; set $s signal-blue:3001; } location / { proxy_pass http://$w; } location /s { proxy_pass http://$s; } }`,
			wrong: "requests go to both colours, to was-green:3002 and to signal-blue:3001"},
	} {
		f, _, err := flagIn(t, test.text)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v, want a refusal that says %q", name, err, test.wrong)
			}
			continue
		}
		if err != nil || ends(f.with) != test.with || ends(f.without) != test.without {
			t.Errorf("%s: with %s, without %s, %v; want %s and %s", name, ends(f.with), ends(f.without), err, test.with, test.without)
		}
	}
}

func TestWhatAFlagCannotShow(t *testing.T) {
	site := func(top, upstream string) string {
		return top + ` upstream was_blue { ` + fmt.Sprintf(upstream, "was-blue:3000") + ` } upstream was_green { ` + fmt.Sprintf(upstream, "was-green:3002") + ` }
			server { set $bg blue; if (-f /etc/nginx/green.on) { set $bg green; } location / { proxy_pass http://was_$bg; } }`
	}
	for name, test := range map[string]struct {
		text   string
		memory time.Duration
		wrong  string
	}{
		"good":              {site("resolver 127.0.0.11 valid=3s ipv6=off; resolver_timeout 1s;", "zone a 64k; server %s resolve;"), 3 * time.Second, ""},
		"no timeout":        {site("resolver 127.0.0.11 valid=3s ipv6=off;", "zone a 64k; server %s resolve;"), time.Minute, ""},
		"a long timeout":    {site("resolver 127.0.0.11 valid=3s ipv6=off; resolver_timeout 5s;", "zone a 64k; server %s resolve;"), 10 * time.Second, ""},
		"one of its own":    {site("resolver 127.0.0.11 valid=3s ipv6=off; resolver_timeout 5s;", "server %s resolve; resolver_timeout 100ms;"), 3 * time.Second, ""},
		"a server's":        {site("resolver 127.0.0.11 valid=3s; resolver_timeout 4s; server { resolver_timeout 1s; }", "server %s resolve;"), 8 * time.Second, ""},
		"the longest":       {site("resolver 127.0.0.11 valid=2s; resolver 127.0.0.11 valid=2m; resolver_timeout 1s;", "server %s resolve;"), 2 * time.Minute, ""},
		"no valid":          {site("resolver 127.0.0.11;", "server %s resolve;"), 0, "write valid=2s"},
		"no resolver":       {site("", "server %s resolve;"), 0, "mode flag needs a resolver"},
		"fixed address":     {site("resolver 127.0.0.11 valid=1s;", "server %s;"), 0, "is looked up only when nginx loads"},
		"a cache of files":  {site("open_file_cache max=100; resolver 127.0.0.11 valid=1s;", "server %s resolve;"), 0, "open_file_cache would hide"},
		"a cache, but off":  {site("open_file_cache off; resolver 127.0.0.11 valid=1s; resolver_timeout 1s;", "server %s resolve;"), 2 * time.Second, ""},
		"others as it were": {site("resolver 127.0.0.11 valid=1s; resolver_timeout 1s; upstream db { server db:1; }", "server %s resolve;"), 2 * time.Second, ""},
	} {
		f, w, err := flagIn(t, test.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		memory, err := w.memory(f)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v, want a refusal that says %q", name, err, test.wrong)
			}
		} else if err != nil || memory != test.memory+resolving {
			t.Errorf("%s: %s %v, want %s", name, memory, err, test.memory+resolving)
		}
	}
}

// A request whose body nginx still reads has chosen its colour, and nothing tells of it until nginx connects.
func TestWhetherBodiesArePassedOn(t *testing.T) {
	const site = `resolver 127.0.0.11 valid=1s; server { %s set $was was-blue:3000; if (-f /etc/nginx/green.on) { set $was was-green:3002; } location / { proxy_pass http://$was; } }`
	for directive, want := range map[string]bool{"": false, "proxy_request_buffering on;": false, "proxy_request_buffering off;": true} {
		if _, w, err := flagIn(t, fmt.Sprintf(site, directive)); err != nil || w.passesBodiesOn() != want {
			t.Errorf("%q: %t, %v", directive, w.passesBodiesOn(), err)
		}
	}
}
