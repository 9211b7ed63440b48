package nginx

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/mount"

	"bluegate/nginx/conf"
	"bluegate/nginx/fsys"
	"bluegate/nginx/incontainer"
)

// archive is what the engine would send for a folder.
func archived(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf
}

func TestReadTree(t *testing.T) {
	at := time.Unix(1_795_000_000, 0)
	file := func(name string, size int64) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Size: size, Mode: 0o640, Uid: 12, Gid: 34, ModTime: at}
	}
	files, err := incontainer.ReadTree(archived(t,
		tar.Header{Name: "nginx/", Typeflag: tar.TypeDir, Mode: 0o755},
		file("nginx/nginx.conf", 3),
		tar.Header{Name: "nginx/conf.d/", Typeflag: tar.TypeDir, Mode: 0o755},
		file("nginx/conf.d/a.conf", 0),
		tar.Header{Name: "nginx/conf.d/b.conf", Typeflag: tar.TypeSymlink, Linkname: "../b", ModTime: at},
		file("nginx/geo.bin", fsys.LargestFile+1),
		tar.Header{Name: "nginx/fifo", Typeflag: tar.TypeFifo},
		file("nginx/last.conf", 1),
	), "/etc/nginx")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for name, e := range files {
		got = append(got, fmt.Sprintf("%s %d %o %d:%d %s %s", name, len(e.Content), e.Mode, e.UID, e.GID, e.Link, e.ModTime.UTC().Format(time.DateOnly)))
	}
	slices.Sort(got)
	want := []string{
		"/etc/nginx/conf.d/a.conf 0 640 12:34  2026-11-18",
		"/etc/nginx/conf.d/b.conf 0 0 0:0 ../b 2026-11-18",
		"/etc/nginx/last.conf 1 640 12:34  2026-11-18",
		"/etc/nginx/nginx.conf 3 640 12:34  2026-11-18",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadTreeThatIsNoConfiguration(t *testing.T) {
	var headers []tar.Header
	for i := range 20 {
		headers = append(headers, tar.Header{Name: fmt.Sprintf("data/%d", i), Typeflag: tar.TypeReg, Size: fsys.LargestFile})
	}
	if _, err := incontainer.ReadTree(archived(t, headers...), "/data"); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestReadTreeThatIsCut(t *testing.T) {
	whole := archived(t, tar.Header{Name: "nginx/nginx.conf", Typeflag: tar.TypeReg, Size: 5000}).Bytes()
	if files, err := incontainer.ReadTree(bytes.NewReader(whole[:3000]), "/etc/nginx"); err == nil {
		t.Errorf("half an archive was read as %v", files)
	}
}

// What the engine is asked for is compared with what nginx itself reads in the same container.
func TestTreeIsWhatNginxReads(t *testing.T) {
	b := newBench(t)
	volume := t.TempDir()
	files := map[string]string{
		"/etc/nginx/nginx.conf": "user nginx; events {}\nhttp {\n" +
			"include conf.d/*.conf; include /srv/sites/*; include linked/*.conf; include sites-enabled/*;\n" +
			"include ./parts//[!_]*.conf; include ../../opt/outside.conf; include /data/*.conf; include none/*.conf; include parts/.*.conf;\n}\n",
		"/etc/nginx/conf.d/a.conf":        "geo $b0 {}\n",
		"/etc/nginx/conf.d/.hidden.conf":  "broken {\n",
		"/etc/nginx/conf.d/b.conf.off":    "broken {\n",
		"/etc/nginx/conf.d/link.conf":     "-> ../alias",
		"/etc/nginx/alias":                "-> /srv/behind-two-links",
		"/srv/behind-two-links":           "geo $b1 {}\n",
		"/srv/sites/one":                  "geo $b2 {}\n",
		"/etc/nginx/linked":               "-> /srv/folder",
		"/srv/folder/f.conf":              "geo $b3 {}\n",
		"/etc/nginx/sites-available/shop": "geo $b4 {}\n",
		"/etc/nginx/sites-enabled/shop":   "-> /etc/nginx/sites-available/shop",
		"/etc/nginx/parts/s.conf":         "geo $b5 {}\n",
		"/etc/nginx/parts/_s.conf":        "broken {\n",
		"/etc/nginx/parts/.s.conf":        "geo $b7 {}\n",
		"/opt/outside.conf":               "geo $b6 {}\n",
		"/data":                           "",
	}
	delete(files, "/data")
	write(t, volume+"/mounted.conf", "geo $b8 {}\n")
	id := b.run(box{name: "edge", cmd: []string{"nginx", "-T"}, networks: []string{"none"}, created: true, files: files,
		mounts: []mount.Mount{{Type: mount.TypeBind, Source: volume, Target: "/data", ReadOnly: true}}})

	tree, err := conf.LoadTree(incontainer.NewArchive(t.Context(), b.engine, id), "/etc/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	code, said, err := (&incontainer.Throwaway{Nginx: b.contained(id), Id: id}).Run(t.Context())
	if err != nil || code != 0 {
		t.Fatalf("nginx does not take it: %d, %v\n%s", code, err, said)
	}
	dump, _ := b.printed(id)
	var read []string
	for line := range strings.Lines(dump) {
		if name, ok := strings.CutPrefix(line, "# configuration file "); ok {
			read = append(read, strings.TrimSuffix(name, ":\n"))
		}
	}
	if len(read) != len(tree) {
		var ours []string
		for _, f := range tree {
			ours = append(ours, f.Path)
		}
		t.Fatalf("nginx reads\n%s\nand we read\n%s", strings.Join(read, "\n"), strings.Join(ours, "\n"))
	}
	for _, f := range tree {
		if !shows([]byte(dump), f.Path, f.Src) {
			t.Errorf("nginx does not read %s as %q", f.Path, f.Src)
		}
	}
}

func TestSourceEntries(t *testing.T) {
	b := newBench(t)
	id := b.run(box{name: "edge", networks: []string{"none"}, created: true, files: map[string]string{
		"/etc/nginx/conf.d/shop.conf": "-> ../sites/shop", "/etc/nginx/sites/shop": "server {}\n",
		"/etc/nginx/loop-a": "-> loop-b", "/etc/nginx/loop-b": "-> loop-a", "/etc/nginx/dangling": "-> nowhere",
		"/srv/real/x.conf": "server {}\n", "/etc/nginx/folder": "-> /srv/alias", "/srv/alias": "-> real",
		"/etc/nginx/way": "-> folder/x.conf",
	}})
	src := incontainer.NewArchive(t.Context(), b.engine, id)
	for file, real := range map[string]string{
		"/etc/nginx/conf.d/shop.conf": "/etc/nginx/sites/shop",
		"/etc/nginx/sites/shop":       "/etc/nginx/sites/shop",
		// Where a file really is decides in which mount it lies.
		"/etc/nginx/folder/x.conf": "/srv/real/x.conf",
		"/etc/nginx/way":           "/srv/real/x.conf",
	} {
		for range 2 { // the second time from what is known
			e, got, err := src.Entry(file)
			if err != nil || got != real || string(e.Content) != "server {}\n" {
				t.Errorf("%s: %q at %s, %v; want %s", file, e.Content, got, err, real)
			}
		}
	}
	for _, file := range []string{"/etc/nginx/missing", "/nowhere/missing", "/etc/nginx/dangling"} {
		if _, _, err := src.Entry(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, _, err := src.Entry("/etc/nginx/loop-a"); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Errorf("a loop: %v", err)
	}
	if names, err := src.Glob("/nowhere/*.conf"); err != nil || len(names) > 0 {
		t.Errorf("a glob in a folder that is missing: %v, %v", names, err)
	}
	if _, err := src.Read("/etc/nginx/conf.d"); err == nil {
		t.Error("a folder was read as a file")
	}
}
