package nginx

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// site is nginx on this machine. A published port is the engine's to give: no stranger gets it while the release runs.
func (s *hostShop) site() *site {
	s.Helper()
	return &site{T: s.T,
		plan: func() (*observed, model.Change) {
			s.router = New(nil, s.router.opts).over(nil)
			s.plan()
			if _, err := s.router.Rehearse(s.Context(), s.change, already()); err != nil {
				s.Fatal(err)
			}
			return s.router, s.change
		},
		targets: s.targets,
		colour:  s.colour,
		state:   s.state,
		edit:    func() func() { return edited(s.T, s.change.Files[0].Path, s.change.Files[0]) },
		more: func(conf string) func() {
			file := s.dir + "/more/more.conf"
			write(s.T, file, strings.Replace(conf, "listen "+takenPort, fmt.Sprintf("listen 127.0.0.1:%d", s.taken), 1))
			return func() { _ = os.Remove(file) }
		},
		listen: func(string) func() {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				s.Fatal(err)
			}
			s.taken = l.Addr().(*net.TCPAddr).Port
			return func() { _ = l.Close() }
		},
		restart: s.restart,
		hold: func() func() {
			if err := s.master.Process.Signal(syscall.SIGSTOP); err != nil {
				s.Fatal(err)
			}
			let := make(chan struct{})
			time.AfterFunc(s.router.limit+time.Second, func() { _ = s.master.Process.Signal(syscall.SIGCONT); close(let) })
			return func() { <-let }
		},
	}
}

// state is what lies in the folder of the file that a switch writes.
func (s *hostShop) state() (text string) {
	s.Helper()
	files, err := filepath.Glob(s.dir + "/conf.d/*")
	hidden, err2 := filepath.Glob(s.dir + "/conf.d/.*")
	if err != nil || err2 != nil {
		s.Fatal(err, err2)
	}
	for _, file := range append(files, hidden...) {
		info, err := os.Stat(file)
		if err != nil {
			s.Fatal(err)
		}
		link, _ := os.Readlink(file)
		st := info.Sys().(*syscall.Stat_t)
		text += fmt.Sprintf("%s %s %d:%d %s %s\n%s\n", file, info.Mode(), st.Uid, st.Gid, info.ModTime(), link, read(s.T, file))
	}
	return text
}

func TestWrongTurnsOnTheHost(t *testing.T) {
	t.Parallel()
	arrangements := map[string]func(*hostShop){
		"a file": func(*hostShop) {},
		"a link": (*hostShop).linked,
	}
	for row, name := range slices.Sorted(maps.Keys(arrangements)) {
		arrange := arrangements[name]
		t.Run(name, func(t *testing.T) {
			s := newHostShop(t)
			arrange(s)
			all := turns
			if name == "a file" {
				all = append(all[:len(all):len(all)], held)
			}
			site := s.site()
			site.meetsAll(row, all...)
			if err := s.router.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
