package deploy

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"bluegate/deploy/model"
	"bluegate/deploy/report"
	"bluegate/testdata/sample"
	"bluegate/testdata/setups"
	"bluegate/testdata/setups/oracle"
)

// deployed is how one generated setup ended.
type deployed struct {
	setup  setups.Setup
	report *report.Report
	broken []string // what the oracle says
	files  oracle.World
}

// deploySetup deploys a generated setup.
func deploySetup(t *testing.T, seed int, weak weakness) (d deployed) {
	t.Helper()
	d.setup = setups.Generator(false).Example(seed)
	synctest.Test(t, func(t *testing.T) {
		g := newGenerated(d.setup)
		before := g.world(maps.Clone(g.disk))
		d.files = before
		g.weak = weak
		d.report = g.deployer().Run(t.Context())
		after := g.world(g.disk)
		d.broken = append(g.harm, oracle.Compare(before, after)...)
		if d.report.Outcome == model.Promoted {
			d.broken = append(d.broken, after.LeftOver(d.setup.Live)...)
		}
		if !maps.Equal(g.disk, g.loaded) {
			d.broken = append(d.broken, "nginx has not loaded what is on disk")
		}
		if d.report.Outcome == model.Refused && (!maps.Equal(g.disk, g.first) || len(g.running(model.Colour(d.setup.Live))) == 0) {
			d.broken = append(d.broken, "it was refused, and nginx's files or the live colour are not as they were")
		}
	})
	return d
}

// place is in the message of a refusal: a file and a line of nginx's or of Compose's, or the addresses that were looked for.
var place = regexp.MustCompile(`/etc/nginx/[a-z0-9/.-]+:\d+|compose\.(blue|green)\.yml:\d+|names an address of either colour \(|is a name of|leads to \[|which takes the place of`)

// directives are those that can name an address, or choose one.
var directives = []string{"server", "upstream", "proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "set", "map", "geo", "split_clients", "rewrite", "try_files", "error_page", "return", "env", "content_by_lua_block", "include"}

// seedOf is the seed of a setup of this run.
func seedOf(i int) int { return int(sample.Seed()%1e9)*2000 + i }

// Whatever a setup is: a deployment is promoted and everything that the oracle says holds, or it is refused with a place and
// everything is as it was.
func TestGeneratedSetups(t *testing.T) {
	n := 200
	if sample.Full() {
		n = 2000
	}
	t.Logf("BLUEGATE_TEST_SEED=%d", sample.Seed())
	outcomes := map[model.Outcome]int{}
	seen := map[model.Outcome]map[string]int{model.Promoted: {}, model.Refused: {}}
	modes := map[string]int{}
	codesSeen := map[string]int{}
	for i := range n {
		seed := seedOf(i)
		d := deploySetup(t, seed, weakness{})
		outcomes[d.report.Outcome]++
		codesSeen[codes(d.report)]++
		modes[d.setup.Mode+" "+string(d.report.Outcome)]++
		for name := range d.files.Directives() {
			if counts := seen[d.report.Outcome]; counts != nil {
				counts[name]++
			}
		}
		said := d.report.Outcome == model.Promoted || d.report.Outcome == model.Refused && place.MatchString(d.report.Message)
		if !said || len(d.broken) > 0 {
			t.Fatalf("seed %d: %s (%s)\n%s\n%s", seed, d.report.Outcome, d.report.Message, strings.Join(d.broken, "\n"), d.setup)
		}
	}
	t.Logf("%v, %v, %v", outcomes, codesSeen, modes)
	least := n / 100 // 20 of 2,000
	if !sample.Full() {
		least = 0
	}
	for _, name := range directives {
		t.Logf("%s: %d promoted, %d refused", name, seen[model.Promoted][name], seen[model.Refused][name])
		if seen[model.Promoted][name] < least || seen[model.Refused][name] < least {
			t.Errorf("%s is in %d promoted and in %d refused setups, want %d of each", name, seen[model.Promoted][name], seen[model.Refused][name], least)
		}
	}
	if outcomes[model.Promoted]*10 < n*3 {
		t.Errorf("%d of %d are promoted", outcomes[model.Promoted], n)
	}
}

// The oracle finds what the product would do without one of its protections: within 200 setups.
func TestGeneratedSetupsFindEachWeakness(t *testing.T) {
	for name, test := range map[string]struct {
		weak weakness
		says string
	}{
		"an address is left over":   {weakness{deaf: true}, "is stopped, and "},
		"the live colour is ended":  {weakness{blind: true}, "is stopped or removed, and nginx leads users to it"},
		"a name resolves no longer": {weakness{unheld: true}, "cannot be restarted now: host not found"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 200 {
				seed := seedOf(i)
				if d := deploySetup(t, seed, test.weak); strings.Contains(strings.Join(d.broken, "\n"), test.says) {
					t.Logf("seed %d, setup %d: %s", seed, i+1, d.broken[0])
					return
				}
			}
			t.Errorf("BLUEGATE_TEST_SEED=%d: nothing is found in 200 setups", sample.Seed())
		})
	}
}
