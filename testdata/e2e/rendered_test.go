package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/sample"
	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// entrypoint does what that of nginx's official image does: it writes the configuration from templates at each start.
const entrypoint = `for t in /etc/nginx/templates/*.template; do
  name=${t##*/}
  sed "s/\${ACTIVE}/$ACTIVE/g" "$t" >"/etc/nginx/conf.d/${name%.template}"
done
exec nginx -g 'daemon off;'
`

// Where a variable of nginx's container names the colour, a switch would last until its next start: it is refused before
// anything is started. With the edit that the doctor prints it lasts.
func TestConfigurationMadeAtStart(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	if err := os.WriteFile(filepath.Join(s.Dir, "docker-entrypoint.sh"), []byte(entrypoint), 0o755); err != nil {
		t.Fatal(err)
	}
	templates, own := filepath.Join(s.Dir, "templates"), filepath.Join(s.Dir, "own")
	for _, dir := range []string{templates, own} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	template := strings.ReplaceAll(s.conf(), "-blue:", "-${ACTIVE}:") // in a comment, too
	start := func() {
		t.Helper()
		if err := os.WriteFile(filepath.Join(templates, "default.conf.template"), []byte(template), 0o644); err != nil {
			t.Fatal(err)
		}
		s.nginx("-e", "ACTIVE=blue", "-v", s.Dir+"/docker-entrypoint.sh:/docker-entrypoint.sh:ro", "-v", templates+":/etc/nginx/templates:ro", "-v", own+":/etc/nginx/bluegate",
			s.Image, "sh", "/docker-entrypoint.sh")
	}
	s.deploys(0, model.Started, nil, "blue")
	start()
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.NginxNotSwitched || !strings.Contains(reason.Message, "/etc/nginx/templates/default.conf.template") {
			t.Errorf("the reason is %s", reason)
		}
	})

	found, _ := s.diagnosed(3)
	template = s.follow(found["made-at-start"].Remedy, template, own)
	docker(t, "rm", "-f", s.Nginx)
	start()
	stop := s.load(load.Options{})
	s.deploys(0, model.Promoted, []string{"VERSION=v2"})
	record := stop()
	nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost, load.Long, load.Upload, load.Stream)
	colours(t, record, "blue", "green")
	docker(t, "restart", s.Nginx)
	if err := s.AwaitNginx(); err != nil {
		t.Fatal(err)
	}
	colours(t, s.sample(), "green")
}

// follow does what the remedy says: it makes the new files, and puts an include in the place of what becomes their lines.
func (s *shop) follow(remedy, template, own string) string {
	s.t.Helper()
	lines := strings.Split(remedy, "\n")
	for i, line := range lines {
		name, ok := strings.CutPrefix(line, "# ./nginx/bluegate/")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, ",")
		if err := os.WriteFile(filepath.Join(own, name), []byte(lines[i+1]+"\n"), 0o644); err != nil {
			s.t.Fatal(err)
		}
		was := strings.ReplaceAll(lines[i+1], "-blue:", "-${ACTIVE}:")
		if !strings.Contains(template, was) || !strings.HasPrefix(lines[i+3], "include ") {
			s.t.Fatalf("the template has no line %q, or the remedy no include:\n%s", was, remedy)
		}
		template = strings.Replace(template, was, lines[i+3], 1)
	}
	return template
}
