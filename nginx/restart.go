package nginx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/fsys"
	"bluegate/nginx/incontainer"
)

// restart tries what a restart would do to nginx's files. It is done twice: with the files as they are, and as they would be after a switch
// to the other colour. What always writes the colour that is live now shows only in the second.
func (n *observed) restart(ctx context.Context, route model.Route) ([]model.Finding, error) {
	c, ok := n.found.(*incontainer.Nginx)
	if !ok || len(n.conf.Tree) == 0 {
		return []model.Finding{{Code: "restart-not-tried", Message: fmt.Sprintf("a restart of %s cannot be tried: only that of a container whose configuration can be read can", n.found)}}, nil
	}
	as := model.Change{}
	for _, file := range n.writes(route.Points) {
		f := model.FileChange{Path: file}
		if content, err := n.conf.Files.Read(file); err == nil {
			f.New = content
		}
		if target, err := n.conf.Files.LinkTarget(file); err == nil {
			f.Link = target
		}
		as.Files = append(as.Files, f)
	}
	found, err := n.tryRestart(ctx, c, as, "", route)
	if err != nil || route.Names == model.None || undoes(found) {
		return found, unreachable(err)
	}
	route.Refusal = nil // it may be that of a file which is written at the start
	to := route.Names.Other()
	change, err := n.mode.Plan(n.conf, route, n.dir, to)
	if err != nil {
		return append(found, model.Finding{Code: "restart-not-tried", Message: fmt.Sprintf("a restart after a switch to %s was not tried: %v", to, err)}), nil
	}
	more, err := n.tryRestart(ctx, c, change, fmt.Sprintf(" after a switch to %s", to), route)
	return append(found, more...), unreachable(err)
}

func undoes(found []model.Finding) bool {
	for _, f := range found {
		if f.Code == model.RestartUndoes {
			return true
		}
	}
	return false
}

// tryRestart starts one copy and says what became of its files. With the files as they are, nothing is put into the copy.
func (n *observed) tryRestart(ctx context.Context, c *incontainer.Nginx, change model.Change, when string, route model.Route) (found []model.Finding, err error) {
	put := change
	if when == "" {
		put.Files = nil
	}
	began := time.Now()
	t, err := c.StartCopy(ctx, put)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.End(ctx)) }()
	up, why := t.Up(ctx, began)
	var kept []string
	for _, f := range change.Files {
		_, real, err := fsys.Locate(c.Files(ctx), f)
		if err != nil {
			return nil, err
		}
		if when != "" && !t.Holds[real] {
			t.Note("%s could not be changed in it, as its container cannot change it", f.Path)
			continue
		}
		if _, memory := c.TmpfsOf(real); memory && !t.Running {
			t.Note("%s lies in a tmpfs, which ended with it", f.Path)
			continue
		}
		how, err := t.Differs(ctx, f.Path, f.New, f.Link)
		if err != nil {
			return nil, err
		}
		if how == "" {
			kept = append(kept, f.Path)
			continue
		}
		found = append(found, model.Finding{
			Code: model.RestartUndoes, Place: f.Path,
			Message: fmt.Sprintf("a copy of %s, started with its own entrypoint%s, wrote it again: %s", c, when, how),
			Cost:    "after any restart, that of the machine too, nginx serves again what is written then, which may be the colour that was stopped",
			Remedy:  ownFileRemedy(n.conf.Tree, f.Path, "what its start writes", route.Points),
		})
	}
	notes := ""
	if len(t.Notes) > 0 {
		notes = "; in the copy: " + strings.Join(t.Notes, "; ")
	}
	if !up {
		found = append(found, model.Finding{Code: "restart-fails", Message: fmt.Sprintf("in a copy of %s, started with its own entrypoint%s, nginx did not run: %s%s", c, when, why, notes),
			Cost: "if the copy is as the container would be, nothing is served after a restart"})
	}
	if len(kept) > 0 {
		found = append(found, model.Finding{Code: "restart-tried", Message: fmt.Sprintf("a copy of %s, started with its own entrypoint%s, kept %s as it was%s", c, when, strings.Join(kept, ", "), notes)})
	}
	return found, nil
}
