package overlay

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__overlay" {
		if err := Main(os.Stdin); err != nil {
			println(err.Error())
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listing shows every file below the working directory with its content, or where it leads.
const listing = `for f in $(find . -mindepth 1 | sort); do
  if [ -L $f ]; then echo "$f -> $(readlink $f)"; elif [ -f $f ]; then echo "$f: $(cat $f)"; else echo "$f/"; fi; done`

func TestTheCommandSeesTheFilesAndNobodyElse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/nginx.conf", "main")
	write(t, dir+"/conf.d/blue.conf", "blue")
	write(t, dir+"/conf.d/other.conf", "other")
	write(t, dir+"/conf.d/sub/deep.conf", "deep")
	if err := os.Symlink("blue.conf", dir+"/conf.d/live.conf"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", dir+"/dangling"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		files []File
		want  string
	}{
		"nothing":   {nil, "./conf.d/ ./conf.d/blue.conf: blue ./conf.d/live.conf -> blue.conf ./conf.d/other.conf: other ./conf.d/sub/ ./conf.d/sub/deep.conf: deep ./dangling -> nowhere ./nginx.conf: main"},
		"a content": {[]File{{Path: "conf.d/blue.conf", Content: []byte("new"), Mode: 0o644}}, "./conf.d/ ./conf.d/blue.conf: new ./conf.d/live.conf -> blue.conf ./conf.d/other.conf: other ./conf.d/sub/ ./conf.d/sub/deep.conf: deep ./dangling -> nowhere ./nginx.conf: main"},
		"two folders": {[]File{{Path: "conf.d/sub/deep.conf", Content: []byte("new"), Mode: 0o644}, {Path: "nginx.conf", Content: []byte("new main"), Mode: 0o600}, {Path: "conf.d/other.conf", Absent: true}},
			"./conf.d/ ./conf.d/blue.conf: blue ./conf.d/live.conf -> blue.conf ./conf.d/sub/ ./conf.d/sub/deep.conf: new ./dangling -> nowhere ./nginx.conf: new main"},
		"a link and a file that comes": {[]File{{Path: "conf.d/live.conf", Link: "other.conf"}, {Path: "conf.d/green.on", Mode: 0o644}},
			"./conf.d/ ./conf.d/blue.conf: blue ./conf.d/green.on:  ./conf.d/live.conf -> other.conf ./conf.d/other.conf: other ./conf.d/sub/ ./conf.d/sub/deep.conf: deep ./dangling -> nowhere ./nginx.conf: main"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range test.files {
				test.files[i].Path = filepath.Join(dir, test.files[i].Path)
			}
			stage := t.TempDir()
			cmd, err := Command(t.Context(), []string{os.Args[0], "__overlay"}, stage, test.files, "/bin/sh", "-c", "cd "+dir+" && "+listing)
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.CombinedOutput()
			if got := strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", " "); err != nil || got != test.want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, test.want)
			}
			for path, want := range map[string]string{"/conf.d/blue.conf": "blue", "/conf.d/other.conf": "other", "/conf.d/live.conf": "blue", "/nginx.conf": "main"} {
				if got, err := os.ReadFile(dir + path); err != nil || string(got) != want {
					t.Errorf("the live %s holds %q, %v", path, got, err)
				}
			}
			if left, err := os.ReadDir(stage); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

func TestWhatCannotBeShown(t *testing.T) {
	for name, path := range map[string]string{"no folder": t.TempDir() + "/none/x.conf", "the root": "/x.conf"} {
		cmd, err := Command(t.Context(), []string{os.Args[0], "__overlay"}, t.TempDir(), []File{{Path: path}}, "/bin/true")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "show ") {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}
