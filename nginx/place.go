package nginx

import (
	"context"
	"errors"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/fsys"
	"bluegate/nginx/lint"
	"bluegate/nginx/startup"
)

// place is where an nginx is, and how one reads, writes and signals there. Paths are those that nginx itself sees.
type place interface {
	String() string   // how messages call it: container "edge"
	id() string       // by which another run finds it again
	runs() bool       // when it was found, or followed
	mainFile() string // empty where nginx has none

	// isEngine says whether nginx knows the engine's host, with its published ports, by this name or address.
	isEngine(host string) bool

	// aliases are the hosts that only nginx knows by a name of its own, and what they stand for.
	aliases() map[string]string

	// advise says what a person runs to make nginx load its configuration.
	advise() string

	// stale explains how nginx can see other bytes in a file than are there, and what to do about it.
	stale(file string) string

	// unwritable says why a file, or one that is to be made at that real path, cannot be written; empty where it can.
	unwritable(ctx context.Context, real string, now fsys.Entry) (string, error)

	// unheard says why nginx cannot be signalled; empty where it can.
	unheard() string

	// fleeting says why what is written to a file would not last; empty where it does.
	fleeting(file string) string
	// unrestarted says that nginx stays stopped after a restart of the engine, if it does.
	unrestarted() []model.Finding

	// template is what a file is written from at each start of nginx, if it is; whether there is such a file is not
	// looked at.
	template(file string) string

	// starts says what runs before nginx does, and which of these files that could write. There are none where nothing
	// runs, or nothing could write them.
	starts(ctx context.Context, files []string) (startup.Start, []startup.Live)

	// surroundings are what only an examination asks, among it how these files are stored.
	surroundings(ctx context.Context, files []string) (lint.Surroundings, error)

	// files opens the files as they are now.
	files(ctx context.Context) fsys.Source

	// seenAs is the path under which nginx sees a file of the host, if it does.
	seenAs(hostPath string) (string, bool)

	// processes is what runs at this moment; errNoMaster when no nginx does.
	processes(ctx context.Context) (agent.Snapshot, error)

	// stillThere is true also when nobody answers: an nginx that cannot be asked may have workers that serve.
	stillThere(ctx context.Context) bool

	// dump is `nginx -T`: it tests the configuration as nginx itself sees it on disk, and prints its bytes.
	dump(ctx context.Context) (result, error)

	// reload tells the nginx of this snapshot to load its configuration. That it returns proves nothing.
	reload(ctx context.Context, s agent.Snapshot) error

	// emergency is the last thing of weight that nginx logged since then. It explains; it proves nothing.
	emergency(ctx context.Context, since time.Time) string

	// attach makes ready what files, processes and ask need. It may be called again.
	attach(ctx context.Context) error

	// prepare makes ready what replace needs for these files besides. It may be called again.
	prepare(ctx context.Context, files []model.FileChange) error

	// prepared says whether that was done.
	prepared() bool

	// ask asks from where nginx stands.
	ask(ctx context.Context, req agent.Request) (agent.Response, error)

	// replace writes one change where its old content still is, errForeign where neither the old nor the new one is.
	// The file gets this time where it is not zero.
	replace(ctx context.Context, f model.FileChange, stamp time.Time) error

	// atStart says which of its two contents the file of a change would have at nginx's next start: a mounted file that
	// was replaced on the host is another one then.
	atStart(ctx context.Context, f model.FileChange) (fsys.State, error)

	// replaced says that a file has other bytes at nginx's next start than these, which nginx sees now.
	replaced(ctx context.Context, name string, content []byte) (bool, error)

	// trial makes ready to test the coming configuration beside the live one. Its end removes it.
	trial(ctx context.Context, change model.Change) (trial, error)

	// follow looks whether nginx was restarted since it was found, and goes with it.
	follow(ctx context.Context, files []model.FileChange) error

	// start starts an nginx that does not run.
	start(ctx context.Context) error

	// stop ends an nginx that start has started, or one that did not come up.
	stop(ctx context.Context) error

	// takeOver takes what an earlier look at the same nginx had prepared, and closes what is of no use any more.
	takeOver(ctx context.Context, from place) error

	// close removes what prepare made.
	close(ctx context.Context) error
}

// trial is a coming configuration that nginx can be asked to test.
type trial interface {
	run(ctx context.Context) (code int64, said string, err error)
	end(ctx context.Context) error
}

// result is what a command of nginx's said.
type result struct {
	code   int
	stdout []byte
	stderr string
}

// errForeign says that a file holds neither what we read nor what we wrote.
var errForeign = errors.New("somebody else changed it meanwhile; it is left as it is")

// execLimit bounds a command: nginx -t resolves names, and a resolver may be slow.
const execLimit = 30 * time.Second
