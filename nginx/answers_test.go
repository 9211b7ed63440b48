package nginx

import (
	"fmt"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
)

func TestLeadsToRelease(t *testing.T) {
	targets := []model.Target{
		{Endpoint: model.Endpoint{Host: "was-green", Port: 3000}, Containers: []model.Container{{Addresses: map[string]string{"a": "10.0.0.2", "b": "fd00::2"}}}},
		{Endpoint: model.Endpoint{Host: "127.0.0.1", Port: 8082}},
	}
	for passed, wrong := range map[string]string{
		"10.0.0.2:3000":                  "",
		"10.0.0.9:3000, 10.0.0.2:3000":   "",
		"[fd00::2]:3000":                 "",
		"127.0.0.1:8082":                 "",
		"10.0.0.2:3000 : 127.0.0.1:8082": "",
		"10.0.0.2:3001":                  "10.0.0.2:3001, which is not the release's (10.0.0.2, fd00::2)",
		"10.0.0.9:3000":                  "10.0.0.9:3000, which is not",
		"10.0.0.2:3000, 10.0.0.9:3000":   "10.0.0.9:3000, which is not",
		"127.0.0.1:8081":                 "127.0.0.1:8081, which is not",
		"":                               "does not say in X-Bluegate-Upstream",
		"unix:/run/was.sock":             "unix:/run/was.sock, which is not",
		"was":                            "which is no address",
	} {
		err := leadsToRelease("http://x/", passed, targets)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v, want %q", passed, err, wrong)
		}
	}
}

func TestOwnRoutes(t *testing.T) {
	const route = `location = /bluegate/route/was { proxy_pass http://was/; add_header X-Bluegate-Upstream $upstream_addr always; }`
	for text, want := range map[string]string{
		`server { ` + route + ` }`: "http://127.0.0.1:80/bluegate/route/was ",
		`server { listen 8080; server_name shop.example www; ` + route + ` }`:                                "http://127.0.0.1:8080/bluegate/route/was shop.example",
		`server { listen [::]:81; server_name _; ` + route + ` }`:                                            "http://[::1]:81/bluegate/route/was ",
		`server { listen 10.0.0.1; listen 443 ssl; ` + route + ` }`:                                          "http://10.0.0.1:80/bluegate/route/was ",
		`server { listen 443 ssl; ` + route + ` }`:                                                           "",
		`server { listen unix:/run/x; ` + route + ` }`:                                                       "",
		`server { location /bluegate/route/was { add_header X-Bluegate-Upstream $upstream_addr always; } }`:  "",
		`server { location = /bluegate/route/was { return 200; } }`:                                          "",
		`server { location =/bluegate/route/was { add_header x-bluegate-upstream $upstream_addr always; } }`: "http://127.0.0.1:80/bluegate/route/was ",
		`server { location = /bluegate/route/was { add_header X-Bluegate-Upstream $upstream_addr; } }`:       "",
	} {
		file, err := conf.Parse("x.conf", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range mode.OwnRoutes([]*conf.File{file}) {
			got += fmt.Sprintf("%s %s", p.URL, p.Host)
		}
		if got != want {
			t.Errorf("%s\ngot  %q\nwant %q", text, got, want)
		}
	}
}
