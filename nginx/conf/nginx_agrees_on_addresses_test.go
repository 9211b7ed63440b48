package conf

import (
	"fmt"
	"strings"
	"testing"
)

// TestNginxAgreesOnAddresses holds what counts as an address against what nginx takes for one. Left out is what it takes
// on trust until it is asked for: variables, and host names with bytes that none can have.
func TestNginxAgreesOnAddresses(t *testing.T) {
	nginx := newNginx(t)
	var addresses []string
	for _, host := range []string{"localhost", "LOCALHOST", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::1", "[x]", "[127.0.0.1]", "[::1%lo]", ""} {
		for _, port := range []string{"", ":00080", ":65536", ":0", ":", ":8x", ":80:80"} {
			addresses = append(addresses, host+port)
		}
	}
	split := map[bool]int{}
	for _, form := range []string{
		"upstream u { server %s; }",
		"upstream u { server '%s' max_fails=0; }",
		"upstream u { server %s/x; }",
		"server { location / { proxy_pass http://%s; } }",
		"server { location / { proxy_pass HTTPS://%s/x:1/?y; } }",
		"server { location / { proxy_pass \"http://%s/\\\"\"; } }",
		"server { location / { proxy_pass http://%s?x:1; } }",
		"server { location / { grpc_pass %s; } }",
		"server { location / { grpc_pass grpc://%s; } }",
		"server { location / { grpc_pass Grpcs://%s; } }",
		"server { location / { grpc_pass grpc://%s/x; } }",
		"server { location / { fastcgi_pass %s; } }",
		"server { location / { fastcgi_pass http://%s; } }",
		"server { location / { uwsgi_pass uwsgi://%s; } }",
		"server { location / { uwsgi_pass suwsgi://%s; } }",
		"server { location / { scgi_pass %s; } }",
		"server { location / { set $memcached_key k; memcached_pass %s; } }",
	} {
		for _, a := range addresses {
			config := fmt.Sprintf(form, a)
			f := parse(t, config)
			v, err := nginx.test(config)
			if err != nil {
				t.Fatal(err)
			}
			// Without a port most directives take only the name of an upstream, which Points leaves to its caller.
			taken := v.msg == "" || strings.HasPrefix(v.msg, "no port in upstream")
			if got := len(f.Points()) == 1; got != taken {
				t.Errorf("%s\nnginx: %+v, points: %+v", config, v, f.Points())
			}
			split[taken]++
		}
	}
	t.Logf("%d addresses compared: %d taken, %d refused", split[true]+split[false], split[true], split[false])
}
