package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// HelperPath is the path of the program in its container.
const HelperPath = "/bluegate-helper"

// PreviewRole is the role of the helper of `bluegate preview`. It ends with the connection to it.
const PreviewRole = "preview"

// startLimit limits the start of a program.
const startLimit = time.Minute

// Streams are the standard streams of a running program, which ends when they are closed.
type Streams struct {
	conn types.HijackedResponse
	out  io.Reader
}

// HelperConfig returns the configuration of a container whose program is started with these arguments.
func HelperConfig(args []string) *container.Config {
	return &container.Config{
		Entrypoint: append([]string{HelperPath}, args...), User: "0:0",
		OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
	}
}

// HelperLabels returns the labels of a helper container. looks says that the command holds no lock.
func HelperLabels(role, project string, looks bool) map[string]string {
	labels := map[string]string{OwnLabel: role, SweepLabel: project}
	if looks {
		labels[LooksLabel] = "true"
	}
	return labels
}

// HelperName returns a name for a container that several commands may create at the same time.
func HelperName(role, project string) string {
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // cannot fail (crypto/rand, since Go 1.24)
	return "bluegate-" + role + "-" + hex.EncodeToString(salt[:]) + "-" + project
}

// StartHelper copies a static executable into a created container, starts the container and attaches to it. What the program
// writes to its standard error is read with its output.
func StartHelper(ctx context.Context, engine *client.Client, id string, executable []byte) (*Streams, error) {
	return StartHelperApart(ctx, engine, id, executable, nil)
}

// StartHelperApart is StartHelper with a writer of its own for what the program writes to its standard error.
func StartHelperApart(ctx context.Context, engine *client.Client, id string, executable []byte, stderr io.Writer) (*Streams, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	archive, err := archived(executable)
	if err != nil {
		return nil, err
	}
	if err := engine.CopyToContainer(ctx, id, "/", archive, container.CopyToContainerOptions{}); err != nil {
		return nil, fmt.Errorf("copy the helper into its container: %w", err)
	}
	conn, err := Hijacked(ctx, func() (types.HijackedResponse, error) {
		return engine.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	})
	if err != nil {
		return nil, fmt.Errorf("attach to the helper: %w", err)
	}
	if err := engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		conn.Close()
		return nil, fmt.Errorf("start the helper: %w", err)
	}
	out, in := io.Pipe()
	if stderr == nil {
		stderr = in
	}
	go func() {
		_, err := stdcopy.StdCopy(in, stderr, conn.Reader)
		_ = in.CloseWithError(err)
	}()
	return &Streams{conn, out}, nil
}

func archived(executable []byte) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := w.WriteHeader(&tar.Header{Name: HelperPath[1:], Mode: 0o755, Size: int64(len(executable)), Typeflag: tar.TypeReg}); err != nil {
		return nil, err
	}
	if _, err := w.Write(executable); err != nil {
		return nil, err
	}
	return &buf, w.Close()
}

// Write writes to the program's standard input.
func (s *Streams) Write(p []byte) (int, error) { return s.conn.Conn.Write(p) }

// SetWriteDeadline limits a write: an engine that hangs accepts only a few bytes.
func (s *Streams) SetWriteDeadline(t time.Time) error { return s.conn.Conn.SetWriteDeadline(t) }

// Read reads the program's output.
func (s *Streams) Read(p []byte) (int, error) { return s.out.Read(p) }

// Close closes the program's input.
func (s *Streams) Close() {
	_ = s.conn.CloseWrite()
	s.conn.Close()
}

// Hijacked opens a connection to a process. The engine's client does not observe the context while it waits for the
// answer.
func Hijacked(ctx context.Context, open func() (types.HijackedResponse, error)) (types.HijackedResponse, error) {
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
