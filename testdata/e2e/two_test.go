package e2e

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/testdata/pace"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// Two projects behind one nginx, and in one file of it, are deployed at the same moment, several times. Each ends on its
// new colour, neither takes the other's reload for its own, and neither loses a request.
func TestTwoProjectsBehindOneNginx(t *testing.T) {
	t.Parallel()
	shop := newShop(t, stand.Options{})
	till := newShop(t, stand.Options{Edit: func(_, text string) string {
		return strings.NewReplacer("was-", "till-", "signal-", "desk-").Replace(text)
	}})
	shop.deploys(0, model.Started, nil, "blue")
	till.deploys(0, model.Started, nil, "blue")
	share(shop, till)

	kinds := []load.Kind{load.NoKeepAlive, load.KeepAlive}
	both := []*tenant{{shop, "was"}, {till, "till"}}
	stops := []func() load.Record{}
	for _, p := range both {
		stops = append(stops, p.load(load.Options{Kinds: kinds, Rate: 60, Workers: 2}))
	}
	want := []string{"blue"}
	for round := range rounds() {
		colour := []string{"green", "blue"}[round%2]
		want = append(want, colour)
		deployAtOnce(t, both, colour)
		for _, p := range both {
			if text := shop.conf(); !strings.Contains(text, p.service+"-"+colour+":") || strings.Contains(text, "   "+p.service+"-"+string(model.Colour(colour).Other())+":") {
				t.Fatalf("round %d: %s is not what the file names for %s\n%s", round+1, colour, p.service, text)
			}
		}
	}
	for _, stop := range stops {
		record := stop()
		nothingLost(t, record, kinds...)
		colours(t, record, want...)
	}
}

// rounds is how often both are deployed: 5 times where every row runs.
func rounds() int {
	if sample.Full() {
		return 5
	}
	return 3
}

// tenant is one of several projects, and the service that its upstream leads to.
type tenant struct {
	*shop
	service string
}

func deployAtOnce(t *testing.T, all []*tenant, colour string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pace.Limit(5*time.Minute))
	defer cancel()
	results, errs := make([]stand.Result, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	for i, p := range all {
		group.Go(func() { results[i], errs[i] = p.Run(ctx, nil, "deploy", colour, "--format", "json") })
	}
	group.Wait()
	for i, p := range all {
		if r := results[i]; errs[i] != nil || r.Report.Outcome != model.Promoted || string(r.Report.Live) != colour {
			t.Fatalf("%s to %s: %v, %d %s\n%s\n%s", p.service, colour, errs[i], r.Code, r.Report.Outcome, r.Stdout, r.Stderr)
		}
	}
}

// share runs one nginx for both: the second one's part of the configuration stands behind the first one's.
func share(first, second *shop) {
	t := first.t
	t.Helper()
	first.nginx("-p", strings.TrimPrefix(second.URL, "http://")+":81", "-v", strings.TrimSuffix(first.Conf, "/default.conf")+":/etc/nginx/conf.d", first.Image)
	// It is on the second one's network too, which goes before the first shop does.
	t.Cleanup(func() { docker(t, "rm", "-f", first.Nginx) })
	docker(t, "network", "connect", second.Name, first.Nginx)
	text := first.conf()
	text += strings.NewReplacer("was", "till", "signal-", "desk-", "upstream signal", "upstream desk", "http://signal/", "http://desk/", "listen       80", "listen       81").Replace(text)
	if err := os.WriteFile(first.Conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	docker(t, "exec", first.Nginx, "nginx", "-s", "reload")
	second.serves()
}
