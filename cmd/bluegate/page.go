package main

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"bluegate/cmd/bluegate/ui"
	"bluegate/cmd/bluegate/watching"
	"bluegate/deploy/model"
)

func pageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Usage: "the `DIR` to write to; it is created"},
		&cli.StringFlag{Name: "from", Usage: "the `URL` of the running watch", DefaultText: "http:// and watch.listen"},
	}
}

// exportLimit ends the reading of a page; mostExport and mostFiles are more than a page has.
const (
	exportLimit = time.Minute
	mostExport  = 256 << 20
	mostFiles   = 10000
)

// page writes the page of a running watch as static files.
func (c *command) page(ctx *cli.Context) error {
	if _, err := c.arguments(ctx, false); err != nil {
		return err
	}
	dir := ctx.String("output")
	if dir == "" {
		return model.Invalid("name the folder to write to: bluegate page --output DIR. The live page is at the address that bluegate watch listens on")
	}
	from := ctx.String("from")
	if from == "" {
		o, err := c.options(ctx)
		if err != nil {
			return err
		}
		from = "http://" + o.Watch.Listen
	}
	reading, cancel := context.WithTimeout(c.ctx, exportLimit)
	defer cancel()
	archive, err := fetchPage(reading, from, c.Getenv(watching.TokenVariable))
	if err != nil {
		return err
	}
	defer archive.Close()
	n, err := unpack(archive, dir)
	if err != nil {
		return err
	}
	return ui.Write(c.Stdout, c.format, ui.PageResult{Command: "page", Outcome: model.OK, Directory: dir, Files: n}, fmt.Sprintf("written: %s to %s\n", model.Count(n, "file"), dir))
}

// fetchPage asks a running watch for its page as files.
func fetchPage(ctx context.Context, from, token string) (io.ReadCloser, error) {
	u, err := url.Parse(from)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, model.Invalid("--from must be a URL such as http://127.0.0.1:9460")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("export.tar").String(), nil)
	if err != nil {
		return nil, &model.InvalidError{Err: err}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, &model.UnreachableError{What: "the watch at " + from, Err: fmt.Errorf("%w; start bluegate watch, or name its address with --from", err)}
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
	why := strings.TrimSpace(string(said))
	if answer.StatusCode == http.StatusUnauthorized {
		why = "it needs a token: set " + watching.TokenVariable
	}
	return nil, &model.UnreachableError{What: "the watch at " + from, Err: fmt.Errorf("the answer was %s: %s", answer.Status, why)}
}

// unpack writes the files of an archive below a folder. Each one is replaced in one step, so that a web server never
// serves half of it. Other files in the folder stay.
func unpack(archive io.Reader, dir string) (files int, err error) {
	t := tar.NewReader(io.LimitReader(archive, mostExport))
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && files > 0:
			return files, nil
		case err != nil:
			return files, &model.UnreachableError{What: "the watch", Err: fmt.Errorf("its answer ends early or is not a page: %w", err)}
		case h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || files >= mostFiles:
			return files, &model.UnreachableError{What: "the watch", Err: fmt.Errorf("its answer is not a page: it has the file %q", h.Name)}
		}
		if err := writeWhole(filepath.Join(dir, filepath.FromSlash(h.Name)), t); err != nil {
			return files, &model.InvalidError{Err: fmt.Errorf("write the page: %w", err)}
		}
		files++
	}
}

// writeWhole replaces a file in one step.
func writeWhole(path string, text io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".bluegate-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of this name
	_, err = io.Copy(f, text)
	if err := cmp.Or(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
