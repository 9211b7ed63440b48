package nginx

import (
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/testdata/nginxtest"
)

// mentionedShop is a shop whose containers can be named in every way that Docker's DNS answers to.
func mentionedShop(t *testing.T) *model.Addresses {
	t.Helper()
	app := nginxtest.Application(t, "was-{colour} 3000 3000 shop-was-{colour}-1", "shop_default")
	for colour, ip := range map[model.Colour]string{model.Blue: "10.9.0.11", model.Green: "10.9.0.12"} {
		app.Models[colour].Services[0].Also = []string{"host-" + string(colour), ip, "fd00::" + ip[len(ip)-2:]}
	}
	containers := []model.Container{{Colour: model.Blue, Service: "was-blue", Name: "shop-was-blue-1", ID: "0123456789abcdef", Names: []string{"old-alias"}, Addresses: map[string]string{"shop_default": "172.20.0.5"}}}
	return model.NewAddresses(app).WithContainers(containers).WithAliases(map[string]string{"backend": "shop-was-blue-1", "pinned": "172.20.0.5"})
}

// There are three cases: what a switch changes, what stands in the same form for both colours, and what is refused.
func TestLeftOver(t *testing.T) {
	const live = "upstream was { server was-blue:3000; }\n"
	const pairs = "upstream w_blue { server was-blue:3000; } upstream w_green { server was-green:3000; } "
	const first = "server { return 444; } "
	const ofEach = "server { server_name blue.shop; location / { proxy_pass http://was-blue:3000; } } server { server_name green.shop; location / { proxy_pass http://was-green:3000; } } "
	const pairedBoth = "was-blue:3000 was-green:3000"
	for name, test := range map[string]struct {
		text   string
		left   string // the place and the words of the refusal; empty: nothing is left over
		paired string
	}{
		"nothing else":             {text: ""},
		"another port":             {text: "upstream ws { server was-blue:9090; }", left: "nginx.conf:2 (server was-blue:9090): declare the port 9090"},
		"another port in a pass":   {text: "server { location /ws { proxy_pass http://was-blue:9090/x; } }", left: "nginx.conf:2 (proxy_pass was-blue:9090)"},
		"no port":                  {text: "upstream ws { server was-blue; }", left: "nginx.conf:2 (server was-blue): declare the port 80"},
		"the root's dot":           {text: "upstream ws { server was-blue.:3000; }", left: "(server was-blue.:3000): write was-blue:3000"},
		"qualified":                {text: "upstream ws { server was-blue.shop_default:3000; }", left: "(server was-blue.shop_default:3000): write was-blue:3000"},
		"qualified, in a variable": {text: "server { set $up was-blue.shop_default:3000; }", left: "(set was-blue.shop_default:3000)"},
		"a hostname":               {text: "upstream ws { server host-blue:3000; }", left: "(server host-blue:3000): write was-blue:3000"},
		"a hostname, qualified":    {text: "upstream ws { server Host-Blue.shop_default:3000; }", left: "(server Host-Blue.shop_default:3000)"},
		"a static address":         {text: "upstream ws { server 10.9.0.11:3000; }", left: "(server 10.9.0.11:3000): write was-blue:3000"},
		"a static IPv6 address":    {text: "upstream ws { server [fd00:0::11]:3000; }", left: "(server [fd00:0::11]:3000): write was-blue:3000"},
		"the address of now":       {text: "upstream ws { server 172.20.0.5:3000; }", left: "(server 172.20.0.5:3000)"},
		"a short id":               {text: "upstream ws { server 0123456789ab:3000; }", left: "(server 0123456789ab:3000)"},
		"an alias of the engine's": {text: "upstream ws { server old-alias:3000; }", left: "(server old-alias:3000)"},
		"a link":                   {text: "upstream ws { server backend:3000; }", left: "(server backend:3000): write was-blue:3000"},
		"an extra host":            {text: "upstream ws { server pinned:3000; }", left: "(server pinned:3000)"},
		"in Lua":                   {text: "server { location / { content_by_lua_block { connect('host-blue', 3000) } } }", left: "(content_by_lua_block connect('host-blue', 3000))"},
		"harmless":                 {text: "server { server_name was-blue host-blue; add_header X was-blue:9090; # was-blue:9090\n allow 172.20.0.5; }"},
		"a path":                   {text: "server { location / { proxy_pass http://db:1/was-blue/; } }"},
		"the other colour's":       {text: "upstream ws { server was-green:9090; }"},
		"health of both":           {text: "server { location /health/blue { proxy_pass http://was-blue:3000/health; } location /health/green { proxy_pass http://was-green:3000/health; } }", paired: "was-blue:3000 was-green:3000"},
		"health on another port":   {text: "server { location /health/blue { proxy_pass http://was-blue:9090; } location /health/green { proxy_pass http://was-green:9090; } }", paired: "was-blue:9090 was-green:9090"},
		"health of one":            {text: "server { location /health/blue { proxy_pass http://was-blue:9090; } }", left: "(proxy_pass was-blue:9090)"},
		"health of the idle one":   {text: "server { location /health/green { proxy_pass http://was-green:3000/health; } }", paired: "was-green:3000"},
		"health of the live one":   {text: "server { location /health/blue { proxy_pass http://was-blue:3000/health; } }", paired: "was-blue:3000"},
		"exactly":                  {text: "server { location = /healthz-blue { proxy_pass http://was-blue:3000; } }", paired: "was-blue:3000"},
		"by an upstream":           {text: pairs + "server { location /health/blue { proxy_pass http://w_blue/health; } }", paired: pairedBoth},
		"more than health":         {text: "server { location /health/blue { proxy_pass http://was-blue:9090/; } }", left: "(proxy_pass was-blue:9090)"},
		"health for everybody":     {text: "server { location /health { proxy_pass http://was-blue:9090/health; } }", left: "(proxy_pass was-blue:9090)"},
		"a path of one":            {text: "server { location /blue { proxy_pass http://was-blue:9090/health; } }", left: "(proxy_pass was-blue:9090)"},
		"health that is rewritten": {text: "server { location /health/blue { rewrite ^/health/blue/(.*) /$1 break; proxy_pass http://was-blue:9090/health; } }", left: "(proxy_pass was-blue:9090)"},
		"led to its health":        {text: "server { error_page 502 /health/blue; location /health/blue { proxy_pass http://was-blue:3000/health; } }", left: "(error_page /health/blue)", paired: "was-blue:3000"},
		"the other one's health":   {text: "server { location /health/green { proxy_pass http://was-blue:9090/health; } }", left: "(proxy_pass was-blue:9090)"},
		"health of other forms":    {text: "server { location /health/blue { proxy_pass http://was-blue:9090; } location /health/green { proxy_pass http://was-green:9090/x; } }", left: "(proxy_pass was-blue:9090)"},
		"no word chooses":          {text: "upstream ws { server was-blue:9090; server was-green:9090 backup; }", left: "(server was-blue:9090)"},
		"a host of each":           {text: first + "server { server_name blue.shop; location / { proxy_pass http://was-blue:3000; } } server { server_name green.shop; location / { proxy_pass http://was-green:3000; } }", paired: "was-blue:3000 was-green:3000"},
		"two upstreams":            {text: "upstream w_blue { server was-blue:3000; } upstream w_green { server was-green:3000; }", paired: "was-blue:3000 was-green:3000"},
		"that resolve later":       {text: "upstream w_blue { server was-blue:3000 resolve; } upstream w_green { server was-green:3000; }", paired: "was-green:3000"},
		"two upstreams, addresses": {text: "upstream w_blue { server 10.9.0.11:3000; } upstream w_green { server 10.9.0.12:3000; }", paired: "10.9.0.11:3000 10.9.0.12:3000"},
		"one is used elsewhere":    {text: "upstream w_blue { server was-blue:3000; } upstream w_green { server was-green:3000; } map $host $up { default w_blue; }", left: "(map w_blue)", paired: "was-blue:3000 was-green:3000"},
		"one is used for health":   {text: "upstream w_blue { server was-blue:3000; } upstream w_green { server was-green:3000; } server { location /blue { proxy_pass http://w_blue; } location /green { proxy_pass http://w_green; } }", paired: "was-blue:3000 was-green:3000"},
		"a row of each in a map":   {text: "map $arg_c $up { blue was-blue:3000; green was-green:3000; }"},
		"a bare word":              {text: pairs + "server { set $side blue; location / { proxy_pass http://w_$side; } }", left: "nginx.conf:2 (set blue): list $side in nginx.values", paired: pairedBoth},
		"half a name":              {text: pairs + "server { set $up w_; set $up ${up}blue; location / { proxy_pass http://$up; } }", left: "(set ${up}blue)", paired: pairedBoth},
		"a word in a map":          {text: pairs + "map $host $side { default blue; } server { location / { proxy_pass http://w_$side; } }", left: "(default blue)", paired: pairedBoth},
		"a word in geo":            {text: pairs + "geo $side { default blue; 10.0.0.0/8 green; } server { location / { proxy_pass http://w_$side; } }", left: "(default blue)", paired: pairedBoth},
		"a share":                  {text: pairs + "split_clients $remote_addr $side { 10% green; * blue; } server { location / { proxy_pass http://w_$side; } }", left: "(* blue)", paired: pairedBoth},
		"users choose":             {text: pairs + "map $cookie_c $side { blue blue; green green; } server { location / { proxy_pass http://w_$side; } }", paired: pairedBoth},
		"users choose, with zones": {text: strings.NewReplacer("w_blue { ", "w_blue { zone w_blue 64k; ", "w_green { ", "w_green { zone w_green 64k; ").Replace(pairs) + "map $cookie_c $side { blue blue; green green; } server { location / { proxy_pass http://w_$side; } }", paired: pairedBoth},
		"a host chooses":           {text: first + pairs + "server { server_name blue.shop; set $side blue; location / { proxy_pass http://w_$side; } } server { server_name green.shop; set $side green; location / { proxy_pass http://w_$side; } }", paired: pairedBoth},
		"an if chooses":            {text: pairs + "server { if ($cookie_c = blue) { set $side blue; } if ($cookie_c = green) { set $side green; } location / { proxy_pass http://w_$side; } }", paired: pairedBoth},
		"a word that is shown":     {text: pairs + "server { set $side blue; add_header X-Side $side; location / { proxy_pass http://db:1; } }", paired: pairedBoth},
		"a word that is used too":  {text: pairs + "server { set $side blue; add_header X-Side $side; location / { proxy_pass http://db:1/$side; } }", left: "(set blue)", paired: pairedBoth},
		"a word through another":   {text: pairs + "server { set $side blue; set $up w_$side; location / { proxy_pass http://$up; } }", left: "(set blue)", paired: pairedBoth},
		"the environment":          {text: "env SIDE=blue;", left: "(env SIDE=blue)"},
		"a host that is composed":  {text: "server { location / { proxy_pass http://$svc-blue:3000; } }", left: "(proxy_pass http://$svc-blue:3000)"},
		"a rewrite":                {text: "server { rewrite ^/x(.*) /blue$1 last; }", left: "(rewrite /blue$1)"},
		"a named location":         {text: "server { location / { try_files /x @blue; } }", left: "(try_files @blue)"},
		"after an error":           {text: "server { error_page 502 = @blue; }", left: "(error_page @blue)"},
		"a redirection":            {text: "server { location = / { return 302 https://blue.shop/; } }", left: "(return https://blue.shop/)"},
		"a text":                   {text: "server { location = /which { return 200 \"blue\"; } auth_basic blue; location /blue/ { alias /srv/blue/; } }"},
		"a word in Lua":            {text: "server { location / { content_by_lua_block { ngx.var.side = 'blue' } } }", left: "(content_by_lua_block"},
		"a bird":                   {text: "server { set $bird bluebird; rewrite ^/x /bluebird; location / { proxy_pass http://db:1/$bird; } }"},
		"a zone of each":           {text: "upstream w_blue { zone w_blue 64k; server was-blue:3000 resolve; } upstream w_green { zone w_green 64k; server was-green:3000 resolve; } upstream ws { zone was-blue 64k; server db:1; }"},
		"a spare of both":          {text: "upstream w_blue { server was-blue:3000; server db:1 backup; } upstream w_green { server was-green:3000; server db:1 backup; } map $host $up { default w_blue; }", left: "(map w_blue)", paired: pairedBoth},
		"two that are no pair":     {text: "upstream w_blue { server was-blue:9090; server unix:/run/x.sock; } upstream w_green { server was-green:9090; server was-green:9091; server 10.9.0.11:3000; } server { location / { proxy_pass http://w_blue; } }", left: "(server was-blue:9090)"},
		"the first server":         {text: ofEach + "server { server_name _; location / { proxy_pass http://was; } }", left: "nginx.conf:2 (proxy_pass was-blue:3000): let another server be the default one", paired: pairedBoth},
		"the default server":       {text: first + strings.Replace(ofEach, "server { server_name blue", "server { listen *:80 default_server; server_name blue", 1), left: "(proxy_pass was-blue:3000): let another server be the default one", paired: pairedBoth},
		"that of the other colour": {text: first + strings.Replace(ofEach, "server { server_name green", "server { listen 80 default_server; server_name green", 1), paired: pairedBoth},
		"both of their own port":   {text: strings.NewReplacer("{ server_name blue", "{ listen 8081; server_name blue", "{ server_name green", "{ listen 8082; server_name green").Replace(ofEach), paired: pairedBoth},
		"a name by an include":     {text: first + "server { server_name blue.shop; include names.conf; location / { proxy_pass http://was-blue:9090; } } server { server_name green.shop; location / { proxy_pass http://was-green:9090; } }", left: "(proxy_pass was-blue:9090)"},
		"a socket":                 {text: "upstream ws { server unix:/run/blue/app.sock; }", left: "(server /run/blue/app.sock): let it not depend on the colour"},
		"a socket in a pass":       {text: "server { location / { proxy_pass http://unix:/run/was-blue.sock:/x; } }", left: "(proxy_pass /run/was-blue.sock)"},
		"a socket of neither":      {text: "server { location / { fastcgi_pass unix:/run/php.sock; } location /x { proxy_pass http://unix:/run/app.sock:/blue/; } }"},
		"sockets of both":          {text: "server { location /blue { fastcgi_pass unix:/run/blue.sock; } location /green { fastcgi_pass unix:/run/green.sock; } }"},
		"looked up for a log":      {text: "server { access_log syslog:server=was-blue:514; }", left: "(access_log syslog:server=was-blue:514)"},
		"looked up for real_ip":    {text: "server { set_real_ip_from was-blue; }", left: "(set_real_ip_from was-blue)"},
		"a decimal address":        {text: "upstream ws { server 2886991877:3000; }", left: "(server 2886991877:3000): write was-blue:3000"},
		"a zero in an address":     {text: "upstream ws { server 172.20.0.05:3000; }", left: "(server 172.20.0.05:3000): write was-blue:3000"},
		"in included files":        {text: "include more.conf;", left: "more.conf:1 (server was-blue:9090)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(nil, instance.Options{}).over(mountedEdge())
			files := nginxtest.Files{"/etc/nginx/nginx.conf": live + test.text, "/etc/nginx/more.conf": "upstream ws { server was-blue:9090; }", "/etc/nginx/names.conf": "server_name www.shop;"}
			r.conf = mode.Configuration{Nginx: r.found, Files: files.Source()}
			dir := mentionedShop(t)
			tree, err := loaded(r.conf)
			if err != nil {
				t.Fatal(err)
			}
			r.conf.Tree = tree
			var route model.Route
			mode.Edit{}.Observe(r.conf, dir, &route)
			r.route = route
			if route.Names != model.Blue || len(route.Points) != 1 {
				t.Errorf("names %q, points %+v", route.Names, route.Points)
			}
			text := ""
			if err := route.MaySwitch(model.Green); err != nil {
				text = err.Error()
			}
			if test.left == "" && text != "" || test.left != "" && (!strings.Contains(text, test.left) || !strings.HasPrefix(text, "refused: address-left-over: ")) {
				t.Errorf("refused with %q, want %q", text, test.left)
			}
			var paired []string
			for _, e := range route.Paired {
				paired = append(paired, e.Address())
			}
			slices.Sort(paired)
			if strings.Join(paired, " ") != test.paired {
				t.Errorf("paired %q, want %q", paired, test.paired)
			}
			_, err = r.Plan(dir, model.Green)
			if (err != nil) != (test.left != "") {
				t.Errorf("planned with %v", err)
			}
		})
	}
}

func loaded(c mode.Configuration) ([]*conf.File, error) {
	return conf.LoadTree(c.Files, "/etc/nginx/nginx.conf")
}

// What a flag decides stands for both colours; an address next to it does not.
func TestLeftOverBehindAFlag(t *testing.T) {
	const on = "if (-f /etc/nginx/green.on) "
	upstreams := "upstream %s { server was-blue:3000 resolve; } upstream %s { server was-green:3000 resolve; }\n"
	pairs := strings.Replace(strings.Replace(upstreams, "%s", "was_blue", 1), "%s", "was_green", 1)
	others := strings.Replace(strings.Replace(upstreams, "%s", "one", 1), "%s", "two", 1)
	for name, test := range map[string]struct{ text, left string }{
		"upstreams":             {pairs + "server { set $bg blue; " + on + "{ set $bg green; } location / { proxy_pass http://was_$bg; } }", ""},
		"upstreams of any name": {others + "server { set $up one; " + on + "{ set $up two; } location / { proxy_pass http://$up; } }", ""},
		"variables":             {"server { set $was was-blue:3000; " + on + "{ set $was was-green:3000; } location / { proxy_pass http://$was; } }", ""},
		"a map":                 {"map $bg $was { default was-blue:3000; green was-green:3000; } server { set $bg blue; " + on + "{ set $bg green; } location / { proxy_pass http://$was; } }", ""},
		"one of them elsewhere": {pairs + "server { set $bg blue; " + on + "{ set $bg green; } location / { proxy_pass http://was_$bg; } location /x { proxy_pass http://was_blue; } }", "(proxy_pass was_blue)"},
		"an address elsewhere":  {pairs + "server { set $bg blue; " + on + "{ set $bg green; } location / { proxy_pass http://was_$bg; } location /x { proxy_pass http://was-blue:3000; } }", "(proxy_pass was-blue:3000)"},
	} {
		_, route, err := readAs(t, mode.Settings{Mode: "flag", To: "/etc/nginx/green.on"}, nginxtest.Files{"/etc/nginx/nginx.conf": test.text})
		if route.Names != model.Blue || test.left == "" && err != nil || test.left != "" && (err == nil || !strings.Contains(err.Error(), test.left)) {
			t.Errorf("%s: names %q, %v, want %q", name, route.Names, err, test.left)
		}
	}
}

// A whole file that is not there yet: what names a colour elsewhere is told, and what to write.
func TestMentionsWhileTheLiveFileIsNotThere(t *testing.T) {
	files := nginxtest.Files{"/etc/nginx/nginx.conf": "include conf.d/*.conf;", "/etc/nginx/conf.d/site.conf": "upstream was { server was-blue:3000; }"}
	_, route, err := readAs(t, mode.Settings{Mode: "template", To: "/etc/nginx/conf.d/zz.conf", Text: both("upstream more { server was-{colour}:3000; }")}, files)
	if err != nil || route.Names != model.None || len(route.Points) > 0 || len(route.Mentions) != 1 || !strings.HasPrefix(route.Mentions[0].Place, "/etc/nginx/conf.d/site.conf:1") || !strings.Contains(route.Write[model.Blue], "was-blue:3000") {
		t.Errorf("%+v, %v", route, err)
	}
}

// The remedies of a word that may choose are carried out as they are printed: the variable is listed, or one upstream is
// named.
func TestChooserRemediesAreCarriedOut(t *testing.T) {
	const pairs = "upstream w_blue { server was-blue:3000; } upstream w_green { server was-green:3000; }\n"
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000")
	const file = "/etc/nginx/nginx.conf"
	for name, test := range map[string]struct {
		before, after string
		values        []string
		remedy        string
	}{
		"a variable": {
			pairs + "server { set $side blue; location / { proxy_pass http://w_$side; } location /api/ { proxy_pass http://w_blue; } }",
			pairs + "server { set $side blue; location / { proxy_pass http://w_$side; } location /api/ { proxy_pass http://w_blue; } }", []string{"$side"}, "list $side in nginx.values",
		},
		"a row of a map": {
			pairs + "map $host $side { default blue; } server { location / { proxy_pass http://w_$side; } location /api/ { proxy_pass http://w_blue; } }",
			pairs + "map $host $side { default blue; } server { location / { proxy_pass http://w_$side; } location /api/ { proxy_pass http://w_blue; } }", []string{"side"}, "list $side in nginx.values",
		},
		"a rewrite": {
			"upstream was { server was-blue:3000; } server { rewrite ^/x(.*) /blue$1 last; }",
			"upstream was { server was-blue:3000; } server { location /x { proxy_pass http://was; } }", nil, "name the live colour in one upstream",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAs(t, mode.Settings{}, nginxtest.Files{file: test.before})
			if err == nil || !strings.Contains(err.Error(), "address-left-over") || !strings.Contains(err.Error(), test.remedy) {
				t.Fatalf("before: %v", err)
			}
			r, route, err := readAs(t, mode.Settings{Values: test.values}, nginxtest.Files{file: test.after})
			if err != nil || route.Names != model.Blue {
				t.Fatalf("after: names %q, %v", route.Names, err)
			}
			change, err := r.Plan(dir, model.Green)
			if err != nil || len(change.Files) != 1 {
				t.Fatalf("%+v, %v", change, err)
			}
			if _, after, err := readAs(t, mode.Settings{Values: test.values}, nginxtest.Files{file: string(change.Files[0].New)}); err != nil || after.Names != model.Green || len(after.Unpaired(model.Blue)) > 0 {
				t.Errorf("after the switch: names %q, %v:\n%s", after.Names, err, change.Files[0].New)
			}
		})
	}
}

// A name that both colours have is refused wherever requests may go by it, and the edit that is proposed mends it.
func TestNameOfBothRemedyIsCarriedOut(t *testing.T) {
	dir := nginxtest.Addresses(t, "was-{colour} 3000 3000 any")
	observe := func(text string) (route model.Route) {
		c := mode.Configuration{Nginx: mountedEdge(), Files: nginxtest.Files{"/etc/nginx/nginx.conf": text}.Source()}
		tree, err := loaded(c)
		if err != nil {
			t.Fatal(err)
		}
		c.Tree = tree
		mode.Edit{}.Observe(c, dir, &route)
		return route
	}
	const file = "upstream was { server was-blue:3000; } geo $up { default %s; } server { location / { proxy_pass http://was; } location /x { proxy_pass http://$up; } }"
	err := observe(strings.Replace(file, "%s", "any:3000", 1)).MaySwitch(model.Green)
	if err == nil || !strings.Contains(err.Error(), "(default any:3000): it leads to both colours: give each a name of its own, and name that") {
		t.Errorf("got %v", err)
	}
	// The name of its own is one that a switch can change: it stands in the upstream.
	if route := observe(strings.Replace(strings.Replace(file, "%s", "db:3000", 1), "$up;", "was;", 1)); route.MaySwitch(model.Green) != nil || route.Names != model.Blue {
		t.Errorf("%+v", route)
	}
	// A path is no address, though it may be called like a service.
	if route := observe("upstream was { server was-blue:3000; } server { location /any/ { proxy_pass http://was; } }"); route.MaySwitch(model.Green) != nil || route.Names != model.Blue {
		t.Errorf("%+v", route)
	}
}

// Where nginx reaches the engine's host, a port that a colour publishes there is an address of it, in whatever a word is.
func TestLeftOverOnTheEnginesHost(t *testing.T) {
	app := nginxtest.Application(t, "was-{colour} 3000 3000 shop-was-{colour}-1", "shop_default")
	for colour, port := range map[model.Colour]int{model.Blue: 8081, model.Green: 8082} {
		app.Models[colour].Services[0].Published = []model.Published{{Port: port, Target: 3000}}
	}
	dir := model.NewAddresses(app).SeenFrom(instance.IsLoopback)
	for text, left := range map[string]string{
		"split_clients $remote_addr $u { 50% 127.0.0.1:8081; * db:1; }":                 "(50% 127.0.0.1:8081)",
		"geo $u { default localhost:8081; }":                                            "(default localhost:8081)",
		"server { set $port 8081; location / { proxy_pass http://127.0.0.1:$port; } }":  "(set 8081): list $port in nginx.values",
		"server { location / { content_by_lua_block { connect('127.0.0.1', 8081) } } }": "(content_by_lua_block",
		"server { rewrite ^ http://127.0.0.1:8081/x; }":                                 "(rewrite http://127.0.0.1:8081/x)",
		"mail { auth_http 127.0.0.1:8081/auth; }":                                       "(auth_http 127.0.0.1:8081/auth)",
		"env UP=[::1]:8081;": "(env UP=[::1]:8081)",
		"server { location /blue { proxy_pass http://127.0.0.1:8081; } location /green { proxy_pass http://127.0.0.1:8082; } }":                         "",
		"server { location / { content_by_lua_block { pick(8081, 8082) } } }":                                                                           "",
		"server { listen 127.0.0.1:8081; return 302 http://shop.example:8081/; add_header X 127.0.0.1:8081; set $n 80810; client_max_body_size 8081; }": "",
		"server { location / { proxy_pass http://127.0.0.1:8083/127.0.0.1:8081; } }":                                                                    "",
		"map $host $u { default 127.0.0.1:8082; } server { set $port 8082; }":                                                                           "",
	} {
		_, route := routed(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": "upstream was { server 127.0.0.1:8081; }\n" + text})
		err := route.MaySwitch(model.Green)
		if route.Names != model.Blue || (err == nil) != (left == "") || err != nil && !strings.Contains(err.Error(), "nginx.conf:2 "+left) {
			t.Errorf("%s: names %q, refused with %v, want %q", text, route.Names, err, left)
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost.", "0.0.0.0", "[::]", "127.1", "2130706433"} {
		r, route := routed(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": "upstream was { server " + host + ":8081; }\n"})
		if change, err := r.Plan(dir, model.Green); err != nil || route.Names != model.Blue || !strings.Contains(string(change.Files[0].New), "server "+host+":8082;") {
			t.Errorf("%s: names %q, %v, %+v", host, route.Names, err, change)
		}
	}
}

// Another nginx, on none of the application's networks: what has a colour in its name is its own, unless it has a port that a
// colour publishes.
func TestWordsOfAnotherApplication(t *testing.T) {
	app := nginxtest.Application(t, "was-{colour} 3000 3000 shop-was-{colour}-1", "shop_default")
	for colour, port := range map[model.Colour]int{model.Blue: 8081, model.Green: 8082} {
		app.Models[colour].Services[0].Published = []model.Published{{Port: port, Target: 3000}}
	}
	dir := model.NewAddresses(app).SeenFrom(instance.IsLoopback).OnlyPublished()
	const chooses = "server { set $was was_blue; location / { proxy_pass http://$was; } }"
	for text, leads := range map[string]bool{
		"upstream was_blue { server was-blue:3000; }\nupstream was_green { server was-green:3000; }\n" + chooses: false,
		chooses: false,
		"upstream was_blue { server 127.0.0.1:8081; }\nupstream was_green { server 127.0.0.1:8082; }\n" + chooses: true,
		"server { set $port 8081; location / { proxy_pass http://127.0.0.1:$port; } }":                            true,
	} {
		_, route := routed(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": text})
		if places := route.LeadsTo(model.Blue); (len(places) > 0) != leads {
			t.Errorf("%s\nleads to blue at %q, want %v", text, places, leads)
		}
	}
}
