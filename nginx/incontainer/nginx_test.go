package incontainer

import (
	"strings"
	"testing"
)

func TestConfigFlags(t *testing.T) {
	for _, test := range []struct {
		words []string
		want  string
	}{
		{[]string{"/docker-entrypoint.sh", "nginx", "-g", "daemon off;"}, ""},
		{[]string{"/docker-entrypoint.sh", "nginx", "-c", "/etc/shop.conf"}, "-c /etc/shop.conf"},
		{[]string{"nginx", "-p", "/srv/edge/", "-c", "conf/nginx.conf", "-e", "stderr"}, "-p /srv/edge/ -c conf/nginx.conf -e stderr"},
		{[]string{"tini", "-p", "SIGTERM", "--", "/usr/sbin/nginx", "-c", "/srv/edge.conf"}, "-c /srv/edge.conf"},
		{[]string{"sh", "-c", "exec nginx -c /srv/edge.conf -g 'daemon off;'"}, "-c /srv/edge.conf"},
		{[]string{"sh", "-c", "./start nowhere"}, ""},
		{[]string{"nginx", "-c"}, ""},
		{[]string{"nginx", "-c/srv/edge.conf", "-g", "daemon off;"}, "-c /srv/edge.conf"},
		{nil, ""},
	} {
		if got := strings.Join(configFlags(test.words), " "); got != test.want {
			t.Errorf("%q: %q, want %q", test.words, got, test.want)
		}
	}
}
