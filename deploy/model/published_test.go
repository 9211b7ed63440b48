package model

import (
	"errors"
	"fmt"
	"testing"
)

// ports is an application of one service a colour, with what each publishes.
func ports(blue, green []Published) *Addresses {
	app := Application{Project: "shop", Models: map[Colour]Model{}}
	for colour, published := range map[Colour][]Published{Blue: blue, Green: green} {
		app.Models[colour] = Model{Colour: colour, ComposeProject: "shop-" + string(colour),
			Services: []Service{{Name: "web", Key: "web", Hosts: []string{"web"}, Published: published}, {Name: "extra-" + string(colour), Key: "extra-{colour}", Hosts: []string{"extra-" + string(colour)}}}}
	}
	return NewAddresses(app).SeenFrom(func(host string) bool {
		return host == "127.0.0.1" || host == "192.0.2.7" || host == "localhost" || host == "::1"
	})
}

func TestFindPublished(t *testing.T) {
	one := func(ip string, port, target int) Published { return Published{IP: ip, Port: port, Target: target} }
	for name, test := range map[string]struct {
		blue, green []Published
		host        string
		port        int
		want        string // colour address -> the counterpart's address
	}{
		"a port each":        {[]Published{one("", 8081, 80)}, []Published{one("", 8082, 80)}, "127.0.0.1", 8081, "blue 127.0.0.1:8081 -> 127.0.0.1:8082"},
		"a name":             {[]Published{one("", 8081, 80)}, []Published{one("", 8082, 80)}, "localhost", 8082, "green localhost:8082 -> localhost:8081"},
		"another machine":    {[]Published{one("", 8081, 80)}, []Published{one("", 8082, 80)}, "192.0.2.8", 8081, ""},
		"another port":       {[]Published{one("", 8081, 80)}, []Published{one("", 8082, 80)}, "127.0.0.1", 80, ""},
		"bound elsewhere":    {[]Published{one("192.0.2.7", 8081, 80)}, []Published{one("", 8082, 80)}, "127.0.0.1", 8081, ""},
		"bound here":         {[]Published{one("192.0.2.7", 8081, 80)}, []Published{one("192.0.2.7", 8082, 80)}, "192.0.2.7", 8081, "blue 192.0.2.7:8081 -> 192.0.2.7:8082"},
		"bound to another":   {[]Published{one("192.0.2.7", 8081, 80)}, []Published{one("127.0.0.1", 8082, 80)}, "192.0.2.7", 8081, "blue 192.0.2.7:8081 -> switch-point-not-found"},
		"bound to all":       {[]Published{one("0.0.0.0", 8081, 80), one("::", 8081, 80)}, []Published{one("0.0.0.0", 8082, 80)}, "::1", 8081, "blue [::1]:8081 -> [::1]:8082"},
		"by the target":      {[]Published{one("", 8081, 80), one("", 9081, 90)}, []Published{one("", 9082, 90), one("", 8082, 80)}, "127.0.0.1", 9081, "blue 127.0.0.1:9081 -> 127.0.0.1:9082"},
		"by the place":       {[]Published{one("", 8081, 80), one("", 9081, 90)}, []Published{one("", 8082, 81), one("", 9082, 91)}, "127.0.0.1", 9081, "blue 127.0.0.1:9081 -> 127.0.0.1:9082"},
		"the only one":       {[]Published{one("", 8081, 80), one("", 9081, 90)}, []Published{one("", 8082, 3000)}, "127.0.0.1", 8081, "blue 127.0.0.1:8081 -> 127.0.0.1:8082"},
		"none in its place":  {[]Published{one("", 8081, 80)}, nil, "127.0.0.1", 8081, "blue 127.0.0.1:8081 -> switch-point-not-found"},
		"both have it":       {[]Published{one("192.0.2.7", 8081, 80)}, []Published{one("127.0.0.1", 8081, 80)}, "localhost", 8081, "switch-point-ambiguous"},
		"several, one each":  {[]Published{one("127.0.0.1", 8081, 80), one("192.0.2.7", 8081, 80)}, []Published{one("127.0.0.1", 8082, 80), one("192.0.2.7", 8082, 80)}, "192.0.2.7", 8081, "blue 192.0.2.7:8081 -> 192.0.2.7:8082"},
		"several, undecided": {[]Published{one("", 8081, 80)}, []Published{one("", 8082, 80), one("", 8083, 80)}, "127.0.0.1", 8081, "blue 127.0.0.1:8081 -> switch-point-not-found"},
	} {
		d := ports(test.blue, test.green)
		e, found, err := d.Find(test.host, test.port)
		got := string(code(err))
		if found {
			other, err := d.Counterpart(e)
			if got = fmt.Sprintf("%s %s -> %s", e.Colour, e.Address(), other.Address()); err != nil {
				got = fmt.Sprintf("%s %s -> %s", e.Colour, e.Address(), code(err))
			} else if back, err := d.Counterpart(other); err != nil && !errors.As(err, new(*RefusedError)) || !other.Published || other.Colour == e.Colour || back.Colour == other.Colour {
				t.Errorf("%s: %+v and back %+v, %v", name, other, back, err)
			}
		}
		if got != test.want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, test.want)
		}
	}
}

// A host that is not the engine's own to who asks: in nginx's container, 127.0.0.1 is nginx itself.
func TestFindPublishedFromElsewhere(t *testing.T) {
	d := ports([]Published{{Port: 8081, Target: 80}}, []Published{{Port: 8082, Target: 80}})
	for name, from := range map[string]*Addresses{"nobody said": NewAddresses(d.app), "another": d.SeenFrom(func(host string) bool { return host == "host.docker.internal" })} {
		if e, found, err := from.Find("127.0.0.1", 8081); found || err != nil {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if !d.Publishes() || ports(nil, nil).Publishes() {
		t.Error("whether anything is published is told wrongly")
	}
	if e, found, _ := d.OnlyPublished().Find("extra-blue", 80); found {
		t.Errorf("%+v is a name", e)
	}
}

// The published ports of a cluster's other machines are addresses of the colours, too: nginx may name several machines in one
// upstream.
func TestPublishedInACluster(t *testing.T) {
	app := Application{Project: "shop", Hosts: []string{"192.0.2.8"}, Models: map[Colour]Model{}}
	for colour, port := range map[Colour]int{Blue: 8081, Green: 8082} {
		app.Models[colour] = Model{Colour: colour, Services: []Service{{Name: "web", Key: "web", Published: []Published{{Port: port, Target: 80}}}}}
	}
	d := NewAddresses(app).SeenFrom(func(host string) bool { return host == "192.0.2.7" })
	for host, want := range map[string]string{"192.0.2.7": "192.0.2.7:8082", "192.0.2.8": "192.0.2.8:8082", "192.0.2.9": ""} {
		e, found, err := d.Find(host, 8081)
		got := ""
		if found && err == nil {
			other, err := d.Counterpart(e)
			if got = other.Address(); err != nil {
				t.Errorf("%s: %v", host, err)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}
