package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
	"bluegate/nginx/onhost"
)

// hostsNginx says that an nginx on this machine can be found and switched.
const hostsNginx = true

// findOnHost looks for nginx among the processes of this machine. It returns nil when there is none.
func (r *Router) findOnHost(ctx context.Context, dir *model.Addresses) (instance.Instance, error) {
	return some(onhost.Find(ctx, r.opts, dir))
}

// othersOnHost are the nginxes of this machine other than the one with this ID.
func (r *Router) othersOnHost(ctx context.Context, dir *model.Addresses, than string) ([]instance.Other, error) {
	return onhost.Others(ctx, r.opts, dir, than)
}
