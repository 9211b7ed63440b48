// Command demowatch shows what bluegate watch does on this machine: a shop behind nginx is watched, a service is turned
// unhealthy, the page turns red, a webhook is told, the service is healed, and the webhook is told again. All of it is seen
// in a real browser. It exits 1 if something of that does not happen.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	"bluegate/testdata/stand"
)

func main() {
	executable := flag.String("bluegate", "bin/bluegate", "the executable to show")
	pictures := flag.String("pictures", "", "a folder for pictures of the page")
	keep := flag.Bool("keep", false, "stay until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *executable, *pictures, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo-watch:", err)
		os.Exit(1)
	}
}

// show is the demo under way.
type show struct {
	ctx      context.Context
	shop     *stand.Stand
	browser  context.Context
	page     string
	pictures string
	told     chan string // the kinds of events that the webhook received
}

const settings = `project: shop-demo-watch
watch:
  every: 1s
  listen: %s
  history: history.db
  on_unhealthy: restart
  checks:
    - {name: front page, http: "%s/"}
notify:
  - {url: "${WEBHOOK}", on: [down, up, degraded, healed, needs-a-person]}
`

func run(ctx context.Context, executable, pictures string, keep bool) (err error) {
	path, err := filepath.Abs(executable)
	if err != nil {
		return err
	}
	say("Preparing: the images of the shop and of nginx, and a browser")
	if err := stand.Prepare(".", "sid"); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "testdata/e2e/packages.sh", "chromium", "fonts-dejavu-core").CombinedOutput(); err != nil {
		return fmt.Errorf("install chromium: %w\n%s", err, out)
	}
	s, err := stand.New(".", path, stand.Options{Name: "shop-demo-watch"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d := &show{ctx: ctx, shop: s, pictures: pictures, told: make(chan string, 100)}
	if err := d.open(); err != nil {
		return err
	}
	webhook, err := d.listen()
	if err != nil {
		return err
	}
	stop, err := d.watch(webhook)
	if err != nil {
		return err
	}
	defer stop()
	if err := d.story(); err != nil || !keep {
		return err
	}
	say("The watch goes on until Ctrl-C: %s", d.page)
	fmt.Printf("    curl %s/testability/healthy/false\n", s.URL)
	<-ctx.Done()
	return nil
}

// open brings up the shop.
func (d *show) open() error {
	say("Version 1 comes up in blue, nginx in front of it")
	r, err := d.shop.Run(d.ctx, []string{"VERSION=v1"}, "deploy")
	if err != nil {
		return err
	}
	fmt.Println(indent(r.Stdout))
	if r.Code != 0 {
		return fmt.Errorf("bluegate deploy ended with exit code %d: %s", r.Code, r.Stderr)
	}
	return d.shop.StartNginx()
}

// listen starts the webhook, which prints what it is told.
func (d *show) listen() (url string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var message struct{ Kind, Title, Text string }
			body, _ := io.ReadAll(r.Body)
			if json.Unmarshal(body, &message) == nil {
				fmt.Println(indent("the webhook is told: " + message.Title + "\n  " + strings.ReplaceAll(message.Text, "\n", "\n  ")))
				d.told <- message.Kind
			}
		}))
	}()
	return "http://" + l.Addr().String(), nil
}

// watch starts bluegate watch and the browser that shows its page.
func (d *show) watch(webhook string) (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	_ = l.Close()
	d.page = "http://" + address + "/"
	if err := os.WriteFile(filepath.Join(d.shop.Dir, "bluegate.yml"), fmt.Appendf(nil, settings, address, d.shop.URL), 0o600); err != nil {
		return nil, err
	}
	say("bluegate watch begins")
	cmd := d.shop.Command(context.WithoutCancel(d.ctx), []string{"VERSION=v1", "WEBHOOK=" + webhook}, "watch")
	log := &prefixed{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("/usr/bin/chromium"), chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-dev-shm-usage", true))
	allocator, endAllocator := chromedp.NewExecAllocator(d.ctx, options...)
	browser, endBrowser := chromedp.NewContext(allocator)
	d.browser = browser
	return func() {
		endBrowser()
		endAllocator()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}, nil
}

// story is what happens.
func (d *show) story() error {
	if err := d.load(); err != nil {
		return err
	}
	if err := d.banner("All well"); err != nil {
		return err
	}
	say("A tester turns the live service unhealthy")
	answer, err := http.Get(d.shop.URL + "/testability/healthy/false")
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if err := d.banner("Outage"); err != nil {
		return err
	}
	if err := d.hear("down"); err != nil {
		return err
	}
	say("It is healed")
	if err := d.banner("All well"); err != nil {
		return err
	}
	return d.hear("up")
}

// load opens the page once the watch answers.
func (d *show) load() error {
	for range 120 {
		if answer, err := http.Get(d.page + "healthz"); err == nil {
			_ = answer.Body.Close()
			return chromedp.Do(d.browser, chromedp.Navigate(d.page), chromedp.WaitVisible(chromedp.CSS("main")))
		}
		if err := d.ctx.Err(); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond)
	}
	return errors.New("bluegate watch does not answer")
}

// banner waits until the page, which is not loaded again, says something.
func (d *show) banner(want string) error {
	ctx, cancel := context.WithTimeout(d.browser, 3*time.Minute)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf("document.querySelector('#banner-title')?.textContent === %q", want))); err != nil {
		text, _ := chromedp.Run(d.browser, chromedp.Text(chromedp.CSS("body")))
		return fmt.Errorf("the page does not say %q: %w\n%s", want, err, text)
	}
	text, err := chromedp.Run(d.browser, chromedp.Text(chromedp.CSS("#banner")))
	if err != nil {
		return err
	}
	fmt.Println(indent("the page says: " + strings.Join(strings.Fields(text), " ")))
	if d.pictures == "" {
		return nil
	}
	png, err := chromedp.Run(d.browser, chromedp.FullScreenshot(100))
	if err != nil {
		return err
	}
	name := strings.ToLower(strings.ReplaceAll(want, " ", "-")) + ".png"
	return os.WriteFile(filepath.Join(d.pictures, name), png, 0o644)
}

// hear waits until the webhook was told of a kind of event.
func (d *show) hear(kind string) error {
	limit := time.After(2 * time.Minute)
	for {
		select {
		case got := <-d.told:
			if got == kind {
				return nil
			}
		case <-limit:
			return fmt.Errorf("the webhook was not told of %q", kind)
		case <-d.ctx.Done():
			return d.ctx.Err()
		}
	}
}

// prefixed prints the output of a program, indented.
type prefixed struct{}

func (*prefixed) Write(text []byte) (int, error) {
	fmt.Println(indent(string(text)))
	return len(text), nil
}

func say(format string, args ...any) { fmt.Printf("\n== "+format+"\n", args...) }

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
