package startup

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// files are a container's; a content of "\x7fELF" is a program.
type files map[string]string

func (f files) Text(name string) ([]byte, error) {
	text, ok := f[path.Clean(name)]
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case strings.HasPrefix(text, "\x7fELF"):
		return nil, ErrBinary
	}
	return []byte(text), nil
}

func (f files) Glob(pattern string) (found []string, err error) {
	for name := range f {
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found, nil
}

const site = "/etc/nginx/conf.d/default.conf"

// live is the usual site, of which one line names a colour.
func live(text string) []Live {
	return []Live{{Names: []string{site}, Lines: []Line{
		{strings.ReplaceAll(text, "COLOUR", "blue"), "was-blue:3000"}, {strings.ReplaceAll(text, "COLOUR", "green"), "was-green:3000"},
	}}}
}

func read(t *testing.T, start Start, live []Live) string {
	t.Helper()
	got := Read(start, live)
	var lines []string
	for _, w := range got.Writes {
		if w.File != site || w.Text == "" {
			t.Errorf("%+v", w)
		}
		lines = append(lines, "writes "+w.Place)
	}
	for _, w := range got.NotKnown {
		lines = append(lines, "not known "+w.Place)
	}
	return strings.Join(lines, ", ")
}

// What of a command, or of a script that it calls, writes the live file at each start; what does not; and what cannot be
// told.
func TestRead(t *testing.T) {
	official, err := filepath.Glob("testdata/official/*")
	if err != nil || len(official) < 4 {
		t.Fatalf("%v: %v", official, err)
	}
	image := files{}
	for _, name := range official {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		target := "/docker-entrypoint.d/" + filepath.Base(name)
		if filepath.Base(name) == "docker-entrypoint.sh" {
			target = "/docker-entrypoint.sh"
		}
		image[target] = string(text)
	}
	with := func(more files) files {
		all := files{}
		for _, f := range []files{image, more} {
			for name, text := range f {
				all[name] = text
			}
		}
		return all
	}
	sh := func(text string) []string { return []string{"sh", "-c", text} }
	script := func(text string) Start {
		return Start{Words: []string{"/start.sh", "nginx"}, Files: files{"/start.sh": "#!/bin/sh\n" + text, "/templates/default.conf": "x", "/templates/a.tmpl": "x", "/templates/default.conf.tmpl": "x"}}
	}
	usual := "    server was-COLOUR:3000 max_fails=0;"
	for _, test := range []struct {
		name  string
		start Start
		line  string
		want  string
	}{
		{"nginx", Start{Words: []string{"nginx", "-g", "daemon off;"}}, usual, ""},
		{"an init", Start{Words: []string{"/sbin/tini", "--", "nginx"}}, usual, ""},
		{"the official image", Start{Words: []string{"/docker-entrypoint.sh", "nginx", "-g", "daemon off;"}, Files: image}, usual, ""},
		{"the official image, all on one line", Start{Words: []string{"/docker-entrypoint.sh", "nginx"}, Files: image}, "server { listen       80; location / { proxy_pass http://was-COLOUR:3000; } }", ""},
		{"the official image, tuned", Start{Words: []string{"/docker-entrypoint.sh", "nginx"}, Env: []string{"NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE=1"}, Files: image}, usual, ""},
		{"a script of its folder", Start{Words: []string{"/docker-entrypoint.sh", "nginx"}, Files: with(files{"/docker-entrypoint.d/99-ours.sh": "#!/bin/sh\nenvsubst < /x > " + site + "\n"})}, usual, "writes /docker-entrypoint.d/99-ours.sh:2"},
		{"its other program", Start{Words: []string{"/docker-entrypoint.sh", "/run.sh"}, Files: with(files{"/run.sh": "#!/bin/sh\ncp /x " + site + "\nexec nginx\n"})}, usual, "writes /run.sh:2"},

		{"sed in the command", Start{Words: sh("sed -i \"s/was-[a-z]*:3000/was-$COLOUR:3000/\" " + site + " && nginx -g 'daemon off;'"), Env: []string{"COLOUR=blue"}}, usual, "writes its command"},
		{"sed of a placeholder", Start{Words: sh("sed -i 's/@COLOUR@/'$COLOUR/ " + site + " && nginx")}, usual, ""},
		{"sed of something else", Start{Words: sh("sed -i -E 's/max_fails=[0-9]+/max_fails=3/' /etc/nginx/conf.d/*.conf; nginx")}, usual, ""},
		{"sed of anything", Start{Words: sh("sed -i \"s/$(cat /pattern)/x/\" " + site + "; nginx")}, usual, "not known its command"},
		{"sed that only prints", Start{Words: sh("sed 's/blue/green/' " + site + "; nginx")}, usual, ""},
		{"another command of sed's", Start{Words: sh("sed -i '/server/d' " + site + "; nginx")}, usual, "not known its command"},
		{"sed of another file", Start{Words: sh("sed -i 's/blue/green/' /etc/nginx/nginx.conf; nginx")}, usual, ""},

		{"envsubst in a script", script("set -e\nenvsubst '$COLOUR' </templates/default.conf >" + site + "\nexec \"$@\"\n"), usual, "writes /start.sh:3"},
		{"through variables", script("DIR=/etc/nginx/conf.d\nOUT=\"${DIR}/default.conf\"\nenvsubst </templates/default.conf | tee $OUT >/dev/null\n"), usual, "writes /start.sh:4"},
		{"from the environment", Start{Words: []string{"bash", "/start.sh"}, Env: []string{"OUT=" + site}, Files: files{"/start.sh": "cp /a ${OUT:-/tmp/x}\n"}}, usual, "writes /start.sh:1"},
		{"a loop over templates", script("for t in /templates/*.tmpl; do\n n=${t##*/}\n sed s/x/y/ $t > \"/etc/nginx/conf.d/${n%.tmpl}\"\ndone\n"), usual, "writes /start.sh:4"},
		{"a loop over what is found", script("find /templates | while read -r t; do cat $t > /etc/nginx/conf.d/$(basename $t); done\n"), usual, "not known /start.sh:2"},
		{"a folder is copied", script("cp -r /templates/. /etc/nginx/conf.d/\n"), usual, "writes /start.sh:2"},
		{"a folder without the file", script("cp /other/* /etc/nginx/conf.d/\n"), usual, ""},
		{"an only one is copied", script("cp -n /templates/default.conf /etc/nginx/conf.d/\n"), usual, ""},
		{"where it is missing", script("if [ ! -f " + site + " ]; then cp /templates/default.conf " + site + "; fi\n[ -e " + site + " ] || cp /templates/default.conf " + site + "\n"), usual, ""},
		{"under a condition", script("if grep -q x /y; then cp /templates/default.conf " + site + "; fi\n"), usual, "not known /start.sh:2"},
		{"under one that holds", script("if [ -n \"$1\" ] && [ \"$1\" = nginx ]; then cp /templates/default.conf " + site + "; fi\n"), usual, "writes /start.sh:2"},
		{"after a possible end", script("grep -q x /y && exit 0\ncp /templates/default.conf " + site + "\n"), usual, "not known /start.sh:3"},
		{"after the end", script("exec nginx\ncp /templates/default.conf " + site + "\n"), usual, ""},
		{"a function", script("render() { cat \"$1\" > \"$2\"; }\nrender /x " + site + "\n"), usual, "writes /start.sh:2"},
		{"it reads the file", script("cat " + site + " >/tmp/copy; touch " + site + "; [ -w " + site + " ]\n"), usual, ""},
		{"a script that it sources", Start{Words: []string{"/start.sh"}, Files: files{"/start.sh": "#!/bin/sh\n. /lib.sh\n", "/lib.sh": "echo 'server was-blue:3000;' >" + site + "\n"}}, usual, "writes /lib.sh:1"},
		{"it removes the folder", script("rm -rf /etc/nginx/conf.d/*\n"), usual, "writes /start.sh:2"},
		{"curl", script("curl -s -o " + site + " http://config/\n"), usual, "writes /start.sh:2"},

		{"a supervising loop", Start{Words: sh("while true; do sed -i 's/was-green/was-blue/' " + site + "; nginx -g 'daemon off;'; done")}, usual, "writes its command"},
		{"supervisord", Start{Words: []string{"/usr/bin/supervisord", "-n"}, Files: files{"/etc/supervisord.conf": "[include]\nfiles = supervisor.d/*.ini\n", "/etc/supervisor.d/a.ini": "[program:render]\ncommand=sh -c \"envsubst < /t > " + site + "\"\n[program:nginx]\ncommand=nginx\n"}}, usual, "writes /etc/supervisor.d/a.ini:2"},
		{"supervisord without a file", Start{Words: []string{"supervisord"}, Files: files{}}, usual, "not known its command"},
		{"s6", Start{Words: []string{"/init"}, Files: files{"/etc/cont-init.d/10-site": "#!/usr/bin/with-contenv bash\ncp /x " + site + "\n", "/etc/services.d/nginx/run": "#!/usr/bin/with-contenv bash\nexec nginx\n"}}, usual, "writes /etc/cont-init.d/10-site:2"},
		{"runit", Start{Words: []string{"runsvdir", "/etc/sv"}, Files: files{"/etc/sv/nginx/run": "#!/bin/sh\ncp /x " + site + "\nexec nginx\n"}}, usual, "writes /etc/sv/nginx/run:2"},

		{"a program", Start{Words: []string{"/entrypoint", "nginx"}, Files: files{"/entrypoint": "\x7fELF"}}, usual, "not known /entrypoint"},
		{"a program of a script", Start{Words: sh("confd -onetime; nginx"), Files: files{"/usr/local/bin/confd": "\x7fELF"}}, usual, "not known /usr/local/bin/confd"},
		{"another language", Start{Words: []string{"/start.py"}, Files: files{"/start.py": "#!/usr/bin/env python3\n"}}, usual, "not known /start.py"},
		{"a command that is put together", script("$(cat /command)\n"), usual, "not known /start.sh:2"},
		{"what is no shell's", script("if then fi (\n"), usual, "not known /start.sh"},
	} {
		if test.start.Files == nil {
			test.start.Files = files{}
		}
		if got := read(t, test.start, live(test.line)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// A file that is a mount of its own is written, and not replaced; and a flag counts by being there.
func TestReadKindsOfFiles(t *testing.T) {
	for _, test := range []struct {
		text string
		live Live
		want string
	}{
		{"sed -i s/green/blue/ " + site, Live{Fixed: true, Lines: live("was-COLOUR:3000")[0].Lines}, ""},
		{"mv /x " + site, Live{Fixed: true}, ""},
		{"cp /x " + site, Live{Fixed: true}, "writes its command"},
		{"touch " + site, Live{Flag: true}, "writes its command"},
		{"rm -f " + site, Live{Flag: true}, "writes its command"},
		{"[ -f " + site + " ] || touch " + site, Live{Flag: true}, "not known its command"},
	} {
		test.live.Names = []string{site}
		if got := read(t, Start{Words: []string{"sh", "-c", test.text}, Files: files{}}, []Live{test.live}); got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}
