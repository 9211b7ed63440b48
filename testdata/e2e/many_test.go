package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// many is how many commands TestManyInARow runs: BLUEGATE_E2E_MANY of them, or 6, and 12 where every row runs.
func many(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BLUEGATE_E2E_MANY")
	switch {
	case text == "" && sample.Full():
		return 12
	case text == "":
		return 6
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 12 {
		t.Fatalf("BLUEGATE_E2E_MANY=%q: it is a number from 12", text)
	}
	return n
}

// Releases in a row, good and bad ones mixed, with a rollback now and then. Each is a new image under the same tag, as
// where CI builds on the host that runs it. Nothing grows: containers, images, networks, volumes, the journal.
func TestManyInARow(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("shopmany%d", os.Getpid())
	t.Cleanup(func() { removeImages(t, name) }) // after the shop, which uses them
	s := newShop(t, stand.Options{Name: name, Config: "gate: {stable: 200ms, timeout: 3m}\n"})
	s.build(0)
	s.deploys(0, model.Started, s.own(), "blue")
	if err := s.StartNginx(); err != nil {
		t.Fatal(err)
	}
	stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive}, Rate: 20})
	live := model.Blue
	var most stock
	for i := range many(t) {
		switch i % 6 {
		case 3:
			s.build(i, "CRASH_AFTER=0s", "EXIT_CODE=3")
			s.deploys(3, model.Refused, s.own())
		case 5:
			s.back(0, model.Promoted)
			live = live.Other()
		default:
			s.build(i)
			s.deploys(0, model.Promoted, s.own())
			live = live.Other()
		}
		now := s.stock()
		if i < 6 { // every kind of command has been there
			most = most.max(now)
		} else if over := now.over(most); over != "" {
			t.Fatalf("after %d commands there are more %s: %+v, at most %+v in the first six", i+1, over, now, most)
		}
		if r := s.run(nil, "status"); r.Report.Live != live {
			t.Fatalf("after %d commands %s is live, want %s", i+1, r.Report.Live, live)
		}
	}
	nothingLost(t, stop(), load.NoKeepAlive)
	s.nothingLeft()
	t.Logf("%d commands; on the engine at most %+v", many(t), most)
}

// own chooses the shop's own image.
func (s *shop) own() []string { return []string{"SHOP_IMAGE=" + s.Name, "VERSION=current"} }

// build makes another image under the same tag; the one before loses its name.
func (s *shop) build(n int, faults ...string) {
	s.t.Helper()
	text := fmt.Sprintf("FROM bluegate-shop:v1\nLABEL stand=%s n=%d\n", s.Name, n)
	for _, f := range faults {
		text += "ENV " + f + "\n"
	}
	cmd := exec.Command("docker", "build", "-q", "-t", s.Name+":current", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("build: %v\n%s", err, out)
	}
}

// removeImages removes what a shop built.
func removeImages(t *testing.T, name string) {
	for _, id := range strings.Fields(docker(t, "images", "-q", "--no-trunc", "--filter", "label=stand="+name)) {
		docker(t, "rmi", "-f", id)
	}
}

// stock is how much of the shop is on the engine.
type stock struct{ containers, images, networks, volumes, journal int }

func (s *shop) stock() stock {
	s.t.Helper()
	count := func(args ...string) int { return len(strings.Fields(docker(s.t, args...))) }
	return stock{
		containers: count("ps", "-aq", "--filter", "name="+s.Name),
		images:     count("images", "-aq", "--no-trunc", "--filter", "label=stand="+s.Name),
		networks:   count("network", "ls", "-q", "--filter", "name="+s.Name),
		volumes:    count("volume", "ls", "-q", "--filter", "label=com.docker.compose.project="+s.Name),
		journal:    len(docker(s.t, "cp", "bluegate-journal-"+s.Name+":/journal.json", "-")) / 4096,
	}
}

func (a stock) max(b stock) stock {
	return stock{max(a.containers, b.containers), max(a.images, b.images), max(a.networks, b.networks), max(a.volumes, b.volumes), max(a.journal, b.journal)}
}

// over names what there is more of than before. The journal describes five releases, and six commands do not make them.
func (a stock) over(b stock) string {
	switch {
	case a.containers > b.containers:
		return "containers"
	case a.images > b.images:
		return "images"
	case a.networks > b.networks:
		return "networks"
	case a.volumes > b.volumes:
		return "volumes"
	case a.journal > 8:
		return "records (units of 4 KiB)"
	}
	return ""
}
