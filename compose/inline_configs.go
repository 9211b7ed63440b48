package compose

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// inlineFile is a file that Compose wrote into a container before it started it: a config or a secret whose content is
// in the Compose file or in its environment. It is not a mount.
type inlineFile struct {
	Path    string `json:"path"`
	Mode    int64  `json:"mode"`
	UID     int    `json:"uid"`
	GID     int    `json:"gid"`
	Content []byte `json:"content"`
}

// inlineLimit is more than Docker allows for a config.
const inlineLimit = 1 << 20

// inlinePaths returns where Compose writes such files for a service.
func inlinePaths(p *types.Project, service string) []string {
	paths := []string{}
	if p == nil {
		return paths
	}
	add := func(source types.FileObjectConfig, target, by string) {
		if source.Content == "" && source.Environment == "" {
			return
		}
		if !path.IsAbs(target) {
			target = path.Join(by, target)
		}
		paths = append(paths, target)
	}
	for _, ref := range p.Services[service].Secrets {
		add(types.FileObjectConfig(p.Secrets[ref.Source]), cmp.Or(ref.Target, ref.Source), "/run/secrets")
	}
	for _, ref := range p.Services[service].Configs {
		add(types.FileObjectConfig(p.Configs[ref.Source]), cmp.Or(ref.Target, ref.Source), "/")
	}
	return paths
}

// inlinePathsLabel returns the paths as the value of a label. When a container retires, the files that are loaded are
// those of the next release, so each container records what was written into it.
func inlinePathsLabel(p *types.Project, service string) string {
	text, _ := json.Marshal(inlinePaths(p, service)) // strings cannot fail
	return string(text)
}

// inlineConfigs reads those files from a container. If someone else started the container, it has no label, and the
// paths are those of the files as they are now.
func (s *Stack) inlineConfigs(ctx context.Context, colour model.Colour, k model.RetainedContainer, labels map[string]string) (files []inlineFile, err error) {
	paths := inlinePaths(s.projects[colour], k.Service)
	if text, ours := labels[engine.InjectedLabel]; ours {
		if err := json.Unmarshal([]byte(text), &paths); err != nil {
			return nil, fmt.Errorf("its label %s cannot be read: %w", engine.InjectedLabel, err)
		}
	}
	for _, name := range paths {
		f, err := s.readInlineFile(ctx, k.ID, name)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (s *Stack) readInlineFile(ctx context.Context, id, name string) (inlineFile, error) {
	stream, _, err := s.engine.CopyFromContainer(ctx, id, name)
	if err != nil {
		return inlineFile{}, err
	}
	defer stream.Close()
	r := tar.NewReader(stream)
	h, err := r.Next()
	if err != nil {
		return inlineFile{}, err
	}
	content, err := io.ReadAll(io.LimitReader(r, inlineLimit))
	return inlineFile{Path: name, Mode: h.Mode, UID: h.Uid, GID: h.Gid, Content: content}, err
}

// writeInlineConfigs writes the files into the container that replaces the one from which they were read.
func (s *Stack) writeInlineConfigs(ctx context.Context, id string, files []inlineFile) error {
	if len(files) == 0 {
		return nil
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		h := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: f.Mode, Uid: f.UID, Gid: f.GID, Size: int64(len(f.Content)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(f.Content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return s.engine.CopyToContainer(ctx, id, "/", &archive, container.CopyToContainerOptions{CopyUIDGID: true})
}
