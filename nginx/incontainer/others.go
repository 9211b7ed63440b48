package incontainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
)

// Other is an nginx in another container than the one that is switched, and where its configuration sends requests.
type Other struct {
	Nginx  string
	Route  model.Route
	Unread error // why that is not known
}

// Others are the nginxes that run in other containers than this one and reach the colours. One that the label says to be of
// another project is none of them.
func (s *Search) Others(ctx context.Context, than string) (all []Other, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list containers to find every nginx: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return row.ID == than || !s.reaches(row) })
	var mu sync.Mutex
	err = s.each(ctx, rows, func(ctx context.Context, i *Nginx) (keep bool, err error) {
		other, err := s.other(ctx, i)
		if err != nil {
			return false, err
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, other)
		return false, nil
	})
	slices.SortFunc(all, func(a, b Other) int { return strings.Compare(a.Nginx, b.Nginx) })
	return all, err
}

// reaches says whether a container may hold an nginx that sends requests to the colours.
func (s *Search) reaches(row container.Summary) bool {
	if engine.IsOwn(row.Labels) || s.owns(row) {
		return false
	}
	if _, marked := row.Labels[Label]; marked && !labelled(row, s.Dir.Project()) {
		return false
	}
	return s.Dir.OnNetwork(networksOf(row)) || s.Dir.Publishes()
}

// other reads one nginx.
func (s *Search) other(ctx context.Context, i *Nginx) (Other, error) {
	other := Other{Nginx: i.String()}
	if i.main == "" {
		other.Unread = errors.New("it has no nginx.conf where nginx would look for it")
		return other, nil
	}
	c := mode.Configuration{Nginx: i, Files: i.Files(ctx), Main: i.main}
	var err error
	c.Tree, err = conf.LoadTree(c.Files, i.main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) {
		other.Unread = err
		return other, nil
	}
	if err != nil {
		return other, err
	}
	mode.Edit{}.Observe(c, s.seen(i), &other.Route)
	return other, nil
}
