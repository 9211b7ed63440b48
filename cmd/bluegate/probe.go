package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/wire"
	"bluegate/deploy/model"
)

func probeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "copy-to", Usage: "the `DIR` with the Dockerfile"},
		&cli.StringFlag{Name: "arch", Usage: "the `ARCH` of the image, or several: amd64,arm64; each is then in the name of its file", DefaultText: "this machine's"},
	}
}

// probe copies the static probe to a folder from which a Dockerfile can copy it into an image.
func (c *command) probe(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	dir := ctx.String("copy-to")
	if dir == "" {
		return model.Invalid("bluegate healthcheck needs --copy-to DIR: the folder with the Dockerfile that copies the probe")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return model.Invalid("--copy-to %s: it is not a folder; name the folder with the Dockerfile", dir)
	}
	files, err := probeFiles(ctx.String("arch"))
	if err != nil {
		return err
	}
	shown := ui.ProbeResult{Command: "healthcheck", Outcome: model.OK}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := writeExecutable(path, content); err != nil {
			return fmt.Errorf("copy the probe: %w", err)
		}
		shown.Files = append(shown.Files, path)
	}
	slices.Sort(shown.Files)
	return ui.Write(c.Stdout, c.format, shown, ui.ProbeText(shown))
}

// probeFiles returns what is copied, by the name of the file. All of it is read before anything is written.
func probeFiles(architectures string) (map[string][]byte, error) {
	if architectures == "" {
		content, err := wire.Probe(runtime.GOARCH)
		return map[string][]byte{wire.ProbeName: content}, err
	}
	files := map[string][]byte{}
	for _, arch := range strings.Split(architectures, ",") {
		arch = strings.TrimSpace(arch)
		if _, known := wire.ELFMachines[arch]; !known {
			return nil, model.Invalid("unknown --arch %q: name it as Docker does, such as amd64 or arm64", arch)
		}
		content, err := wire.Probe(arch)
		if err != nil {
			return nil, err
		}
		files[wire.ProbeName+"-linux-"+arch] = content
	}
	return files, nil
}

// writeExecutable writes a file that everyone may execute. A file with the same content is left as it is, so that an
// image is not built again; another one is replaced as a whole.
func writeExecutable(path string, content []byte) error {
	if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, content) {
		return os.Chmod(path, 0o755)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".bluegate-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o755), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
