package nginx

import (
	"context"
	"errors"
	"net"

	"bluegate/deploy/model"
	"bluegate/nginx/incontainer"
	"bluegate/nginx/tunnel"
)

// Dialer opens TCP connections from where nginx stands. It changes nothing of nginx.
type Dialer interface {
	// Dial connects to host:port. *tunnel.UnreachableError says that the address refused it.
	Dial(ctx context.Context, address string) (tunnel.Conn, error)
	// Close removes what Dial started.
	Close(ctx context.Context) error
}

// NewDialer is a Dialer for the nginx that the last Observe found. Nothing is started yet.
func (r *Router) NewDialer() (Dialer, error) {
	switch found := r.last.(type) {
	case nil:
		return nil, &model.UnreachableError{What: "nginx", Err: errors.New("none was found to connect from")}
	case *incontainer.Nginx:
		return found.NewTunnel(), nil
	}
	return fromHere{}, nil
}

// fromHere connects from this process, which stands where an nginx of this machine does.
type fromHere struct{}

func (fromHere) Dial(ctx context.Context, address string) (tunnel.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectLimit}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &tunnel.UnreachableError{Address: address, Why: err.Error()}
	}
	return conn.(*net.TCPConn), nil
}

func (fromHere) Close(context.Context) error { return nil }
