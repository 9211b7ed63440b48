package page

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"bluegate/watch"
)

// faults looks for what keeps people out: text whose contrast is below 4.5 (3 where it is large), images and controls
// without a name, headings that skip a level, ids that are there twice, and landmarks that are missing.
const faults = `(() => {
  const found = [];
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  canvas.canvas.width = canvas.canvas.height = 1;
  const over = (color, ground) => { // paints color over ground
    canvas.fillStyle = ` + "`rgb(${ground.join()})`" + `; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = (e) => {
    const chain = [];
    for (let at = e; at; at = at.parentElement) chain.unshift(getComputedStyle(at).backgroundColor);
    return chain.reduce((under, color) => over(color, under), [255, 255, 255]);
  };
  const light = (c) => c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let node; node = walk.nextNode();) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.textContent.trim() || e.closest("svg, noscript, script") || !e.checkVisibility()) continue;
    texts++;
    const under = ground(e), got = ratio(over(style.color, under), under), size = parseFloat(style.fontSize);
    const need = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
    if (got < need) found.push("contrast " + got.toFixed(2) + ": " + e.tagName + "." + e.className + " " + node.textContent.trim().slice(0, 40));
  }
  if (texts < 50) found.push("only " + texts + " texts were looked at");
  for (const e of document.querySelectorAll("svg")) {
    if (e.getAttribute("aria-hidden") !== "true" && !(e.getAttribute("role") === "img" && e.getAttribute("aria-label"))) found.push("an image without a name: " + e.outerHTML.slice(0, 60));
  }
  for (const e of document.querySelectorAll("a, button, summary, [tabindex='0']")) {
    const by = e.getAttribute("aria-labelledby");
    if (!e.textContent.trim() && !(by && document.getElementById(by))) found.push("a control without a name: " + e.outerHTML.slice(0, 60));
  }
  for (const e of document.querySelectorAll("section, article, [aria-labelledby]")) {
    const by = e.getAttribute("aria-labelledby");
    if (!by || !document.getElementById(by) || !document.getElementById(by).textContent.trim()) found.push("a region without a name: " + e.id);
  }
  for (const e of document.querySelectorAll("nav")) if (!e.getAttribute("aria-label")) found.push("a navigation without a name");
  let level = 0;
  for (const e of document.querySelectorAll("h1, h2, h3, h4")) {
    const now = +e.tagName[1];
    if (now > level + 1) found.push("a heading skips a level: " + e.textContent);
    level = now;
  }
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("an id is there twice: " + id);
  for (const one of ["h1", "main", "body > header", "body > footer", "nav", "#connection[role=status]", "html[lang]", "title"]) if (!document.querySelector(one)) found.push("there is no " + one);
  for (const e of document.querySelectorAll("th")) if (!e.scope) found.push("a heading of a table without a scope: " + e.textContent);
  for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) found.push("a focus order of its own: " + e.outerHTML.slice(0, 60));
  return found;
})()`

// TestAccess is an accessibility check in a real browser, of each banner, in light and in dark.
func TestAccess(t *testing.T) {
	ctx := browser(t)
	states := map[Overall]func(f *fixture){
		Well: func(*fixture) {}, Outage: func(f *fixture) { f.state.Checks[2].Verdict, f.state.Checks[2].Why = watch.Down, "503" },
		Degraded: func(f *fixture) {
			f.state.Checks[2].Verdict, f.state.Trouble = watch.Degraded, []string{"the history is kept in memory: the disk is full"}
			f.notes = append(f.notes, watch.Note{ID: "w", At: f.state.At, Kind: watch.Warning, Text: "It is slow."}, watch.Note{ID: "o", At: f.state.At, Kind: watch.Outage, About: "mail", Text: "No mail."})
			f.notes = f.notes[:len(f.notes)-1]
		},
		Deploying: func(f *fixture) { f.state.Deploying = &watch.Deploying{Command: "deploy", Since: f.state.At} },
		Unknown: func(f *fixture) {
			f.state.Checks[2].Verdict = watch.Unknown
			f.state.Colours[1].Containers[0].Health, f.state.Colours[1].Containers[0].Problem = "unhealthy", "3 of 3 probes failed"
		},
	}
	for want, change := range states {
		f := shop()
		change(f)
		_, server := serving(t, f, Options{Version: "v1"})
		for _, path := range []string{"/", "/check/" + checkFile("user-service")} {
			for _, prefers := range []string{"light", "dark"} {
				do(t, ctx, scheme(prefers), chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+path), chromedp.WaitVisible(chromedp.CSS("main")))
				if path == "/" && !ask[bool](t, ctx, `document.querySelector("#banner").classList.contains("`+string(want)+`")`) {
					t.Errorf("the banner is not %s", want)
				}
				for _, fault := range ask[[]string](t, ctx, faults) {
					t.Errorf("%s, %s, %s: %s", want, path, prefers, fault)
				}
			}
		}
	}
}

// The key Tab leads through the page in the order in which it is read, each place can be seen, and the first one skips
// to the content.
func TestKeyboard(t *testing.T) {
	ctx := browser(t)
	_, server := serving(t, shop(), Options{})
	do(t, ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL), chromedp.WaitVisible(chromedp.CSS("main")))
	const here = `(() => { const e = document.activeElement; const s = getComputedStyle(e); return (s.outlineStyle !== "none" ? "" : "unseen ") + (e.tagName === "BODY" ? "" : e.textContent.trim().split("\n")[0]); })()`
	const order = `(() => { const all = [...document.querySelectorAll("a, summary, [tabindex='0']")]; return all.indexOf(document.activeElement); })()`
	press := func() { do(t, ctx, chromedp.KeyEvent("\t")) }
	press()
	if got := ask[string](t, ctx, here); got != "Skip to the content" {
		t.Errorf("the first place is %q", got)
	}
	count := ask[int](t, ctx, `document.querySelectorAll("a, summary, [tabindex='0']").length`)
	for want := 1; want < count; want++ {
		press()
		if got := ask[int](t, ctx, order); got != want {
			t.Fatalf("place %d is %d: %s", want, got, ask[string](t, ctx, here))
		}
		if got := ask[string](t, ctx, here); len(got) >= 6 && got[:6] == "unseen" {
			t.Errorf("the focus is not seen on place %d: %s", want, got)
		}
	}
	do(t, ctx, focus(".skip"), chromedp.KeyEvent("\r"))
	if !ask[bool](t, ctx, `document.activeElement.id === "main"`) {
		t.Error("the first link does not lead to the content")
	}
}

// focus puts the focus on an element.
func focus(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[any](`document.querySelector("`+selector+`").focus()`)(ctx, target)
		return err
	})
}
