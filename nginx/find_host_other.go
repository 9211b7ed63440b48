//go:build !linux

package nginx

import (
	"context"

	"bluegate/deploy/model"
	"bluegate/nginx/instance"
)

// hostsNginx is false: how nginx runs on a host is read from Linux's /proc.
const hostsNginx = false

// findOnHost finds nothing.
func (r *Router) findOnHost(context.Context, *model.Addresses) (instance.Instance, error) {
	return nil, nil
}

// othersOnHost finds none.
func (r *Router) othersOnHost(context.Context, *model.Addresses, string) ([]instance.Other, error) {
	return nil, nil
}
