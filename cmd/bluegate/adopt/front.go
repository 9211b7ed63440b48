package adopt

import (
	"fmt"
	"slices"
	"strings"
)

// fronts are the proxies that people put in front of Compose services, and whether bluegate works with each.
var fronts = []struct{ image, what, says string }{
	{"nginx-proxy-manager", "nginx-proxy-manager", "it writes nginx's files from its own database and would undo a switch; let a host of it forward to an nginx of your own on the network of the services, and bluegate switches that nginx"},
	{"nginx-proxy", "nginx-proxy", "it writes its configuration from the containers that run, so that both colours would get traffic at once; put an nginx of your own with VIRTUAL_HOST between it and the services, and bluegate switches that nginx"},
	{"swag", "swag", "its nginx reads proxy-confs from its /config folder: it works where one of these files names the address of a colour; set $upstream_app in it and list the variable in bluegate.yml (nginx: {values: [upstream_app]})"},
	{"traefik", "Traefik", "it chooses containers by labels and has no file that could be switched; let it send traffic to an nginx of your own in front of the services, and bluegate switches that nginx"},
	{"caddy-docker-proxy", "caddy-docker-proxy", "it chooses containers by labels and has no file that could be switched; let it send traffic to an nginx of your own in front of the services, and bluegate switches that nginx"},
	{"caddy", "Caddy", "bluegate switches only nginx; let Caddy send traffic (reverse_proxy) to an nginx of your own in front of the services, and bluegate switches that nginx"},
}

// Front says what is known of a proxy that runs and that bluegate does not switch as it is.
func (t Truth) Front() (sentence string, ok bool) {
	for _, front := range fronts {
		i := slices.IndexFunc(t, func(r Running) bool {
			name, _, _ := strings.Cut(r.Image[strings.LastIndex(r.Image, "/")+1:], ":")
			return name == front.image
		})
		if i >= 0 {
			return fmt.Sprintf("container %s is %s: %s", t[i].Name, front.what, front.says), true
		}
	}
	return "", false
}
