package page

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bluegate/watch"
)

// eventually waits until an expression of JavaScript is true.
func eventually(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression)); err != nil {
		t.Fatalf("%s did not become true: %v\n%s", expression, err, run(t, context.WithoutCancel(ctx), chromedp.Text(chromedp.CSS("body"))))
	}
}

const title = `document.querySelector("#banner-title").textContent`

// TestLive is one page that stays open: it shows what changes, keeps the focus and what was opened, says that the server
// is gone, and goes on when it is back.
func TestLive(t *testing.T) {
	ctx := browser(t)
	f := shop()
	listen := func(address string) (net.Listener, context.CancelFunc) {
		var l net.Listener
		var err error
		for range 50 { // the port of the server before is free a moment later
			if l, err = net.Listen("tcp", address); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
		server, stop := context.WithCancel(t.Context())
		p := New(server, f, Options{})
		done := make(chan struct{})
		go func() { _ = p.Serve(server, l); close(done) }()
		return l, func() { stop(); <-done }
	}
	l, stop := listen("127.0.0.1:0")
	do(t, ctx, chromedp.Navigate("http://"+l.Addr().String()+"/"))
	eventually(t, ctx, title+` === "All well" && document.querySelector("#connection").textContent === "Live"`)

	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[any](`window.stays = true; document.querySelector("details").open = true; document.querySelector("a[href$='user-service-`+strings.TrimPrefix(checkFile("user-service"), "user-service-")+`']").focus()`)(ctx, target)
		return err
	}))
	f.fail("user-service", "GET http://localhost:8000/health: 503")
	eventually(t, ctx, title+` === "Outage"`)
	for _, what := range []string{`window.stays`, `document.querySelector("details").open`, `document.activeElement.textContent === "user-service"`, `document.querySelector("#connection").textContent === "Now: Outage"`, `document.title === "shop: Outage"`} {
		if !ask[bool](t, ctx, what) {
			t.Errorf("after a change, it is not true that %s", what)
		}
	}

	f.set(func(f *fixture) {
		f.notes = append(f.notes, watch.Note{ID: "live", At: time.Now(), Kind: watch.Warning, Text: "We are looking at it."})
	})
	eventually(t, ctx, `document.querySelector("#notes .text").textContent === "We are looking at it."`)

	stop()
	eventually(t, ctx, `document.querySelector("#connection").classList.contains("lost")`)
	f.set(func(f *fixture) {
		f.state.Checks[2].Verdict, f.notes = watch.Healthy, nil
	})
	_, stop = listen(l.Addr().String())
	defer stop()
	eventually(t, ctx, title+` === "All well" && !document.querySelector("#connection").classList.contains("lost")`)
	if !ask[bool](t, ctx, `window.stays`) {
		t.Error("the page was loaded again")
	}
}

// What others wrote is text in a real browser too: nothing of it is an element, and nothing runs.
func TestTextStaysTextInABrowser(t *testing.T) {
	ctx := browser(t)
	const evil = `<script>window.hit=1</script><img src=x onerror="window.hit=2"><b id=evil>bold</b>`
	f := shop()
	f.notes = append(f.notes, watch.Note{ID: "x", At: time.Now(), Kind: watch.Outage, About: evil, Text: evil, By: evil})
	f.state.Colours[1].Containers[0].Name = evil
	f.state.Colours[1].Containers[0].Problem = evil
	f.state.Checks[1].Name = evil
	_, server := serving(t, f, Options{})
	do(t, ctx, chromedp.Navigate(server.URL), chromedp.WaitVisible(chromedp.CSS("main")))
	check := func(when string) {
		t.Helper()
		if ask[bool](t, ctx, `"hit" in window || !!document.querySelector("#evil, main img, main script")`) {
			t.Errorf("%s: a text became an element", when)
		}
		if text := run(t, ctx, chromedp.TextContent(chromedp.CSS("main"))); strings.Count(text, evil) < 6 {
			t.Errorf("%s: the text is shown %d times", when, strings.Count(text, evil))
		}
	}
	check("when it is loaded")
	eventually(t, ctx, `document.querySelector("#connection").textContent === "Live"`)
	f.fail("user-service", evil) // now through the script
	eventually(t, ctx, `document.querySelector(".check.down .why")?.textContent.includes("window.hit")`)
	check("when it is replaced")
}

// Without JavaScript the page says everything.
func TestWithoutScript(t *testing.T) {
	ctx := browser(t)
	_, server := serving(t, shop(), Options{})
	do(t, ctx, withoutScript(), chromedp.Navigate(server.URL), chromedp.WaitVisible(chromedp.CSS("main")))
	text := run(t, ctx, chromedp.Text(chromedp.CSS("body")))
	for _, want := range []string{"All well", "shop-was-green-1", "user-service", "was refused", "The connection limit", "Reload the page"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
