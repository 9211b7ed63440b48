package nginx

import (
	"reflect"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/nginx/incontainer"
)

func TestMountOf(t *testing.T) {
	var info container.InspectResponse
	for _, destination := range []string{"/etc", "/etc/nginx/conf.d", "/etc/nginx/conf.d/default.conf", "/srv/", "/etc/nginx"} {
		info.Mounts = append(info.Mounts, container.MountPoint{Destination: destination})
	}
	for file, want := range map[string]string{
		"/etc/nginx/nginx.conf":            "/etc/nginx",
		"/etc/nginx/conf.d/other.conf":     "/etc/nginx/conf.d",
		"/etc/nginx/conf.d/default.conf":   "/etc/nginx/conf.d/default.conf",
		"/etc/nginx/conf.d/default.conf.d": "/etc/nginx/conf.d",
		"/etc/nginx/conf.d2/x.conf":        "/etc/nginx",
		"/etc/hosts":                       "/etc",
		"/srv/shop.conf":                   "/srv/",
		"/srv":                             "/srv/",
		"/opt/nginx.conf":                  "",
		"/etcetera":                        "",
	} {
		if m, ok := incontainer.MountOf(info, file); m.Destination != want || ok != (want != "") {
			t.Errorf("%s lies in %q, %t; want %q", file, m.Destination, ok, want)
		}
	}
	if _, ok := incontainer.MountOf(container.InspectResponse{}, "/etc/nginx/nginx.conf"); ok {
		t.Error("found a mount where there is none")
	}
	everything := container.InspectResponse{Mounts: []container.MountPoint{{Destination: "/"}}}
	if _, ok := incontainer.MountOf(everything, "/etc/nginx/nginx.conf"); !ok {
		t.Error("a mount of / holds everything")
	}
}

func TestRemount(t *testing.T) {
	info := container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{
		Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: "all_conf", Target: "/etc/nginx/conf.d/", VolumeOptions: &mount.VolumeOptions{Subpath: "edge/conf.d"}}},
	}}}
	for _, test := range []struct {
		from     container.MountPoint
		readOnly bool
		want     mount.Mount
	}{
		{container.MountPoint{Type: mount.TypeBind, Source: "/srv/conf.d", Destination: "/etc/nginx/conf.d", RW: false}, false,
			mount.Mount{Type: mount.TypeBind, Source: "/srv/conf.d", Target: "/etc/nginx/conf.d"}},
		{container.MountPoint{Type: mount.TypeBind, Source: "/srv/conf.d", Destination: "/etc/nginx/conf.d", RW: true}, true,
			mount.Mount{Type: mount.TypeBind, Source: "/srv/conf.d", Target: "/etc/nginx/conf.d", ReadOnly: true}},
		// The source of a volume is a path of the engine; it is mounted again by its name.
		{container.MountPoint{Type: mount.TypeVolume, Name: "edge_conf", Source: "/var/lib/docker/volumes/edge_conf/_data", Destination: "/etc/nginx"}, false,
			mount.Mount{Type: mount.TypeVolume, Source: "edge_conf", Target: "/etc/nginx", VolumeOptions: &mount.VolumeOptions{NoCopy: true}}},
		// A part of a volume is mounted as that part: a write would go to another file.
		{container.MountPoint{Type: mount.TypeVolume, Name: "all_conf", Source: "/var/lib/docker/volumes/all_conf/_data", Destination: "/etc/nginx/conf.d"}, false,
			mount.Mount{Type: mount.TypeVolume, Source: "all_conf", Target: "/etc/nginx/conf.d", VolumeOptions: &mount.VolumeOptions{NoCopy: true, Subpath: "edge/conf.d"}}},
	} {
		if got := incontainer.Remount(info, test.from, test.readOnly); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%+v: %+v, want %+v", test.from, got, test.want)
		}
	}
}
