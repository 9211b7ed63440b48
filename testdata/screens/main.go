// Command screens makes the pictures in docs/: the live view of a deployment, its end, and a refusal. It runs real
// deployments of the demo shop in tmux, and draws what tmux shows as SVG.
//
//	go run ./testdata/screens --bluegate bin/bluegate --out docs
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bluegate/testdata/stand"
)

// The window of the pictures.
const (
	columns = 90
	rows    = 16
)

func main() {
	executable := flag.String("bluegate", "bin/bluegate", "the executable to show")
	out := flag.String("out", "docs", "the folder of the pictures")
	flag.Parse()
	if err := run(context.Background(), *executable, *out); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, executable, out string) (err error) {
	path, err := filepath.Abs(executable)
	if err != nil {
		return err
	}
	if install, err := exec.Command("testdata/e2e/packages.sh", "tmux").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, install)
	}
	if err := stand.Prepare(".", "sid"); err != nil {
		return err
	}
	s, err := stand.New(".", path, stand.Options{Name: "shop"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if r, err := s.Run(ctx, []string{"VERSION=v1"}, "deploy"); err != nil || r.Code != 0 {
		return fmt.Errorf("deploy v1: exit code %d, %w\n%s", r.Code, err, r.Stdout)
	}
	if err := s.StartNginx(); err != nil {
		return err
	}
	for _, d := range []deployment{
		{"v2", []picture{{"deploy", "all healthy, switches in 3s"}, {"promoted", "undo: bluegate rollback"}}},
		{"v3", []picture{{"refused", "try again:"}}},
	} {
		w, err := open(s, d.version)
		if err != nil {
			return err
		}
		if err := errors.Join(w.show(d, out), w.close()); err != nil {
			return fmt.Errorf("deploy %s: %w", d.version, err)
		}
	}
	return nil
}

// deployment is one that is shown, with its pictures in their order.
type deployment struct {
	version  string
	pictures []picture
}

// picture is drawn when the screen has a text.
type picture struct{ name, at string }

// window is a tmux of its own.
type window struct{ socket string }

func open(s *stand.Stand, name string) (*window, error) {
	w := &window{filepath.Join(s.Dir, "tmux-"+name)}
	_, err := w.tmux("-f", "/dev/null", "new-session", "-d", "-s", "s", "-c", s.Dir, "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows),
		"env -u CI -u NO_COLOR PATH="+filepath.Dir(s.Bluegate)+":$PATH PS1='$ ' bash --norc --noprofile")
	return w, err
}

func (w *window) close() error {
	_, err := w.tmux("kill-server")
	return err
}

func (w *window) tmux(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-S", w.socket}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// show types a deployment, and draws its pictures. It is over with the last of them.
func (w *window) show(d deployment, out string) error {
	if err := w.await("$"); err != nil {
		return err
	}
	if _, err := w.tmux("send-keys", "-t", "s", "VERSION="+d.version+" bluegate deploy", "Enter"); err != nil {
		return err
	}
	for _, p := range d.pictures {
		if err := w.await(p.at); err != nil {
			return err
		}
		text, err := w.tmux("capture-pane", "-p", "-e", "-t", "s")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, p.name+".svg"), []byte(svg(strings.TrimSuffix(strings.TrimRight(text, " \n"), "\n$"), columns)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// await waits until the screen shows a text.
func (w *window) await(text string) error {
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if screen, err := w.tmux("capture-pane", "-p", "-t", "s"); err != nil {
			return err
		} else if strings.Contains(screen, text) {
			return nil
		}
	}
	screen, _ := w.tmux("capture-pane", "-p", "-t", "s")
	return fmt.Errorf("it never shows %q:\n%s", text, screen)
}
