package setups

import (
	"fmt"

	"pgregory.net/rapid"
)

// extra adds something that is not the way of users to the live colour: for both colours, for one of them, or for none.
func (d *drawing) extra(s Service) {
	extras := []func(Service, int){d.health, d.health, d.health, d.hostOfEach, d.spareUpstreams, d.usersChoose, d.shown, d.harmless, d.harmless, d.harmlessWords, d.harmlessWords, d.oneSided, d.rewrite, d.redirect, d.errorPage, d.tryFiles, d.other}
	if !d.real {
		extras = append(extras, d.environment, d.lua, d.split, d.geoOfNone, d.firstServer, d.socket, d.lookedUp, d.twinsWithSpare)
	}
	oneOf(d.t, extras)(s, d.next())
}

func (d *drawing) one() string { return oneOf(d.t, Colours) }

// health is a way to each colour.
func (d *drawing) health(s Service, n int) {
	for _, c := range Colours {
		d.location(fmt.Sprintf("location /health%d/%s { proxy_pass http://%s:%d/health; }", n, c, s.Name(c), s.Ports["blue"]))
	}
}

func (d *drawing) hostOfEach(s Service, n int) {
	for _, c := range Colours {
		d.servers = append(d.servers, fmt.Sprintf("server { listen 80; server_name %s.h%d.example; location / { proxy_pass http://%s:%d; } }", c, n, s.Name(c), s.Ports["blue"]))
	}
}

// firstServer is a host of each colour, of which the first one is asked for every host that no server has.
func (d *drawing) firstServer(s Service, n int) {
	first := d.one()
	for _, c := range []string{first, Other(first)} {
		d.before = append(d.before, fmt.Sprintf("server { listen 80; server_name %s.f%d.example; location / { proxy_pass http://%s:%d; } }\n", c, n, s.Name(c), s.Ports["blue"]))
	}
}

// socket is a way to one colour, or to each, or to neither, by a Unix socket.
func (d *drawing) socket(_ Service, n int) {
	switch number(d.t, 3) {
	case 0:
		d.location(fmt.Sprintf("location /socket%d/ { fastcgi_pass unix:/run/%s.sock; }", n, d.one()))
	case 1:
		d.location(fmt.Sprintf("location /socket%d/ { fastcgi_pass unix:/run/php.sock; }", n))
	default:
		for _, c := range Colours {
			d.location(fmt.Sprintf("location /socket%d/%s { fastcgi_pass unix:/run/%s.sock; }", n, c, c))
		}
	}
}

// lookedUp is a host to which no requests go, and without which nginx does not start.
func (d *drawing) lookedUp(s Service, n int) {
	d.server = append(d.server, oneOf(d.t, []string{
		fmt.Sprintf("access_log syslog:server=%s:514;", s.Name(d.one())), "access_log syslog:server=db:514;", fmt.Sprintf("set_real_ip_from %s;", s.Name(d.one())),
	}))
}

// twinsWithSpare are an upstream for each colour, both with the same spare, of which one is passed to.
func (d *drawing) twinsWithSpare(s Service, n int) {
	for _, c := range Colours {
		d.http = append(d.http, fmt.Sprintf("upstream t%d_%s { server %s:%d; server db:80 backup; }", n, c, s.Name(c), s.Ports[c]))
	}
	d.location(fmt.Sprintf("location /spare%d/ { proxy_pass http://t%d_%s; }", n, n, d.one()))
}

func (d *drawing) spareUpstreams(s Service, n int) { d.twins(s, n) }

// usersChoose lets a cookie choose between both colours.
func (d *drawing) usersChoose(s Service, n int) {
	fallback := oneOf(d.t, []string{"", "", "default " + d.setup.Live + "; "})
	d.twins(s, n)
	d.http = append(d.http, fmt.Sprintf("map $cookie_side $c%d { %sblue blue; green green; }", n, fallback))
	d.location(fmt.Sprintf("location /choose%d/ { proxy_pass http://t%d_$c%d; }", n, n, n))
}

// shown is a variable that only a header shows.
func (d *drawing) shown(_ Service, n int) {
	d.server = append(d.server, fmt.Sprintf("set $shown%d %s; add_header X-Side%d $shown%d;", n, d.one(), n, n))
}

func (d *drawing) harmless(s Service, n int) {
	d.server = append(d.server, oneOf(d.t, []string{
		fmt.Sprintf("add_header X-Host%d %s;", n, d.address(s, d.one())),
		fmt.Sprintf("location = /which%d { return 200 \"%s\"; }", n, d.one()),
		fmt.Sprintf("# %s;", d.address(s, d.one())),
		fmt.Sprintf("location /static%d/ { alias /srv/%s/; }", n, d.one()),
	}))
}

// harmlessWords are the directives that can choose, without a colour.
func (d *drawing) harmlessWords(_ Service, n int) {
	lines := []string{
		fmt.Sprintf("rewrite ^/old%d/(.*) /new%d/$1 last;", n, n), fmt.Sprintf("location /try%d/ { try_files $uri =404; }", n), fmt.Sprintf("error_page 50%d /sorry.html;", n%5),
		fmt.Sprintf("location /moved%d { return 301 https://bluebird.example/; }", n), fmt.Sprintf("set $zone%d north;", n),
	}
	if !d.real {
		lines = append(lines, fmt.Sprintf("location /lua%d { content_by_lua_block { ngx.say(\"green%d\") } }", n, n))
		d.top = append(d.top, fmt.Sprintf("env ZONE%d=north;", n))
		d.http = append(d.http, fmt.Sprintf("split_clients $remote_addr $share%d { 10%% a; * b; }", n), fmt.Sprintf("geo $land%d { default none; }", n), fmt.Sprintf("map $host $kind%d { default x; }", n))
	}
	d.server = append(d.server, rapid.Permutation(lines).Draw(d.t, "lines")[:2]...)
}

// oneSided is a way to one colour.
func (d *drawing) oneSided(s Service, n int) {
	d.location(fmt.Sprintf("location /one%d/ { proxy_pass http://%s; }", n, d.address(s, d.one())))
}

func (d *drawing) rewrite(Service, int) {
	d.server = append(d.server, fmt.Sprintf("rewrite ^/side/(.*) /%s/$1 last;", d.one()))
}

func (d *drawing) redirect(_ Service, n int) {
	d.server = append(d.server, fmt.Sprintf("location = /go%d { return 302 https://%s.example/; }", n, d.one()))
}

func (d *drawing) errorPage(_ Service, n int) {
	d.server = append(d.server, fmt.Sprintf("error_page 502 = @%s;", d.one()))
}

func (d *drawing) tryFiles(_ Service, n int) {
	d.server = append(d.server, fmt.Sprintf("location /files%d/ { try_files $uri @%s; }", n, d.one()))
}

func (d *drawing) environment(Service, int) { d.top = append(d.top, "env SIDE="+d.one()+";") }

func (d *drawing) lua(s Service, n int) {
	d.server = append(d.server, fmt.Sprintf("location /lua%d { content_by_lua_block { connect(\"%s\") } }", n, s.Name(d.one())))
}

func (d *drawing) split(s Service, n int) {
	d.twins(s, n)
	d.http = append(d.http, fmt.Sprintf("split_clients $remote_addr $p%d { 50%% %s; * %s; }", n, d.one(), d.one()))
	d.location(fmt.Sprintf("location /share%d/ { proxy_pass http://t%d_$p%d; }", n, n, n))
}

func (d *drawing) geoOfNone(_ Service, n int) {
	d.http = append(d.http, fmt.Sprintf("geo $near%d { default far; 10.0.0.0/8 near; }", n))
}

// other is a way to something that is no colour's.
func (d *drawing) other(_ Service, n int) {
	d.location(fmt.Sprintf("location /other%d/ { proxy_pass http://db:80/; }", n))
}
