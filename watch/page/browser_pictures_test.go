package page

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestPictures shows the page as it is on a desk and on a phone, in light and in dark. The page is never wider than the
// screen. make screenshots writes the pictures.
func TestPictures(t *testing.T) {
	ctx := browser(t)
	calm := shop()
	_, well := serving(t, calm, Options{Version: "v1"})
	broken := shop()
	broken.fail("user-service", "3 in a row: GET http://localhost:8000/health: 503 Service Unavailable, wanted 200-299")
	_, outage := serving(t, broken, Options{Version: "v1"})
	for name, test := range map[string]struct {
		url           string
		width, height int64
		scheme        string
	}{
		"light": {well.URL, 1280, 1750, "light"}, "dark": {outage.URL, 1280, 1200, "dark"}, "phone": {well.URL, 390, 1500, "light"},
		"check": {well.URL + "/check/" + checkFile("user-service"), 1000, 900, "light"},
	} {
		do(t, ctx, chromedp.EmulateViewport(test.width, test.height), scheme(test.scheme), chromedp.Navigate(test.url), chromedp.WaitVisible(chromedp.CSS("main")), chromedp.Sleep(200*time.Millisecond))
		wide, screen := ask[int](t, ctx, "document.documentElement.scrollWidth"), ask[int](t, ctx, "innerWidth")
		if wide > screen {
			t.Errorf("%s: the page is %d pixels wide on a screen of %d", name, wide, screen)
		}
		picture(t, ctx, name)
	}
}
