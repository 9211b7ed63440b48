package nginx

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"bluegate/compose/engine"

	"github.com/containerd/errdefs"
)

// Exists implements model.Router. Of an nginx on a host it is not known, and taken for granted.
func (r *Router) Exists(ctx context.Context, nginx string) (bool, error) {
	quoted, ok := strings.CutPrefix(nginx, "container ")
	name, err := strconv.Unquote(quoted)
	if !ok || err != nil {
		return true, nil
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	_, err = r.engine.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, unreachable(fmt.Errorf("look for %s: %w", nginx, err))
	}
	return true, nil
}
