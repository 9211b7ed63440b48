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
	"golang.org/x/sync/errgroup"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/instance"
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
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, row := range rows {
		if row.ID == than || !s.reaches(row) {
			continue
		}
		group.Go(func() error {
			other, err := s.other(ctx, row.ID)
			switch {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				all = append(all, *other)
				return nil
			case errors.Is(err, agent.ErrNoMaster), s.passing(ctx, row):
				return nil
			}
			return err
		})
	}
	err = group.Wait()
	slices.SortFunc(all, func(a, b Other) int { return strings.Compare(a.Nginx, b.Nginx) })
	return all, err
}

// reaches says whether a container may hold an nginx that sends requests to the colours.
func (s *Search) reaches(row container.Summary) bool {
	if row.Labels[engine.SweepLabel] != "" || row.Labels["bluegate.own"] != "" || s.Dir.Owns(row.Labels["com.docker.compose.project"], row.Labels["com.docker.compose.service"]) {
		return false
	}
	if _, marked := row.Labels[Label]; marked && !labelled(row, s.Dir.Project()) {
		return false
	}
	return s.Dir.OnNetwork(networksOf(row)) || s.Dir.Publishes()
}

// other reads one nginx.
func (s *Search) other(ctx context.Context, id string) (other *Other, err error) {
	i, err := s.open(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, i.Close(context.WithoutCancel(ctx))) }()
	other = &Other{Nginx: i.String()}
	if i.main == "" {
		other.Unread = errors.New("it has no nginx.conf where nginx would look for it")
		return other, nil
	}
	dir := instance.SeenBy(i, s.Dir)
	if !dir.OnNetwork(i.networks()) {
		dir = dir.OnlyPublished()
	}
	c := mode.Configuration{Nginx: i, Files: i.Files(ctx), Main: i.main}
	c.Tree, err = conf.LoadTree(c.Files, i.main)
	var syntax *conf.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, fs.ErrNotExist) {
		other.Unread = err
		return other, nil
	}
	if err != nil {
		return nil, err
	}
	mode.Edit{}.Observe(c, dir, &other.Route)
	return other, nil
}
