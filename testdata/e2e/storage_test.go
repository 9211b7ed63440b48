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

// However nginx's configuration is stored, a switch there and back loses nothing, changes the tokens only, and keeps
// the file's owner and mode.
func TestStorage(t *testing.T) {
	t.Parallel()
	type storage struct {
		name  string
		start func(*shop) // runs nginx
	}
	for _, kind := range sample.Rows(t, []storage{
		{"directory", func(s *shop) { s.nginx("-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d", s.Image) }},
		{"read-only directory", func(s *shop) { s.nginx("-v", filepath.Dir(s.Conf)+":/etc/nginx/conf.d:ro", s.Image) }},
		{"single file", func(s *shop) { s.nginx("-v", s.Conf+":/etc/nginx/conf.d/default.conf", s.Image) }},
		{"named volume", func(s *shop) {
			volume := s.Name + "-conf"
			docker(s.t, "volume", "create", volume)
			s.t.Cleanup(func() { docker(s.t, "rm", "-f", s.Nginx); docker(s.t, "volume", "rm", volume) })
			docker(s.t, "create", "--name", s.Name+"-carrier", "-v", volume+":/conf", s.Image)
			docker(s.t, "cp", s.Conf, s.Name+"-carrier:/conf/default.conf")
			docker(s.t, "rm", s.Name+"-carrier")
			s.nginx("-v", volume+":/etc/nginx/conf.d", s.Image)
		}},
		{"image", func(s *shop) {
			s.nginx(s.baked())
		}},
		{"tmpfs", func(s *shop) { // a read-only root, and what starts nginx fills its configuration
			args := []string{"--read-only", "-v", filepath.Dir(s.Conf) + ":/srv/shop:ro"}
			for _, dir := range []string{"/etc/nginx/conf.d", "/run", "/tmp", "/var/cache/nginx", "/var/lib/nginx"} {
				args = append(args, "--tmpfs", dir)
			}
			s.nginx(append(args, s.Image, "sh", "-c", "[ -e /etc/nginx/conf.d/default.conf ] || cp -p /srv/shop/default.conf /etc/nginx/conf.d/ && exec nginx -g 'daemon off;'")...)
		}},
		{"symbolic link", func(s *shop) {
			dir := filepath.Dir(s.Conf)
			if err := os.Rename(s.Conf, filepath.Join(dir, "shop.site")); err != nil {
				s.t.Fatal(err)
			}
			if err := os.Symlink("shop.site", s.Conf); err != nil {
				s.t.Fatal(err)
			}
			s.nginx("-v", dir+":/etc/nginx/conf.d", s.Image)
		}},
	}, 4) {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, stand.Options{})
			if err := os.Chmod(s.Conf, 0o604); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(s.Conf, 1234, 4321); err != nil {
				t.Fatal(err)
			}
			s.deploys(0, model.Started, nil, "blue")
			kind.start(s)
			before := s.inside()
			stop := s.load(load.Options{Kinds: []load.Kind{load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost}})
			r := s.deploys(0, model.Promoted, []string{"VERSION=v2"})
			if got, want := s.inside(), strings.NewReplacer("server   was-blue:3000", "server   was-green:3002", "server signal-blue:3001", "server signal-green:3003").Replace(before); got != want {
				t.Errorf("in the container\n%s\nwant\n%s", got, want)
			}
			if lost := kind.name == "image" || kind.name == "tmpfs"; hasFinding(r, "not-persistent") != lost {
				t.Errorf("finding not-persistent: %v, want %v", !lost, lost)
			}
			s.deploys(0, model.Promoted, []string{"VERSION=v1"})
			if got := s.inside(); got != before {
				t.Errorf("there and back, in the container\n%s\nwant\n%s", got, before)
			}
			record := stop()
			nothingLost(t, record, load.NoKeepAlive, load.KeepAlive, load.KeepAlivePost)
			colours(t, record, "blue", "green", "blue")
			if kind.name == "symbolic link" {
				if info, err := os.Lstat(s.Conf); err != nil || info.Mode()&os.ModeSymlink == 0 {
					t.Errorf("the link is no link any more: %v %v", info, err)
				}
			}
			s.nothingLeft()
		})
	}
}

func (s *shop) nginx(args ...string) {
	s.t.Helper()
	if err := s.StartNginxWith(args...); err != nil {
		s.t.Fatal(err)
	}
}

// inside is the configuration as nginx's container has it, with its owner and mode.
func (s *shop) inside() string {
	s.t.Helper()
	return docker(s.t, "exec", s.Nginx, "sh", "-c", "stat -L -c '%u:%g %a' /etc/nginx/conf.d/default.conf; cat /etc/nginx/conf.d/default.conf; ls -A /etc/nginx/conf.d")
}

// A mounted file that was replaced by a rename on the host: nginx still has the old one, and would continue having it,
// while every exit code says that all is well. It is refused before anything is started.
func TestStaleSingleFile(t *testing.T) {
	sample.Test(t, 7)
	t.Parallel()
	s := newShop(t, stand.Options{})
	s.deploys(0, model.Started, nil, "blue")
	s.nginx("-v", s.Conf+":/etc/nginx/conf.d/default.conf", s.Image)
	text := s.conf() + "# one more line\n"
	tmp := s.Conf + ".tmp"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, s.Conf); err != nil {
		t.Fatal(err)
	}
	s.untouched(func() {
		r := s.deploys(3, model.Refused, []string{"VERSION=v2"})
		if reason := r.Report.Reasons[0]; reason.Code != model.ConfigNotLoaded {
			t.Errorf("the reason is %s", reason)
		}
	})
}
