package engine

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// Rows lists containers, including stopped ones. which completes the error: list the containers of project shop.
func (e *Engine) Rows(ctx context.Context, which string, f filters.Args) ([]container.Summary, error) {
	ctx, cancel := Asking(ctx)
	defer cancel()
	rows, err := e.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
	if err != nil {
		return nil, e.Unreachable(fmt.Errorf("list the containers %s: %w", which, err))
	}
	return rows, nil
}
