package nginx

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/onhost"
)

// A file that cannot be written is refused with the plan, and what is planned only to look at changes nothing.
func TestPlanRefusesAReadOnlyRoot(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: edge("was-blue:3000"), host: func(h *container.HostConfig) {
		h.Tmpfs = map[string]string{"/run": "", "/tmp": "", "/var/lib/nginx": "", "/var/cache/nginx": ""}
	}})
	router, _ := b.observed("edge")
	router.found.(*incontainer.Nginx).Info.HostConfig.ReadonlyRootfs = true
	_, err := router.Plan(b.directory(), model.Green)
	var refused *model.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "root is read-only; mount its directory") {
		t.Errorf("got %v", err)
	}
	if change, err := router.Plan(b.directory(), model.Blue); err != nil || !change.Empty() {
		t.Errorf("to what it names already: %+v, %v", change, err)
	}
}

// A user who may neither write next to the file nor signal nginx is told so.
func TestHostedByAnother(t *testing.T) {
	if !asNobody(t, func() {
		h := &onhost.Nginx{Master: agent.Process{PID: 1}}
		why, err := h.CannotWrite(t.Context(), "/nginx.conf", fsys.Entry{Content: []byte("x")})
		if err != nil || !strings.Contains(why, "may not write in /") && !strings.Contains(why, "read-only") {
			t.Errorf("the root directory: %q, %v", why, err)
		}
		why, err = h.CannotWrite(t.Context(), "/tmp/x/nginx.conf", fsys.Entry{})
		if err != nil || !strings.Contains(why, "/tmp/x") {
			t.Errorf("a directory that is not there: %q, %v", why, err)
		}
		if why, err = h.CannotWrite(t.Context(), "/tmp/nginx.conf", fsys.Entry{Content: []byte("x")}); err != nil || !strings.Contains(why, "belongs to user 0") {
			t.Errorf("another's file: %q, %v", why, err)
		}
		if why, err = h.CannotWrite(t.Context(), "/tmp/nginx.conf", fsys.Entry{}); err != nil || why != "" {
			t.Errorf("a new file: %q, %v", why, err)
		}
		if why := h.CannotSignal(); !strings.Contains(why, "may not signal process 1") {
			t.Errorf("the first process of all: %q", why)
		}
	}) {
		t.Fatal("the thread could not become another user's")
	}
}

const nobody = 65534

// asNobody runs f as another user than root, on a thread that ends with it.
func asNobody(t *testing.T, f func()) (done bool) {
	t.Helper()
	finished := make(chan bool)
	go func() {
		defer close(finished)
		runtime.LockOSThread() // and never unlocked: the thread is thrown away
		if os.Geteuid() == 0 {
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
				return
			}
		}
		f()
		done = true
	}()
	<-finished
	return done
}
