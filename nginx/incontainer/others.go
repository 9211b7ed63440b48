package incontainer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/nginx/instance"
)

// Others are the nginxes that run in other containers than this one and reach the colours. One that the label says to be of
// another project is none of them.
func (s *Search) Others(ctx context.Context, than string) (all []instance.Other, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list containers to find every nginx: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return row.ID == than || !s.reaches(row) })
	var mu sync.Mutex
	err = s.each(ctx, rows, func(ctx context.Context, i *Nginx) (keep bool, err error) {
		other, err := instance.ReadOther(ctx, i, s.seen(i))
		if err != nil {
			return false, err
		}
		other.Exempt = fmt.Sprintf("label its container %s=none", Label)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, other)
		return false, nil
	})
	slices.SortFunc(all, func(a, b instance.Other) int { return strings.Compare(a.Nginx, b.Nginx) })
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
