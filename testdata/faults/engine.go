package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bluegate/testdata/stand"
)

// engine is a Docker engine of our own, on a small file system in memory.
type engine struct {
	dir    string
	socket string
	daemon *exec.Cmd
	ended  chan struct{}
}

// dataSize is what an engine's images and containers may take.
const dataSize = "700m"

// newEngine prepares an engine in a folder and starts it. Every docker command of this process speaks to it from now on.
func newEngine(dir string) (*engine, error) {
	e := &engine{dir: dir, socket: filepath.Join(dir, "engine.sock")}
	if err := os.MkdirAll(e.data(), 0o711); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", e.data(), "tmpfs", 0, "size="+dataSize); err != nil {
		return nil, fmt.Errorf("mount the engine's storage: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	if err := os.Setenv("DOCKER_HOST", "unix://"+e.socket); err != nil {
		return nil, err
	}
	if err := e.start(); err != nil {
		return nil, err
	}
	return e, e.ready()
}

func (e *engine) data() string { return filepath.Join(e.dir, "data") }

// start begins a daemon; it may take a while to answer.
func (e *engine) start() error {
	log, err := os.OpenFile(filepath.Join(e.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	pid := filepath.Join(e.dir, "pid")
	if err := os.RemoveAll(pid); err != nil {
		return err
	}
	e.daemon = exec.Command("dockerd", "--config-file", filepath.Join(e.dir, "daemon.json"), "--data-root", e.data(),
		"--exec-root", filepath.Join(e.dir, "exec"), "--pidfile", pid, "--host", "unix://"+e.socket,
		"--cgroup-parent", fmt.Sprintf("/bluegate-faults-%s", filepath.Base(e.dir)))
	e.daemon.Stdout, e.daemon.Stderr = log, log
	e.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := e.daemon.Start(); err != nil {
		return fmt.Errorf("start an engine: %w", err)
	}
	e.ended = make(chan struct{})
	go func(daemon *exec.Cmd, ended chan struct{}) { _ = daemon.Wait(); close(ended) }(e.daemon, e.ended)
	return nil
}

// ready waits until the daemon answers.
func (e *engine) ready() error {
	for range 600 {
		if _, err := stand.Docker("version"); err == nil {
			return nil
		}
		select {
		case <-e.ended:
			log, _ := os.ReadFile(filepath.Join(e.dir, "log"))
			return fmt.Errorf("the engine ended:\n%s", lastLines(string(log), 10))
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the engine does not answer")
}

// freeze and thaw stop the daemon and let it continue: it accepts connections, and is silent.
func (e *engine) freeze() error { return e.daemon.Process.Signal(syscall.SIGSTOP) }
func (e *engine) thaw() error   { return e.daemon.Process.Signal(syscall.SIGCONT) }

// kill ends the daemon at once.
func (e *engine) kill() error {
	err := e.daemon.Process.Kill()
	<-e.ended
	return err
}

// stop ends the daemon as a shutdown of the machine does.
func (e *engine) stop() error {
	err := e.daemon.Process.Signal(syscall.SIGTERM)
	<-e.ended
	return err
}

// fill takes all the storage that is left; what it returns gives it back.
func (e *engine) fill() (func() error, error) {
	name := filepath.Join(e.data(), "full")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zeros := bytes.NewReader(make([]byte, 1<<20))
	for err == nil {
		_, _ = zeros.Seek(0, 0)
		_, err = zeros.WriteTo(f)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return nil, err
	}
	return func() error { return os.Remove(name) }, nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
