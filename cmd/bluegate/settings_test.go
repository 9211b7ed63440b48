package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/config"
	"bluegate/deploy/model"
)

// deployOptions returns the settings of a deploy with these flags in a folder with this bluegate.yml; "" means no file.
func deployOptions(t *testing.T, yml string, args ...string) (config.Options, string, error) {
	t.Helper()
	dir := t.TempDir()
	if yml != "" {
		writeFile(t, filepath.Join(dir, "bluegate.yml"), yml)
	}
	o, err := deployOptionsIn(t, dir, args...)
	return o, dir, err
}

func deployOptionsIn(t *testing.T, dir string, args ...string) (o config.Options, err error) {
	t.Helper()
	c := &command{process: process{Stdout: io.Discard, Stderr: io.Discard, Getenv: noEnvironment}, ctx: context.Background()}
	app := c.app()
	app.Command("deploy").Action = func(ctx *cli.Context) (err error) {
		o, _, err = config.Read(ctx, noEnvironment)
		return err
	}
	args, err = reorder(app, append([]string{"deploy", "--project-directory", dir}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return o, app.Run(append([]string{"bluegate"}, args...))
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFlagsGoBeforeTheFile(t *testing.T) {
	o, _, err := deployOptions(t, "gate: {timeout: 90s}\nold: {keep: removed}\n", "--timeout", "30s", "--keep-old=running", "--no-pull", "--wait-lock", "1m", "--host", "unix:///x", "--context", "c")
	if err != nil || o.Settings.Timeout != 30*time.Second || o.Settings.Keep != model.KeepRunning || !o.Settings.NoPull || o.Settings.WaitLock != time.Minute || o.Host != "unix:///x" || o.Context != "c" {
		t.Errorf("%+v, %v", o, err)
	}
	t.Setenv("BLUEGATE_TIMEOUT", "45s")
	t.Setenv("BLUEGATE_KEEP_OLD", "stopped")
	if o, _, err := deployOptions(t, "gate: {timeout: 90s}\nold: {keep: removed}\n"); err != nil || o.Settings.Timeout != 45*time.Second || o.Settings.Keep != model.KeepStopped {
		t.Errorf("by the environment: %+v, %v", o.Settings, err)
	}
	if o, _, err := deployOptions(t, "", "--timeout", "30s"); err != nil || o.Settings.Timeout != 30*time.Second {
		t.Errorf("a flag goes before the environment: %+v, %v", o.Settings, err)
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{
		{"--timeout", "0s"}, {"--timeout=-1s"}, {"--wait-lock=-1s"}, {"--keep-old", "forever"}, {"--config", "/no/such/file.yml"}, {"--project-directory", "/no/such/folder"},
	} {
		_, _, err := deployOptions(t, "", args...)
		var invalid *model.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
