package instance

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

// Instance is where an nginx is, and how one reads, writes and signals there. Paths are those that nginx itself sees.
type Instance interface {
	String() string   // how messages call it: container "edge"
	ID() string       // by which another run finds it again
	IsRunning() bool  // when it was found, or followed
	MainFile() string // empty where nginx has none

	// IsDockerHost says whether nginx knows the engine's host, with its published ports, by this name or address.
	IsDockerHost(host string) bool

	// aliases are the hosts that only nginx knows by a name of its own, and what they stand for.
	Aliases() map[string]string

	// ReloadCommand says what a person runs to make nginx load its configuration.
	ReloadCommand() string

	// StaleRemedy explains how nginx can see other bytes in a file than are there, and what to do about it.
	StaleRemedy(file string) string

	// CannotWrite says why a file, or one that is to be made at that real path, cannot be written; empty where it can.
	CannotWrite(ctx context.Context, real string, now fsys.Entry) (string, error)

	// CannotSignal says why nginx cannot be signalled; empty where it can.
	CannotSignal() string

	// NotPersistent says why what is written to a file would not last; empty where it does.
	NotPersistent(file string) string
	// RestartFindings says that nginx stays stopped after a restart of the engine, if it does.
	RestartFindings() []model.Finding

	// template is what a file is written from at each start of nginx, if it is; whether there is such a file is not
	// looked at.
	Template(file string) string

	// StartCommand says what runs before nginx does, and which of these files that could write. There are none where nothing
	// runs, or nothing could write them.
	StartCommand(ctx context.Context, files []string) (startup.Start, []startup.Live)

	// LintInput are what only an examination asks, among it how these files are stored.
	LintInput(ctx context.Context, files []string) (lint.Surroundings, error)

	// files opens the files as they are now.
	Files(ctx context.Context) fsys.Source

	// PathInside is the path under which nginx sees a file of the host, if it does.
	PathInside(hostPath string) (string, bool)

	// processes is what runs at this moment; errNoMaster when no nginx does.
	Processes(ctx context.Context) (agent.Snapshot, error)

	// stillThere is true also when nobody answers: an nginx that cannot be asked may have workers that serve.
	StillThere(ctx context.Context) bool

	// dump is `nginx -T`: it tests the configuration as nginx itself sees it on disk, and prints its bytes.
	Dump(ctx context.Context) (Result, error)

	// reload tells the nginx of this snapshot to load its configuration. That it returns proves nothing.
	Reload(ctx context.Context, s agent.Snapshot) error

	// LastError is the last thing of weight that nginx logged since then. It explains; it proves nothing.
	LastError(ctx context.Context, since time.Time) string

	// attach makes ready what files, processes and ask need. It may be called again.
	Attach(ctx context.Context) error

	// prepare makes ready what replace needs for these files besides. It may be called again.
	Prepare(ctx context.Context, files []model.FileChange) error

	// prepared says whether that was done.
	Prepared() bool

	// Ask asks from where nginx stands.
	Ask(ctx context.Context, req agent.Request) (agent.Response, error)

	// replace writes one change where its old content still is, errForeign where neither the old nor the new one is.
	// The file gets this time where it is not zero.
	Replace(ctx context.Context, f model.FileChange, stamp time.Time) error

	// atStart says which of its two contents the file of a change would have at nginx's next start: a mounted file that
	// was replaced on the host is another one then.
	AtStart(ctx context.Context, f model.FileChange) (fsys.State, error)

	// ReplacedOutside says that a file has other bytes at nginx's next start than these, which nginx sees now.
	ReplacedOutside(ctx context.Context, name string, content []byte) (bool, error)

	// ConfigTest makes ready to test the coming configuration beside the live one. Its end removes it.
	ConfigTest(ctx context.Context, change model.Change) (ConfigTest, error)

	// follow looks whether nginx was restarted since it was found, and goes with it.
	Follow(ctx context.Context, files []model.FileChange) error

	// start starts an nginx that does not run.
	Start(ctx context.Context) error

	// stop ends an nginx that start has started, or one that did not come up.
	Stop(ctx context.Context) error

	// TakeOver takes what an earlier look at the same nginx had prepared, and closes what is of no use any more.
	TakeOver(ctx context.Context, from Instance) error

	// close removes what prepare made.
	Close(ctx context.Context) error
}

// ConfigTest is a coming configuration that nginx can be asked to test.
type ConfigTest interface {
	Run(ctx context.Context) (code int64, said string, err error)
	End(ctx context.Context) error
}

// Result is what a command of nginx's said.
type Result struct {
	Code   int
	Stdout []byte
	Stderr string
}

// ErrForeign says that a file holds neither what we read nor what we wrote.
var ErrForeign = errors.New("somebody else changed it meanwhile; it is left as it is")

// ExecLimit bounds a command: nginx -t resolves names, and a resolver may be slow.
const ExecLimit = 30 * time.Second
