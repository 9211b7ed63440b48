package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"bluegate/deploy/redact"
)

// execLocal runs the user's commands on the local machine: hooks, and checks of kind exec. It never uses a shell.
type execLocal struct {
	dir  string           // the project directory
	mask *redact.Redactor // for what commands receive; nil: no redaction
}

// redacted returns the variables of a hook without secrets: a hook may post them to a chat.
func (m execLocal) redacted(facts []string) []string {
	if m.mask == nil {
		return facts
	}
	shown := make([]string, len(facts))
	for i, fact := range facts {
		shown[i] = m.mask.Text(fact)
	}
	return shown
}

// lastOutput is how much of a command's output is kept: the end of it.
const lastOutput = 16 << 10

// outputGrace is how long the output of an ended command may stay open.
const outputGrace = time.Second

// Run runs a command with env added to the environment, and returns the end of its output and its exit code. When ctx
// ends, the command and everything it started are killed.
func (m execLocal) Run(ctx context.Context, argv, env []string) (output []byte, code int, err error) {
	kept := redact.Tail{Size: lastOutput}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = m.dir, append(os.Environ(), m.redacted(env)...), &kept, &kept
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = outputGrace
	err = cmd.Run()
	if cmd.Process != nil { // also kills what it left in the background
		_ = killGroup(cmd.Process.Pid)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return kept.Bytes(), 0, context.Cause(ctx)
	case errors.As(err, &exit) && exit.Exited():
		return kept.Bytes(), exit.ExitCode(), nil
	case errors.Is(err, exec.ErrWaitDelay): // it has ended, but something that it started kept its output open
		return kept.Bytes(), 0, nil
	case err != nil:
		return kept.Bytes(), 0, fmt.Errorf("run %s: %w", argv[0], err)
	}
	return kept.Bytes(), 0, nil
}
