package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"bluegate/deploy/redact"
)

// execLocal runs the user's commands on the machine of this process: hooks, and checks that execute something. Nothing
// goes through a shell.
type execLocal struct {
	dir  string           // the project directory
	mask *redact.Redactor // of what commands are told: they pass it on, to a chat for example; nil: none
}

// shown are facts without the secrets that a message may quote.
func (m execLocal) shown(facts []string) []string {
	if m.mask == nil {
		return facts
	}
	shown := make([]string, len(facts))
	for i, fact := range facts {
		shown[i] = m.mask.Text(fact)
	}
	return shown
}

// lastOutput is how much of a command's output is kept: its end.
const lastOutput = 16 << 10

// closing is how long a command that was ended may hold its output open.
const closing = time.Second

// Run runs a command, with env added to the environment, and returns the end of what it printed and its exit code. When
// ctx ends, the command and whatever it has started are killed.
func (m execLocal) Run(ctx context.Context, argv, env []string) (output []byte, code int, err error) {
	kept := redact.Tail{Size: lastOutput}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = m.dir, append(os.Environ(), m.shown(env)...), &kept, &kept
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = closing
	err = cmd.Run()
	if cmd.Process != nil { // what it left in the background ends with it
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return kept.Bytes(), 0, context.Cause(ctx)
	case errors.As(err, &exit) && exit.Exited():
		return kept.Bytes(), exit.ExitCode(), nil
	case errors.Is(err, exec.ErrWaitDelay): // it has ended; something that it started held its output open
		return kept.Bytes(), 0, nil
	case err != nil:
		return kept.Bytes(), 0, fmt.Errorf("run %s: %w", argv[0], err)
	}
	return kept.Bytes(), 0, nil
}
