package nginx

import (
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

// On a host the settings are judged as in a container; where the files lie, and where the log goes, is as it should be.
func TestExamineOnTheHost(t *testing.T) {
	s := newHostShop(t)
	s.observe()
	found, err := s.router.Examine(t.Context(), model.Examination{Drain: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	for _, f := range found {
		codes[f.Code] = f.Place
	}
	if codes["connect-timeout"] != s.file+":2" {
		t.Errorf("found %v", codes)
	}
	if at := codes["keepalive-race"] + codes["keepalive-min-timeout"]; !strings.HasPrefix(at, s.dir+"/nginx.conf:") {
		t.Errorf("the version of nginx on the host was not judged: %v", codes)
	}
	for _, code := range []string{"not-persistent", "single-file-mount", "error-log", "first-process", "unix-listener", "tracked-by-git"} {
		if at, ok := codes[code]; ok {
			t.Errorf("%s was found at %s", code, at)
		}
	}
}
