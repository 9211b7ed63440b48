// Command demo shows the main job on this machine: a shop behind nginx under load, a good release promoted, a bad one
// refused, and what the users met. It exits 1 if a user lost a request.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

func main() {
	executable := flag.String("bluegate", "bin/bluegate", "the executable to show")
	keep := flag.Bool("keep", false, "leave the shop running")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *executable, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// show is the demo under way.
type show struct {
	ctx  context.Context
	shop *stand.Stand
	load *load.Client
}

func run(ctx context.Context, executable string, keep bool) (err error) {
	path, err := filepath.Abs(executable)
	if err != nil {
		return err
	}
	say("Preparing: the shop's and nginx's images are checked")
	if err := stand.Prepare(".", "sid"); err != nil {
		return err
	}
	s, err := stand.New(".", path, stand.Options{Name: "shop-demo"})
	if err != nil {
		return err
	}
	defer func() {
		if keep && err == nil {
			playOn(s)
			return
		}
		err = errors.Join(err, s.Close())
	}()
	d := &show{ctx: ctx, shop: s}
	if err := d.open(); err != nil {
		return err
	}
	if err := d.good(); err != nil {
		return err
	}
	if err := d.bad(); err != nil {
		return err
	}
	return d.verdict()
}

// open brings up version 1 and nginx, and lets the users in.
func (d *show) open() (err error) {
	say("Version 1 comes up in blue, nginx in front of it")
	if err := d.deploy(0, "v1"); err != nil {
		return err
	}
	if err := d.shop.StartNginx(); err != nil {
		return err
	}
	d.load, err = d.shop.Load(context.Background(), load.Options{})
	if err != nil {
		return err
	}
	say("Users arrive at %s: with and without keep-alive, POSTs that are not repeated, long requests, uploads, streams", d.shop.URL)
	return d.wait(2 * time.Second)
}

func (d *show) good() error {
	say("Version 2 is good")
	if err := d.deploy(0, "v2"); err != nil {
		return err
	}
	if err := d.wait(2 * time.Second); err != nil {
		return err
	}
	d.users()
	return nil
}

func (d *show) bad() error {
	say("Version 3 never becomes healthy")
	if err := d.deploy(3, "v3"); err != nil {
		return err
	}
	d.users()
	return nil
}

// verdict lets the requests in flight end and counts.
func (d *show) verdict() error {
	record := d.load.Stop()
	say("What the users met")
	fmt.Println(indent(record.String()))
	if lost := record.Lost(); lost > 0 || len(record.Requests) == 0 {
		return fmt.Errorf("requests lost: %d of %d", lost, len(record.Requests))
	}
	if got := strings.Join(record.Colours(), " "); got != "blue green" {
		return fmt.Errorf("the users saw %s, and not blue and then green", got)
	}
	fmt.Printf("\n    version 2 promoted, version 3 refused, requests lost: 0 of %d\n", len(record.Requests))
	return nil
}

// deploy runs bluegate before the audience and wants its exit code.
func (d *show) deploy(want int, version string) error {
	fmt.Printf("    $ VERSION=%s bluegate deploy\n", version)
	r, err := d.shop.Run(d.ctx, []string{"VERSION=" + version}, "deploy")
	if err != nil {
		return err
	}
	fmt.Println(indent(r.Stderr))
	fmt.Println(indent(r.Stdout))
	if r.Code != want {
		return fmt.Errorf("bluegate deploy of %s ended with exit code %d, not %d", version, r.Code, want)
	}
	return nil
}

func (d *show) users() {
	r := d.load.Record()
	fmt.Printf("    users saw %s; requests so far: %d, lost: %d\n", strings.Join(r.Colours(), ", then "), len(r.Requests), r.Lost())
}

func (d *show) wait(span time.Duration) error {
	select {
	case <-d.ctx.Done():
		return d.ctx.Err()
	case <-time.After(span):
		return nil
	}
}

func playOn(s *stand.Stand) {
	say("The shop goes on. Try:")
	fmt.Printf(`    cd %s
    export PATH=%s:$PATH
    bluegate status
    VERSION=v1 bluegate deploy --dry-run
    VERSION=v1 bluegate deploy
    curl %s/

  and when you have seen enough:
    docker rm -fv $(docker ps -aq --filter name=%s) && docker network rm %s && rm -r %s
`, s.Dir, filepath.Dir(s.Bluegate), s.URL, s.Name, s.Name, s.Dir)
}

func say(format string, args ...any) {
	fmt.Printf("\n== "+format+"\n", args...)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
