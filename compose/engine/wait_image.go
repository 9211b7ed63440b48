package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"bluegate/deploy/model"
)

// WaitImage contains only bluegate's static executable, which waits for a signal. A container of it needs no registry
// and no image of the user. A prune removes neither a running container nor its image.
const WaitImage = "bluegate-wait:1"

// waitLabel is the value of OwnLabel of the image.
const waitLabel = "wait"

// waitProgram is the path of the executable in the image.
const waitProgram = "bluegate-wait"

// importLimit limits the upload of the executable, which has a few megabytes.
const importLimit = 2 * time.Minute

// CanWait says whether there is an executable for containers that wait on this engine.
func (e *Engine) CanWait() bool { return e.Waiter != nil }

// EnsureWaitImage creates the image if it does not exist. An image of this name that bluegate did not make is refused: it would
// run in place of the lock, the journal and the names.
func (e *Engine) EnsureWaitImage(ctx context.Context) error {
	ask, cancel := Asking(ctx)
	defer cancel()
	found, err := e.ImageInspect(ask, WaitImage)
	if errdefs.IsNotFound(err) {
		return e.importWaitImage(ctx)
	}
	if err == nil && (found.Config == nil || found.Config.Labels[OwnLabel] != waitLabel) {
		return &model.InvalidError{Err: fmt.Errorf("the image %s on this engine was not made by bluegate: it has no label %s=%s; give it another name (docker tag, docker rmi), and run this command again", WaitImage, OwnLabel, waitLabel)}
	}
	return err
}

// Architecture is that of the engine, as Go calls it.
func (e *Engine) Architecture(ctx context.Context) (string, error) {
	if e.About.Arch != "" {
		return e.About.Arch, nil
	}
	ask, cancel := Asking(ctx)
	defer cancel()
	version, err := e.ServerVersion(ask)
	if err != nil {
		return "", e.Unreachable(fmt.Errorf("ask the engine for its architecture: %w", err))
	}
	return version.Arch, nil
}

// WaitExecutable returns the executable of the image for the engine's architecture, and the arguments with which it waits.
func (e *Engine) WaitExecutable(ctx context.Context) (executable []byte, args []string, err error) {
	architecture, err := e.Architecture(ctx)
	if err != nil {
		return nil, nil, err
	}
	return e.Waiter(architecture)
}

func (e *Engine) importWaitImage(ctx context.Context) error {
	executable, args, err := e.WaitExecutable(ctx)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: waitProgram, Mode: 0o755, Size: int64(len(executable)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	if _, err := w.Write(executable); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	entrypoint := `ENTRYPOINT ["/` + strings.Join(append([]string{waitProgram}, args...), `","`) + `"]`
	return e.importImage(ctx, &archive, WaitImage, "bluegate's containers that only wait", "LABEL "+OwnLabel+"="+waitLabel, "USER 65534:65534", entrypoint)
}

// importImage creates an image from an archive.
func (e *Engine) importImage(ctx context.Context, archive io.Reader, name, message string, changes ...string) error {
	ctx, cancel := context.WithTimeout(ctx, importLimit)
	defer cancel()
	answer, err := e.ImageImport(ctx, image.ImportSource{Source: archive, SourceName: "-"}, name, image.ImportOptions{Changes: changes, Message: message})
	if err != nil {
		return fmt.Errorf("import the image %s: %w", name, err)
	}
	defer answer.Close()
	_, err = io.Copy(io.Discard, answer)
	return err
}
