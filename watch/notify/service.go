package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"bluegate/watch"
)

// service sends through one of shoutrrr's services.
type service struct {
	address string
	scheme  string
}

func newService(u *url.URL) (*service, error) {
	s := &service{u.String(), u.Scheme}
	_, err := s.locate()
	return s, err
}

// locate makes the client. One is made for each message, because some of them keep what a message has set.
func (s *service) locate() (types.Service, error) {
	if s.scheme == "logger" {
		return nil, errors.New("it would only write to a log that nobody reads")
	}
	client, err := (&router.ServiceRouter{}).Locate(s.address)
	switch {
	case errors.Is(err, router.ErrUnknownService):
		return nil, errors.New("unknown service: see https://shoutrrr.nickfedor.com for the services and their addresses")
	case err != nil:
		return nil, fmt.Errorf("the address is not complete or not valid for this service (%w)", err)
	}
	return client, nil
}

// send ends with ctx although the services cannot be interrupted: then an attempt may still arrive, and its id is that of
// the next one.
func (s *service) send(ctx context.Context, e watch.Event) error {
	client, err := s.locate()
	if err != nil {
		return err
	}
	params := &types.Params{}
	params.SetTitle(Title(e))
	done := make(chan error, 1)
	go func() { done <- client.Send(Text(e), params) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("no answer in time")
	}
}
