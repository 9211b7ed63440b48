package nginx

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/testdata/nginxtest"
)

// Every name that Docker's DNS answers to for a container of the live colour is refused as left over. That nginx starts
// with all of them proves that the engine does answer.
func TestObserveEveryNameOfAContainer(t *testing.T) {
	b := newBench(t)
	created := func(args ...string) string {
		id := strings.TrimSpace(b.docker(append([]string{"create", "--label", testLabel + "=" + b.id, "--network", b.net}, args...)...))
		t.Cleanup(func() {
			if err := b.engine.ContainerRemove(context.WithoutCancel(t.Context()), id, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil && !errdefs.IsNotFound(err) {
				t.Error(err)
			}
		})
		return id
	}
	blue := created("--name", b.name("was-blue"), "--network-alias", "was-blue", "--hostname", "blue-host.example", image)
	b.docker("start", blue)
	app := nginxtest.Application(t, "was-{colour} 3000 3000", b.net)
	app.Models[model.Blue].Services[0].Also = []string{"blue-host.example"}
	running := b.container("was-blue", blue)
	running.Colour = model.Blue

	names := []string{"was-blue:9090", b.name("was-blue") + ":9090", "was-blue." + b.net + ":3000", "blue-host.example:3000", "blue-host.example." + b.net + ":3000", blue[:12] + ":3000", "linked:3000", "pinned:3000", running.Addresses[b.net] + ":3000"}
	var text strings.Builder
	text.WriteString("upstream was { server was-blue:3000; }\n")
	for i, name := range names {
		fmt.Fprintf(&text, "upstream other%d { server %s; }\n", i, name)
	}
	text.WriteString("server { listen 80; location / { proxy_pass http://was; } }\n")
	edge := created("--name", b.name("edge"), "--link", b.name("was-blue")+":linked", "--add-host", "pinned:"+running.Addresses[b.net], image)
	b.put(edge, map[string]string{"/etc/nginx/conf.d/default.conf": text.String()})
	b.docker("start", edge)
	b.serves(edge)

	r := b.router(instance.Options{Container: b.name("edge")})
	_, route, err := r.Observe(t.Context(), model.NewAddresses(app).WithContainers([]model.Container{running}))
	if err != nil || route.Names != model.Blue || len(route.Points) != 1 {
		t.Fatalf("%+v, %v", route, err)
	}
	refuses(t, route, model.AddressLeftOver, names...)
}
