package nginx

import (
	"os"
	"testing"

	"bluegate/deploy/model"
	"bluegate/nginx/onhost"
)

// newMountedShop is an nginx with mounts of its own, as systemd gives them to a service with PrivateTmp= or BindPaths=:
// script makes them, in the shop's folder.
func newMountedShop(t *testing.T, script string) *hostShop {
	t.Helper()
	flags := "-m"
	if os.Geteuid() != 0 { // in a user namespace of this user's, into which this process may look
		flags = "-rm"
	}
	s := newHostShop(t)
	s.wrap = []string{"unshare", flags, "sh", "-c", "cd " + s.dir + " && " + script + ` && exec "$@"`, "sh"}
	s.restart()
	return s
}

// A folder that only nginx sees, and in which no file of its configuration lies, changes nothing.
func TestHostWithAPrivateFolder(t *testing.T) {
	s := newMountedShop(t, "mkdir private && mount -t tmpfs tmpfs private")
	s.plan()
	if _, err := s.switchOver(); err != nil {
		t.Fatalf("%v\n%s", err, read(t, s.dir+"/error.log"))
	}
	s.serves("green")
}

// What nginx sees is another file than the one that would be written: that is said before anything is started.
func TestHostWithItsConfigurationInAPrivateFolder(t *testing.T) {
	s := newMountedShop(t, "cp -rp conf.d own && mount --bind own conf.d")
	route := s.observe()
	refuses(t, route, model.ConfigNotLoaded, s.file, "mounts of its own", "PrivateTmp=", "systemctl cat")
	s.serves("blue")
}

// A mount on the file itself goes away, in nginx's namespace too, when the file is replaced where it lies.
func TestHostWithAMountedFile(t *testing.T) {
	s := newMountedShop(t, "mount --bind conf.d/shop.conf conf.d/shop.conf")
	s.plan()
	if _, err := s.switchOver(); err != nil {
		t.Fatalf("%v\n%s", err, read(t, s.dir+"/error.log"))
	}
	s.serves("green")
}

func TestUnitIn(t *testing.T) {
	for groups, want := range map[string]string{
		"0::/system.slice/nginx.service\n":                                   "nginx.service",
		"1:name=systemd:/system.slice/openresty.service\n0::/\n":             "openresty.service",
		"0::/user.slice/user-1000.slice/session-3.scope\n":                   "",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope": "",
		"12:cpuset:/docker/0123456789ab\n":                                   "",
		"":                                                                   "",
	} {
		if got := onhost.UnitIn(groups); got != want {
			t.Errorf("%q is of unit %q, want %q", groups, got, want)
		}
	}
}
