package nginx

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/mode"
	"bluegate/testdata/nginxtest"
)

// publishedShop publishes a port of each colour on every address of the engine's host.
func publishedShop(blue, green int) *model.Addresses {
	app := model.Application{Project: "shop", Models: map[model.Colour]model.Model{}}
	for colour, port := range map[model.Colour]int{model.Blue: blue, model.Green: green} {
		name := "was-" + string(colour)
		app.Models[colour] = model.Model{Colour: colour, Services: []model.Service{{Name: name, Key: "was-{colour}", Hosts: []string{name}, Published: []model.Published{{Port: port, Target: 3000}, {IP: "[::]", Port: port, Target: 3000}}}}}
	}
	return model.NewAddresses(app).SeenFrom(instance.IsLoopback)
}

func TestIPv6Addresses(t *testing.T) {
	for _, test := range []struct{ before, after string }{
		{"upstream a { server [::1]:8081; }", "upstream a { server [::1]:8082; }"},
		{"upstream a { server [::1]:8081 weight=2; server 127.0.0.1:8081; }", "upstream a { server [::1]:8082 weight=2; server 127.0.0.1:8082; }"},
		{`upstream a { server "[0:0::1]:8081"; }`, `upstream a { server "[0:0::1]:8082"; }`},
		{"server { location / { proxy_pass http://[::1]:8081/x; } }", "server { location / { proxy_pass http://[::1]:8082/x; } }"},
		{"stream { server { listen [::]:80; proxy_pass [::1]:8081; } }", "stream { server { listen [::]:80; proxy_pass [::1]:8082; } }"},
		{"server { location / { grpc_pass grpc://[::1]:8081; } }", "server { location / { grpc_pass grpc://[::1]:8082; } }"},
	} {
		dir := publishedShop(8081, 8082)
		after, change, err := planned(t, dir, nginxtest.Files{"/etc/nginx/nginx.conf": test.before}, model.Green)
		if err != nil || after["/etc/nginx/nginx.conf"] != test.after {
			t.Errorf("%s becomes\n%s\n%v", test.before, after["/etc/nginx/nginx.conf"], err)
			continue
		}
		for _, e := range change.Routes {
			if strings.ContainsAny(e.Host, "[]") { // it is connected to
				t.Errorf("%s leads to host %q", test.after, e.Host)
			}
		}
		back, _, err := planned(t, dir, after, model.Blue)
		if err != nil || back["/etc/nginx/nginx.conf"] != test.before {
			t.Errorf("%s comes back as\n%s\n%v", test.before, back["/etc/nginx/nginx.conf"], err)
		}
	}
}

// The port that nginx uses when none is written stays unwritten, also next to an IPv6 address.
func TestIPv6AddressesWithoutAPort(t *testing.T) {
	after, _, err := planned(t, publishedShop(80, 8082), nginxtest.Files{"/etc/nginx/nginx.conf": "upstream a { server [::1]; }"}, model.Green)
	if err != nil || after["/etc/nginx/nginx.conf"] != "upstream a { server [::1]:8082; }" {
		t.Errorf("%v, %v", after, err)
	}
	e := model.Endpoint{Host: "::1", Port: 80}
	if got := mode.Written(model.SwitchPoint{Address: "[::1]", Endpoint: e}, e); got != "[::1]" {
		t.Errorf("%q", got)
	}
}

// Whatever host and port an address has, it is written as it was read.
func TestAddressesAreWrittenAsTheyWereRead(t *testing.T) {
	hosts := rapid.SampledFrom([]string{"127.0.0.1", "localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[0::1]"})
	rapid.Check(t, func(t *rapid.T) {
		host, port := hosts.Draw(t, "host"), rapid.IntRange(1, 65534).Draw(t, "port")
		address := fmt.Sprintf("%s:%d", host, port)
		file, err := conf.Parse("/etc/nginx/nginx.conf", []byte("upstream a { server "+address+"; }"))
		if err != nil {
			t.Fatal(err)
		}
		points, err := mode.PointsOf([]*conf.File{file}, publishedShop(port, port+1))
		if err != nil || len(points) != 1 || points[0].Endpoint.Address() != address || points[0].Address != address {
			t.Fatalf("%s is read as %+v, %v", address, points, err)
		}
		if got, want := mode.Written(points[0], points[0].Endpoint), address; got != want {
			t.Fatalf("%s is written as %s", want, got)
		}
	})
}
