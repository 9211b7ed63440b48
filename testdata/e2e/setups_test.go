package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/setups"
	"bluegate/testdata/stand"
)

// Setups that nobody wrote by hand, on a real engine behind a real nginx: a first deployment of the colour that nginx names,
// and one of the other. Each is promoted, or is refused with a place; the oracle looks before and after.
func TestGeneratedSetupsOnAnEngine(t *testing.T) {
	t.Parallel()
	for i := range 2 {
		seed := int(sample.Seed()%1e9)*2 + i
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g := setups.Generator(true).Example(seed)
			s := newGeneratedShop(t, g)
			first := s.run(nil, "deploy", g.Live)
			if !s.promotedOrRefused(first, model.Started) {
				return
			}
			s.promotedOrRefused(s.run(nil, "deploy"), model.Promoted)
		})
	}
}

// promotedOrRefused says whether a deployment was promoted. One that was refused names a place, or the address at which
// nothing answers: where Compose does not declare ports, the other colour is taken to have the same ones.
func (s *shop) promotedOrRefused(r stand.Result, promoted model.Outcome) bool {
	s.t.Helper()
	place := regexp.MustCompile(`/etc/nginx/[a-z0-9/.-]+:\d+|compose\.[a-z-]+\.yml:\d+|is a name of|names an address of either colour|\S+:\d+ \(\S+\) does not accept a connection`)
	switch {
	case r.Report.Outcome == promoted:
		return true
	case r.Report.Outcome != model.Refused || !place.MatchString(r.Report.Message):
		s.t.Fatalf("%s (%d): %s\n%s", r.Report.Outcome, r.Code, r.Report.Message, r.Stderr)
	}
	s.t.Logf("refused: %s", r.Report.Message)
	return false
}

// newGeneratedShop has the files of a generated setup, its networks, a database, and an nginx that may not start before the
// colour runs.
func newGeneratedShop(t *testing.T, g setups.Setup) *shop {
	t.Helper()
	var salt [3]byte
	_, _ = rand.Read(salt[:])
	name := "gen" + hex.EncodeToString(salt[:])
	docker(t, "network", "create", name+"-back")
	t.Cleanup(func() { docker(t, "network", "rm", name+"-back") }) // once what is on it is gone
	own := strings.NewReplacer("name: shop\n", "name: "+name+"\n", "shop-back", name+"-back", "shop-front", name, "shop-", name+"-", "box-", name+"-box-")
	values := ""
	if len(g.Values) > 0 {
		values = ", values: [" + strings.Join(g.Values, ", ") + "]"
	}
	s := newShop(t, stand.Options{
		Name: name, Config: quick + "\nnginx: {container: " + name + "-nginx" + values + "}\n",
		Edit: func(colour, _ string) string { return own.Replace(g.Compose(colour)) },
	})
	if testing.Verbose() {
		t.Log(g)
	}
	conf := filepath.Join(s.Dir, "etc")
	for _, path := range slices.Sorted(maps.Keys(g.Files)) {
		file := filepath.Join(conf, strings.TrimPrefix(path, "/etc/nginx/"))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(own.Replace(g.Files[path]), "location /r1/", "location /") // what the oracle asks for
		if path == setups.MainFile {
			text = "user nginx;\n" + text
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { docker(t, "rm", "-f", name+"-db") })
	docker(t, "run", "-d", "--name", name+"-db", "--network", name, "--network-alias", "db", "-e", "PORT=80", "-e", "SERVICE=db", "bluegate-shop:v1")
	if err := s.StartNginxWith("-v", conf+":/etc/nginx", s.Image); err != nil {
		t.Fatal(err)
	}
	return s
}
