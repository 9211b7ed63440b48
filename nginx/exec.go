package nginx

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"bluegate/deploy"
)

// result is what a command in nginx's container said.
type result struct {
	code   int
	stdout []byte
	stderr string
}

// exec runs a command in nginx's own container, and in no other.
func (r *Router) exec(ctx context.Context, argv ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // nginx -t resolves names, and a resolver may be slow
	defer cancel()
	what := fmt.Sprintf("run %q in %s", strings.Join(argv, " "), r.found)
	created, err := r.engine.ContainerExecCreate(ctx, r.found.id(), container.ExecOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	conn, err := hijacked(ctx, func() (types.HijackedResponse, error) {
		return r.engine.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	})
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, conn.Close) // the copy below knows no context
	defer stop()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, conn.Reader); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	info, err := r.engine.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	return result{code: info.ExitCode, stdout: stdout.Bytes(), stderr: stderr.String()}, nil
}

// hijacked opens a connection to a process. The engine's client waits for its answer without looking at the context.
func hijacked(ctx context.Context, open func() (types.HijackedResponse, error)) (types.HijackedResponse, error) {
	type answer struct {
		conn types.HijackedResponse
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		conn, err := open()
		answers <- answer{conn, err}
	}()
	select {
	case a := <-answers:
		return a.conn, a.err
	case <-ctx.Done():
		go func() {
			if late := <-answers; late.err == nil {
				late.conn.Close()
			}
		}()
		return types.HijackedResponse{}, ctx.Err()
	}
}

// dump is `nginx -T`: it tests the configuration as nginx itself sees it on disk, and prints its bytes.
func (r *Router) dump(ctx context.Context) (result, error) {
	return r.exec(ctx, append([]string{r.found.command, "-T"}, r.found.flags...)...)
}

// shows says whether a dump holds exactly these bytes for a file. A mounted file that was replaced by a rename on the
// host still shows its old bytes to nginx, and only to nginx: that is found here. nginx prints a path as the include
// spells it.
func shows(dump []byte, file string, content []byte) bool {
	const mark = "# configuration file "
	for {
		_, rest, found := bytes.Cut(dump, []byte(mark))
		if !found {
			return false
		}
		dump = rest
		name, rest, _ := bytes.Cut(rest, []byte(":\n"))
		if string(name) != file && path.Clean(string(name)) != file || !bytes.HasPrefix(rest, content) {
			continue
		}
		rest = bytes.TrimPrefix(rest[len(content):], []byte("\n"))
		if len(rest) == 0 || bytes.HasPrefix(rest, []byte(mark)) {
			return true
		}
	}
}

// weighty is a line of nginx's that says why something failed, with or without the time and the process.
var weighty = regexp.MustCompile(`(\[(?:emerg|crit|alert)\] )(?:\d+#\d+: )?(.*)`)

// complaint is what nginx said of a configuration that it rejected, each thing once: nginx may write it to its log and
// to the terminal, and is asked again while a name registers.
func complaint(stderr string) string {
	var lines []string
	for _, m := range weighty.FindAllStringSubmatch(deploy.Plain(stderr), -1) {
		if line := strings.TrimSpace(m[1] + m[2]); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return strings.TrimSpace(deploy.Plain(stderr))
	}
	return strings.Join(lines, "; ")
}

// unresolved returns the host that nginx could not resolve, from its complaint.
func unresolved(stderr string) (host string, ok bool) {
	_, rest, ok := strings.Cut(stderr, "host not found in ")
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, `"`)
	host, _, _ = strings.Cut(rest, `"`)
	if at := strings.LastIndex(host, ":"); at > 0 {
		host = host[:at]
	}
	return host, ok
}
