package entrance

import (
	"fmt"
	"slices"
	"testing"

	"bluegate/nginx/conf"
)

func TestOf(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"one":                     {"http { server { listen 8080; location / { proxy_pass http://app; } } }", []string{":8080 false "}},
		"without listen":          {"http { server { location / { proxy_pass http://app; } } }", []string{":80 false "}},
		"a name":                  {"http { server { listen 80 default_server; server_name _ *.x ~y$ shop.example.com; location / { proxy_pass http://app/; } } }", []string{":80 false shop.example.com"}},
		"a redirect before TLS":   {"http { server { listen 80; return 301 https://x; } server { listen 443 ssl; listen [::]:443 ssl; server_name x; location / { proxy_pass http://app; } } }", []string{":443 true x", ":443 true x"}},
		"TLS comes after plain":   {"http { server { listen 443 ssl; listen 80; location / { proxy_pass http://app; } } }", []string{":80 false ", ":443 true "}},
		"another application":     {"http { server { listen 81; location / { proxy_pass http://other; } } server { listen 82; location / { proxy_pass http://app; } } }", []string{":82 false "}},
		"an address":              {"http { server { listen 81; location / { proxy_pass http://app-blue:3000/x; } } }", []string{":81 false "}},
		"a variable":              {"http { server { listen 81; location / { proxy_pass $scheme://$target; } } }", []string{":81 false "}},
		"only for nginx's host":   {"http { server { listen 127.0.0.1:8099; location / { proxy_pass http://app; } } server { listen 192.0.2.1:80; location / { proxy_pass http://app; } } }", []string{"192.0.2.1:80 false ", "127.0.0.1:8099 false "}},
		"sockets and other words": {"http { server { listen unix:/x; listen 443 quic; listen 83 proxy_protocol; location / { proxy_pass http://app; } } }", nil},
		"no http":                 {"stream { server { listen 5432; proxy_pass app; } }", nil},
	} {
		file, err := conf.Parse("/etc/nginx/nginx.conf", []byte(test.text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, s := range Of(conf.Assemble([]*conf.File{file}), []string{"app", "app-blue"}) {
			got = append(got, fmt.Sprintf("%s:%d %t %s", s.IP, s.Port, s.TLS, s.Host))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
