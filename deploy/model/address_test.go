package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// addresses is an application of which each service is written as
//
//	blue was-blue: was-blue web-blue / 8080 9090
//
// its colour, its name, the names under which nginx may know it, and its ports.
func addresses(text string) Application {
	app := Application{Project: "shop", Models: map[Colour]Model{Blue: {Colour: Blue, ComposeProject: "shop"}, Green: {Colour: Green, ComposeProject: "shop"}}}
	for _, line := range textLines(text) {
		head, rest, _ := strings.Cut(line, ":")
		hosts, ports, _ := strings.Cut(rest, "/")
		colour, name := Colour(strings.Fields(head)[0]), strings.Fields(head)[1]
		s := Service{Name: name, Key: ServiceKey(name, colour), Hosts: strings.Fields(hosts)}
		for _, port := range strings.Fields(ports) {
			s.Ports = append(s.Ports, number(port))
		}
		m := app.Models[colour]
		m.Services = append(m.Services, s)
		app.Models[colour] = m
	}
	return app
}

func number(text string) (n int) {
	for _, digit := range text {
		n = 10*n + int(digit-'0')
	}
	return n
}

func code(err error) Code {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Reasons[0].Code
	}
	return ""
}

func TestFind(t *testing.T) {
	d := NewAddresses(addresses(`
		blue  was-blue:     shop-was-1 was-blue WAS-Blue api / 8080 9090
		green was-green:    was-green / 8080
		green signal-green: signal-green api
		blue  both-a: twin / 1
		blue  both-b: twin / 1`))
	for _, test := range []struct {
		host string
		port int
		want string // colour service host:port, nothing, or a code
	}{
		{"was-blue", 8080, "blue was-blue was-blue:8080"},
		{"was-blue", 9090, "blue was-blue was-blue:9090"},
		{"was-blue", 80, ""},
		{"shop-was-1", 8080, "blue was-blue shop-was-1:8080"},
		{"Was-BLUE", 8080, "blue was-blue Was-BLUE:8080"},
		{"was-green", 8080, "green was-green was-green:8080"},
		{"signal-green", 3000, "green signal-green signal-green:3000"}, // declares no port: any may be its own
		{"evergreen-db", 8080, ""},
		{"was-blue.", 8080, ""},
		{"127.0.0.1", 8080, ""},
		{"api", 8080, "switch-point-ambiguous"},
		{"API", 1, "switch-point-ambiguous"},
		{"twin", 1, "switch-point-ambiguous"},
	} {
		e, found, err := d.Find(test.host, test.port)
		got := string(code(err))
		if found {
			got = fmt.Sprintf("%s %s %s", e.Colour, e.Service, e.Address())
		}
		if got != test.want {
			t.Errorf("%s:%d is %q (%v), want %q", test.host, test.port, got, err, test.want)
		}
	}
	if _, _, err := d.Find("api", 1); !strings.Contains(err.Error(), "blue was-blue") || !strings.Contains(err.Error(), "green signal-green") {
		t.Errorf("an ambiguous name does not say whose it is: %v", err)
	}
	if !d.Knows("WAS-blue") || d.Knows("db") {
		t.Error("Knows")
	}
	if got := d.HostsOf(Green); !slices.Equal(got, []string{"api", "signal-green", "was-green"}) || !d.Shared("API") || d.Shared("was-green") {
		t.Errorf("green has %q", got)
	}
	if !d.Owns("shop", "was-blue") || d.Owns("shop", "db") || d.Owns("other", "was-blue") {
		t.Error("Owns")
	}
	if got := strings.Join(d.Addresses(), " "); got != "shop-was-1:8080 shop-was-1:9090 twin:1 twin:1 was-green:8080 signal-green" {
		t.Errorf("addresses: %s", got)
	}
}

func TestCounterpart(t *testing.T) {
	for _, test := range []struct {
		name string
		app  string
		from string // colour service host port
		want string
	}{
		{"the same port", "blue was-blue: was-blue / 8080 \n green was-green: was-green / 8080", "blue was-blue was-blue 8080", "green was-green was-green:8080"},
		{"and back", "blue was-blue: was-blue / 8080 \n green was-green: was-green / 8080", "green was-green was-green 8080", "blue was-blue was-blue:8080"},
		{"a port for each colour", "blue was-blue: was-blue / 8081 \n green was-green: was-green / 8082", "blue was-blue was-blue 8081", "green was-green was-green:8082"},
		{"by position", "blue was-blue: was-blue / 8081 9091 \n green was-green: was-green / 8082 9092", "blue was-blue was-blue 9091", "green was-green was-green:9092"},
		{"one declares no port", "blue was-blue: was-blue / 8081 \n green was-green: was-green", "blue was-blue was-blue 8081", "green was-green was-green:8081"},
		{"the other declares no port", "blue was-blue: was-blue \n green was-green: was-green / 8082", "blue was-blue was-blue 80", "green was-green was-green:8082"},
		{"neither declares one", "blue was-blue: was-blue \n green was-green: was-green", "blue was-blue was-blue 80", "green was-green was-green:80"},
		{"one of more, the same there", "blue was-blue: was-blue / 8080 \n green was-green: was-green / 9090 8080", "blue was-blue was-blue 8080", "green was-green was-green:8080"},
		{"one of more, which is unclear", "blue was-blue: was-blue / 8081 \n green was-green: was-green / 8082 9092", "blue was-blue was-blue 8081", "switch-point-ambiguous"},
		{"any of two", "blue was-blue: was-blue \n green was-green: was-green / 8082 9092", "blue was-blue was-blue 80", "switch-point-ambiguous"},
		{"more to one", "blue was-blue: was-blue / 8081 9091 \n green was-green: was-green / 8082", "blue was-blue was-blue 9091", "green was-green was-green:8082"},
		{"the container's name for the container's name", "blue was-blue: shop_blue was-blue / 80 \n green was-green: shop_green was-green / 80", "blue was-blue shop_blue 80", "green was-green shop_green:80"},
		{"the key for the key", "blue was-blue: shop_blue was-blue / 80 \n green was-green: shop_green was-green / 80", "blue was-blue was-blue 80", "green was-green was-green:80"},
		{"an alias for an alias, in any case", "blue was: was a-blue / 80 \n green was: was a-green / 80", "blue was A-Blue 80", "green was a-green:80"},
		{"names of other numbers", "blue was-blue: x y was-blue / 80 \n green was-green: was-green / 80", "blue was-blue was-blue 80", "green was-green was-green:80"},
		{"no such service", "blue was-blue: was-blue / 80 \n green signal-green: signal-green / 80", "blue was-blue was-blue 80", "switch-point-not-found"},
		{"one project for each colour", "blue web: shop-blue-web-1 web / 80 \n green web: shop-green-web-1 web / 80", "blue web shop-blue-web-1 80", "green web shop-green-web-1:80"},
	} {
		d := NewAddresses(addresses(test.app))
		f := strings.Fields(test.from)
		e, err := d.Counterpart(Endpoint{Colour: Colour(f[0]), Service: f[1], Host: f[2], Port: number(f[3])})
		got := fmt.Sprintf("%s %s %s", e.Colour, e.Service, e.Address())
		if err != nil {
			got = string(code(err))
		}
		if got != test.want {
			t.Errorf("%s: %s (%v), want %s", test.name, got, err, test.want)
		}
	}
}

func TestServiceKey(t *testing.T) {
	for _, test := range [][3]string{
		{"was-blue", "blue", "was-{colour}"},
		{"was-green", "green", "was-{colour}"},
		{"was-green", "blue", "was-green"},
		{"blue", "blue", "{colour}"},
		{"BLUE_was", "blue", "{colour}_was"},
		{"a.blue.b", "blue", "a.{colour}.b"},
		{"blue-was-blue", "blue", "{colour}-was-{colour}"},
		{"blueprint", "blue", "blueprint"},
		{"evergreen-db", "green", "evergreen-db"},
		{"wasblue", "blue", "wasblue"},
		{"was", "blue", "was"},
		{"-blue-", "blue", "-{colour}-"},
		{"", "blue", ""},
	} {
		if got := ServiceKey(test[0], Colour(test[1])); got != test[2] {
			t.Errorf("%s of %s: %q, want %q", test[0], test[1], got, test[2])
		}
	}
}

func TestOnNetwork(t *testing.T) {
	app := addresses("blue was-blue: was-blue / 80")
	app.Models[Blue].Services[0].Networks = []string{"shop_default"}
	d := NewAddresses(app)
	if !d.OnNetwork([]string{"bridge", "shop_default"}) || d.OnNetwork([]string{"staging_default"}) || d.OnNetwork(nil) {
		t.Error("OnNetwork")
	}
}

func TestColour(t *testing.T) {
	for _, test := range []struct{ c, other Colour }{{Blue, Green}, {Green, Blue}, {None, None}, {"red", None}} {
		if got := test.c.Other(); got != test.other {
			t.Errorf("the other of %q is %q", test.c, got)
		}
	}
	for text, want := range map[string]Colour{"blue": Blue, "green": Green, "Blue": None, "": None, "red": None, "blue ": None} {
		if got, err := ParseColour(text); got != want || (err == nil) != (want != None) {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}

// textLines are the lines of a text that are not empty, without their indentation.
func textLines(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// A name of a service that ends a directive of nginx is never written, whoever made it up.
func TestCounterpartIsAHostName(t *testing.T) {
	for host, good := range map[string]bool{
		"was-green": true, "Was_Green.2": true, "was;": false, "was-green:80; } server { listen 81": false, "x y": false, "x{y": false, "x\ny": false, "$x": false, "'x'": false, "#x": false, "": false, "-x": false,
	} {
		app := addresses("blue was-blue: was-blue web / 80\ngreen was-green: was-green x / 80")
		app.Models[Green].Services[0].Hosts[1] = host
		e, err := NewAddresses(app).Counterpart(Endpoint{Colour: Blue, Service: "was-blue", Host: "web", Port: 80})
		if good != (err == nil) || good && e.Host != host {
			t.Errorf("%q: %+v, %v", host, e, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%q: the refusal has more than a line: %q", host, err)
		}
	}
}

// A host name that the other colour has as well, as a hostname, leads to either.
func TestFindOfANameThatTheOtherColourHasToo(t *testing.T) {
	app := addresses("blue was-blue: was-blue / 80\ngreen was-green: was-green / 80")
	app.Models[Green].Services[0].Also = []string{"Was-Blue"}
	if _, found, err := NewAddresses(app).Find("was-blue", 80); found || code(err) != SwitchPointAmbiguous {
		t.Errorf("%t, %v", found, err)
	}
	if _, found, err := NewAddresses(app).Find("was-green", 80); !found || err != nil {
		t.Errorf("%t, %v", found, err)
	}
}
