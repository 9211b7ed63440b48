package engine

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"bluegate/deploy/model"
)

// What has the name of bluegate's image and is not its own is never run.
func TestWaitImageOfSomeoneElse(t *testing.T) {
	for config, good := range map[string]bool{
		`{"Labels": {"` + OwnLabel + `": "wait"}}`:   true,
		`{"Labels": {"` + OwnLabel + `": "vessel"}}`: false,
		`{"Labels": null}`:                           false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/images/"+WaitImage+"/json") {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"Id": "sha256:1", "Config": ` + config + `}`))
		}))
		asked, err := client.NewClientWithOpts(client.WithHost("tcp://"+server.Listener.Addr().String()), client.WithVersion("1.41"))
		if err != nil {
			t.Fatal(err)
		}
		err = (&Engine{Client: asked}).EnsureWaitImage(t.Context())
		var invalid *model.InvalidError
		if good && err != nil || !good && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), WaitImage)) {
			t.Errorf("%s: %v", config, err)
		}
		_ = asked.Close()
		server.Close()
	}
}
