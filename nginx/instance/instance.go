// Package instance says what the switch protocol asks of an nginx, in a container or on the host.
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

// Instance is an nginx, wherever it runs: what is known of it, its files, its processes, and what is done next to it. All
// paths are those that nginx itself sees.
type Instance interface {
	Identity
	Advice
	Files
	Processes
	Agent
}

// Identity is what was found out when an nginx was found, or followed.
type Identity interface {
	String() string   // how messages call it: container "edge"
	ID() string       // by which another run finds it again
	IsRunning() bool  // when it was found, or followed
	MainFile() string // empty where nginx has none

	// IsDockerHost says whether nginx knows the engine's host, with its published ports, by this name or address.
	IsDockerHost(host string) bool

	// Aliases are the hosts that only nginx knows by a name of its own, and what they stand for.
	Aliases() map[string]string

	// PathInside is the path under which nginx sees a file of the host, if it does.
	PathInside(hostPath string) (string, bool)

	// Template is what a file is written from at each start of nginx, if it is; whether there is such a file is not
	// looked at.
	Template(file string) string
}

// Advice is what people are told about an nginx.
type Advice interface {
	// ReloadCommand says what a person runs to make nginx load its configuration.
	ReloadCommand() string

	// RunCommand says what a person runs to start an nginx that was found stopped.
	RunCommand() string

	// StaleRemedy explains how nginx can see other bytes in a file than are there, and what to do about it.
	StaleRemedy(file string) string

	// NotPersistent says why what is written to a file would not last; empty where it does.
	NotPersistent(file string) string

	// RestartFindings says that nginx stays stopped after a restart of the engine, if it does.
	RestartFindings() []model.Finding

	// StartCommand says what runs before nginx does, and which of these files that could write. There are none where
	// nothing runs, or nothing could write them.
	StartCommand(ctx context.Context, files []string) (startup.Start, []startup.Live)

	// LintInput is what only doctor asks, such as how these files are stored.
	LintInput(ctx context.Context, files []string) (lint.Surroundings, error)

	// Published are the addresses of the engine's machine at which a port answers that nginx listens to, at ip or, where
	// that is empty, at every address.
	Published(ip string, port int) []string

	// LastError is the last error that nginx logged since then. It explains; it proves nothing.
	LastError(ctx context.Context, since time.Time) string
}

// Files are nginx's, and the ways to change and to test them.
type Files interface {
	// Files opens the files as they are now.
	Files(ctx context.Context) fsys.Source

	// AtStart says which of its two contents the file of a change would have at nginx's next start: a mounted file that
	// was replaced on the host is another one then.
	AtStart(ctx context.Context, f model.FileChange) (fsys.State, error)

	// OtherAtStart says whether nginx's next start may read one of these files at another place than nginx does now, so that
	// AtStart is to be asked before nginx loads what was written.
	OtherAtStart(ctx context.Context, files []model.FileChange) bool

	// ReplacedOutside says that a file has other bytes at nginx's next start than these, which nginx sees now.
	ReplacedOutside(ctx context.Context, name string, content []byte) (bool, error)

	// CannotWrite says why a file, or one that is to be made at that real path, cannot be written; empty where it can.
	CannotWrite(ctx context.Context, real string, now fsys.Entry) (string, error)

	// Replace writes one change where its old content still is, ErrForeign where neither the old nor the new one is.
	// The file gets this time where it is not zero.
	Replace(ctx context.Context, f model.FileChange, stamp time.Time) error

	// Dump is `nginx -T`: it tests the configuration as nginx itself sees it on disk, and prints its bytes.
	Dump(ctx context.Context) (Result, error)

	// ConfigTest makes ready to test the coming configuration next to the live one. Its End removes it.
	ConfigTest(ctx context.Context, change model.Change) (ConfigTest, error)
}

// Processes are nginx's master and its workers.
type Processes interface {
	// Processes is what runs at this moment; agent.ErrNoMaster when no nginx does.
	Processes(ctx context.Context) (agent.Snapshot, error)

	// StillThere is true also when nobody answers: an nginx that cannot be asked may have workers that serve.
	StillThere(ctx context.Context) bool

	// CannotSignal says why nginx cannot be signalled; empty where it can.
	CannotSignal() string

	// Apply writes files and has nginx load them, in one request to what stands next to it. An error says that it is not
	// known how far that came; agent.ErrEnded is one where nginx was restarted. It can be repeated.
	Apply(ctx context.Context, files []model.FileChange, how agent.Apply) (agent.Applied, error)

	// Start starts an nginx that does not run.
	Start(ctx context.Context) error

	// Stop ends an nginx that Start has started, or one that did not come up.
	Stop(ctx context.Context) error
}

// Agent is what stands next to nginx.
type Agent interface {
	// Attach makes ready what Files, Processes and Ask need. It may be called again.
	Attach(ctx context.Context) error

	// Prepare makes ready what Replace needs for these files besides. It may be called again.
	Prepare(ctx context.Context, files []model.FileChange) error

	// Prepared says whether that was done.
	Prepared() bool

	// Ask asks from where nginx stands.
	Ask(ctx context.Context, req agent.Request) (agent.Response, error)

	// Follow looks whether nginx was restarted since it was found, and goes with it.
	Follow(ctx context.Context, files []model.FileChange) error

	// TakeOver takes what an earlier look at the same nginx had prepared, and closes what is of no use any more.
	TakeOver(ctx context.Context, from Instance) error

	// Close removes what Attach and Prepare made.
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
var ErrForeign = errors.New("someone else changed it meanwhile; it is left as it is")

// ExecLimit bounds a command: nginx -t resolves names, and a resolver may be slow.
const ExecLimit = 30 * time.Second
