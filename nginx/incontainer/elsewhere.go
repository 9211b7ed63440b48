package incontainer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
)

// Elsewhere lists the nginxes that are on none of the colours' networks and whose configuration names an address of a
// colour all the same, as far as no other container on their networks has that name: they are another application's, or
// this one's on the wrong network. What cannot be read is left out: nothing depends on it.
func (s *Search) Elsewhere(ctx context.Context) (names []string, findings []model.Finding, err error) {
	ask, cancel := engine.Asking(ctx)
	defer cancel()
	rows, err := s.Engine.ContainerList(ask, container.ListOptions{All: true})
	if err != nil {
		return nil, nil, fmt.Errorf("list containers to find nginx: %w", err)
	}
	all := slices.Clone(rows)
	rows = slices.DeleteFunc(rows, func(row container.Summary) bool { return !s.mayBeElsewhere(row) || s.answeredNear(row, all) })
	var mu sync.Mutex
	err = s.each(ctx, rows, func(ctx context.Context, i *Nginx) (keep bool, err error) {
		if !s.names(ctx, i) {
			return false, nil
		}
		mu.Lock()
		defer mu.Unlock()
		names = append(names, i.String())
		findings = append(findings, model.Finding{
			Code: "nginx-elsewhere", Place: i.Name,
			Message: fmt.Sprintf("the configuration of %s names an address of the application, and it is on none of the application's networks (%s), so it cannot reach it there", i, strings.Join(i.networks(), ", ")),
			Cost:    "it is taken for another application's, and nothing is switched",
			Remedy:  fmt.Sprintf("docker network connect %s %s   # and `networks:` of its service in its Compose file", s.Dir.Network(), i.Name),
		})
		return false, nil
	})
	slices.Sort(names)
	slices.SortFunc(findings, func(a, b model.Finding) int { return strings.Compare(a.Place, b.Place) })
	return names, findings, err
}

// mayBeElsewhere says whether a container may hold an nginx that Find did not look at.
func (s *Search) mayBeElsewhere(row container.Summary) bool {
	switch {
	case s.Dir.Network() == "", s.Dir.OnNetwork(networksOf(row)), s.owns(row):
		return false
	case engine.IsOwn(row.Labels):
		return false
	}
	return row.State == container.StateRunning || strings.Contains(row.Command, "nginx")
}

// answeredNear says whether a container on a network of this one has a name of the application: then it is that which
// this one reaches by the name.
func (s *Search) answeredNear(row container.Summary, all []container.Summary) bool {
	own := networksOf(row)
	return slices.ContainsFunc(all, func(other container.Summary) bool {
		named := s.Dir.Knows(other.Labels["com.docker.compose.service"]) || slices.ContainsFunc(other.Names, func(n string) bool { return s.Dir.Knows(strings.TrimPrefix(n, "/")) })
		return named && slices.ContainsFunc(networksOf(other), func(n string) bool { return slices.Contains(own, n) })
	})
}

// names says whether an nginx's configuration names an address of a colour, whatever its networks are.
func (s *Search) names(ctx context.Context, i *Nginx) bool {
	if i.main == "" {
		return false
	}
	tree, err := conf.LoadTree(i.Files(ctx), i.main)
	if err != nil {
		return false
	}
	named, err := mode.NamesAny(tree, s.Dir)
	return named && err == nil
}
