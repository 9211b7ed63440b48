package nginx

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
)

func TestHostEditDuringTheRun(t *testing.T) {
	s := newHostShop(t)
	s.plan()
	edited := read(t, s.file) + "# by hand\n"
	_, err := after(func() { write(t, s.file, edited) }, s.router.Switch)(t.Context(), s.change, s.targets(), begun)
	var failed *model.NotSwitchedError
	if !errors.As(err, &failed) || !strings.Contains(failed.Error(), "someone else changed it") || failed.Applied || failed.Restored != nil {
		t.Errorf("%+v", failed)
	}
	if got := read(t, s.file); got != edited {
		t.Errorf("the file holds %q", got)
	}
	s.serves("blue")
}

// An old version is moved back, with its old time, and nginx is not reloaded.
func TestHostSeesAnOldFileThatWasMovedThere(t *testing.T) {
	s := newHostShop(t)
	old := time.Now().Add(-time.Hour)
	write(t, s.dir+"/conf.d/backup", read(t, s.file)+"# an old version\n")
	if err := errors.Join(os.Chtimes(s.dir+"/conf.d/backup", old, old), os.Chtimes(s.file, old, old)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if err := os.Chmod(s.file, 0o640); err != nil {
		t.Fatal(err)
	}
	if route := s.observe(); route.Refusal != nil {
		t.Errorf("after a chmod: %v", route.Refusal)
	}
	if err := os.Rename(s.dir+"/conf.d/backup", s.file); err != nil {
		t.Fatal(err)
	}
	refuses(t, s.observe(), model.ConfigNotLoaded, s.file, "kill -HUP")
	if err := s.router.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.plan()
}
