package nginx

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
	"bluegate/nginx/lint"
)

// The remedies of a file that is stored badly are carried out as they are printed, in a folder that holds a ./nginx and
// the name that they would have taken. After them an nginx that is made again serves the same, and nothing is found.
func TestStorageRemediesAreCarriedOut(t *testing.T) {
	b := newBench(t)
	b.colours()
	for _, test := range []struct {
		box  box
		code string
	}{
		{box{name: "layer", files: map[string]string{siteFile: wellConf}}, "not-persistent"},
		{box{name: "file", mounts: []mount.Mount{{Type: mount.TypeBind, Target: siteFile}}}, "single-file-mount"},
		{box{name: "memory", env: []string{"SITE=" + wellConf}, cmd: []string{"sh", "-c", "printf %s \"$SITE\" >" + siteFile + "; exec nginx -g 'daemon off;'"},
			host: func(h *container.HostConfig) { h.Tmpfs = map[string]string{"/etc/nginx/conf.d": ""} }}, "not-persistent"},
	} {
		dir := t.TempDir()
		for _, taken := range []string{"nginx/conf.d", "nginx-files"} {
			if err := os.MkdirAll(filepath.Join(dir, taken), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		write(t, filepath.Join(dir, "nginx/nginx.conf"), "not a configuration\n")
		test.box.labels = map[string]string{"com.docker.compose.project.working_dir": dir}
		for i := range test.box.mounts {
			test.box.mounts[i].Source = filepath.Join(dir, "nginx", "site.conf")
			write(t, test.box.mounts[i].Source, wellConf)
		}
		b.nginx(test.box)
		remedy := b.remedyOf(test.box.name, test.code)
		b.obey(dir, remedy)
		_, volume, found := strings.Cut(remedy, "volumes:\n  - ./")
		volume, _, _ = strings.Cut(volume, "\n")
		folder, target, ok := strings.Cut(volume, ":")
		if !found || !ok || read(t, filepath.Join(dir, folder, "default.conf")) != wellConf {
			t.Errorf("%s: the remedy did not copy the file:\n%s", test.box.name, remedy)
			continue
		}
		b.nginx(box{name: test.box.name + "-again", mounts: []mount.Mount{{Type: mount.TypeBind, Source: filepath.Join(dir, folder), Target: target}}})
		if got := b.examined(test.box.name + "-again"); len(got) > 0 {
			t.Errorf("%s: after the remedy %q is found", test.box.name, got)
		}
		// A second time it changes nothing: the folder is there.
		if out, err := b.commands(dir, remedy); err == nil {
			t.Errorf("%s: the remedy can be carried out twice: %s", test.box.name, out)
		}
	}
}

// remedyOf is that of what is found about the container of that name.
func (b *bench) remedyOf(name, code string) string {
	b.t.Helper()
	r, _ := b.observed(name)
	found, err := r.Examine(b.t.Context(), model.Examination{Drain: time.Minute})
	if err != nil {
		b.t.Fatal(err)
	}
	i := slices.IndexFunc(found, func(f model.Finding) bool { return f.Code == code })
	if i < 0 {
		b.t.Fatalf("%s: %s is not among %+v", name, code, found)
	}
	return found[i].Remedy
}

// obey runs the commands of a remedy in a folder.
func (b *bench) obey(dir, remedy string) {
	b.t.Helper()
	if out, err := b.commands(dir, remedy); err != nil {
		b.t.Fatalf("%v: %s\n%s", err, out, remedy)
	}
}

// commands are the lines of a remedy that are none of YAML, up to the first that is.
func (b *bench) commands(dir, remedy string) ([]byte, error) {
	text, _, _ := strings.Cut(remedy, "volumes:")
	cmd := exec.Command("sh", "-ec", text)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}

// The file that git tracks is not tracked any more after the remedy, is still there, and what was ignored still is.
func TestGitRemedyIsCarriedOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "the shop")
	if err := os.MkdirAll(filepath.Join(dir, "nginx"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nginx", "my site.conf")
	write(t, file, wellConf)
	write(t, filepath.Join(dir, ".gitignore"), "/secrets") // without a newline at its end
	write(t, filepath.Join(dir, "secrets"), "x")
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	git("init", "-q")
	git("add", ".")
	repository := instance.GitRoot(t.Context(), file)
	found := (lint.Input{Top: &conf.Scope{}, Surroundings: lint.Surroundings{Stored: map[string]lint.Storage{siteFile: {Host: file, Git: repository}}}}).Findings()
	found = slices.DeleteFunc(found, func(f model.Finding) bool { return f.Code != "tracked-by-git" })
	if len(found) != 1 {
		t.Fatalf("found %+v", found)
	}
	if out, err := exec.Command("sh", "-ec", found[0].Remedy).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, found[0].Remedy)
	}
	if got := git("ls-files", "--cached", "--others", "--exclude-standard"); got != ".gitignore\n" {
		t.Errorf("git still sees\n%s", got)
	}
	if read(t, file) != wellConf {
		t.Errorf("the file was changed")
	}
}

// A container without a restart policy gets one by the command that is printed, and keeps running.
func TestRestartPolicyRemedyIsCarriedOut(t *testing.T) {
	b := newBench(t)
	b.colours()
	b.nginx(box{name: "edge", files: map[string]string{siteFile: wellConf}})
	remedy := func() string {
		_, route := b.observed("edge")
		for _, f := range route.Findings {
			if f.Code == "nginx-no-restart-policy" {
				return f.Remedy
			}
		}
		return ""
	}
	b.obey(t.TempDir(), remedy())
	if again := remedy(); again != "" {
		t.Errorf("it is still found: %s", again)
	}
}

// An edit on the disk is loaded by the command that is printed for it.
func TestReloadRemedyIsCarriedOut(t *testing.T) {
	b := newBench(t)
	b.nginx(box{name: "edge", files: map[string]string{siteFile: "server { listen 80; }\n"}})
	r, _ := b.observed("edge")
	found := lint.Input{Top: &conf.Scope{}, Reload: r.found.ReloadCommand(), Unloaded: []string{siteFile}}.Findings()
	before, err := r.found.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.obey(t.TempDir(), found[0].Remedy)
	b.eventually("nginx has new workers", func() error {
		now, err := r.found.Processes(t.Context())
		if err == nil && (len(now.Workers) == 0 || now.Workers[0].PID == before.Workers[0].PID) {
			err = agent.ErrNoMaster
		}
		return err
	})
}
