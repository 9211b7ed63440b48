package conf

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A realNginx runs nginx -t on one configuration at a time, which stands in the http block.
type realNginx struct {
	binary string
	dir    string
	env    []string
}

const mainConf = `%spid nginx.pid; events {}
http {
	access_log off; types_hash_bucket_size 32768; map_hash_bucket_size 32768; server_names_hash_bucket_size 32768; variables_hash_bucket_size 32768;
	client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
	%s
	include case.conf;
}
`

// newNginx uses $BLUEGATE_NGINX, else the nginx in PATH, else Debian's, which it fetches.
func newNginx(t testing.TB) *realNginx {
	binary := os.Getenv("BLUEGATE_NGINX")
	if binary == "" {
		binary, _ = exec.LookPath("nginx")
	}
	if _, err := os.Stat("/usr/sbin/nginx"); binary == "" && err == nil {
		binary = "/usr/sbin/nginx"
	}
	n := &realNginx{binary: binary, dir: t.TempDir()}
	if binary == "" {
		n.useDebian(t)
	}
	n.setup(t, "", "")
	return n
}

// newLuaNginx always uses Debian's nginx, because a module fits only the nginx that it was built with.
func newLuaNginx(t testing.TB) *realNginx {
	n := &realNginx{dir: t.TempDir()}
	root := n.useDebian(t)
	modules := filepath.Join(root, "usr/lib/nginx/modules")
	n.setup(t,
		fmt.Sprintf("load_module %s/ndk_http_module.so; load_module %s/ngx_http_lua_module.so;\n", modules, modules),
		fmt.Sprintf("lua_package_path '%s/usr/share/lua/5.1/?.lua;;';", root))
	return n
}

func (n *realNginx) setup(t testing.TB, modules, http string) {
	if err := n.write("nginx.conf", fmt.Sprintf(mainConf, modules, http)); err != nil {
		t.Fatal(err)
	}
}

func (n *realNginx) write(name, text string) error {
	return os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600)
}

func (n *realNginx) useDebian(t testing.TB) (root string) {
	root = debianPackages(t)
	n.binary = filepath.Join(root, "usr/sbin/nginx")
	var libs []string
	for _, pattern := range []string{"lib/*-linux-gnu*", "usr/lib/*-linux-gnu*"} {
		dirs, _ := filepath.Glob(filepath.Join(root, pattern))
		libs = append(libs, dirs...)
	}
	n.env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libs, ":"))
	return root
}

// debianPackages unpacks nginx with its Lua module into the user's cache, without installing anything: an installed
// nginx would start.
func debianPackages(t testing.TB) (root string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "bluegate-test")
	root = filepath.Join(cache, "nginx-debian")
	if _, err := os.Stat(root); err == nil {
		return root
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	fetchDebian(t, work)
	debs, _ := filepath.Glob(filepath.Join(work, "*.deb"))
	for _, deb := range debs {
		if out, err := exec.Command("dpkg-deb", "-x", deb, filepath.Join(work, "root")).CombinedOutput(); err != nil {
			t.Fatalf("unpack %s: %v\n%s", deb, err, out)
		}
	}
	// Another test run may have been faster.
	if err := os.Rename(filepath.Join(work, "root"), root); err != nil {
		if _, statErr := os.Stat(root); statErr != nil {
			t.Fatal(err)
		}
	}
	return root
}

// fetchDebian lets apt choose what this system lacks, libraries included.
func fetchDebian(t testing.TB, dir string) {
	if err := os.Mkdir(filepath.Join(dir, "partial"), 0o755); err != nil {
		t.Fatal(err)
	}
	fetch := func() ([]byte, error) {
		return exec.Command("apt-get", "-qq", "-y", "--no-install-recommends", "--download-only", "--reinstall",
			"-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Dir::Cache::archives="+dir,
			"install", "nginx", "libnginx-mod-http-lua").CombinedOutput()
	}
	if _, err := fetch(); err == nil {
		return
	}
	if out, err := exec.Command("apt-get", "-qq", "update").CombinedOutput(); err != nil {
		t.Fatalf("no nginx in $BLUEGATE_NGINX and PATH, and none to fetch: apt-get update: %v\n%s", err, out)
	}
	if out, err := fetch(); err != nil {
		t.Fatalf("no nginx in $BLUEGATE_NGINX and PATH, and none to fetch: %v\n%s", err, out)
	}
}

// A verdict is what nginx -t says about a configuration.
type verdict struct {
	syntaxError bool
	line        int    // in the configuration; 0 when nginx read all of it
	msg         string // "" when nginx takes it
}

// What nginx says is `[emerg] 1#1: MESSAGE in FILE:LINE`, without a place when it had read everything.
var emerg = regexp.MustCompile(`(?s)\[(?:emerg|error)\] \d+#\d+: (.*)\nnginx: configuration file `)
var atLine = regexp.MustCompile(`(?s)^(.*) in \S*/case\.conf:(\d+)$`)

var syntaxMessage = regexp.MustCompile(`(?s)^(unexpected ".")$|^(unexpected end of file|too long parameter|Lua code block missing)`)

func (n *realNginx) test(config string) (verdict, error) {
	if err := n.write("case.conf", config); err != nil {
		return verdict{}, err
	}
	cmd := exec.Command(n.binary, "-p", n.dir+"/", "-c", "nginx.conf", "-e", "stderr", "-t")
	cmd.Env = n.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if err == nil {
		return verdict{}, nil
	}
	m := emerg.FindStringSubmatch(stderr.String())
	if m == nil {
		return verdict{}, fmt.Errorf("nginx -t: %w: %s", err, stderr.String())
	}
	v := verdict{msg: m[1]}
	if at := atLine.FindStringSubmatch(m[1]); at != nil {
		v.msg = at[1]
		v.line, _ = strconv.Atoi(at[2])
	}
	v.syntaxError = syntaxMessage.MatchString(v.msg)
	return v, nil
}
