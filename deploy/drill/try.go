package drill

import (
	"context"
	"fmt"
	"net/http"

	"bluegate/deploy/drill/load"
	"bluegate/deploy/model"
)

// Load sends requests.
type Load interface {
	// Try sends each call once.
	Try(ctx context.Context, url string, o load.Options) ([]load.Request, error)
	// Start sends them again and again, until Stop.
	Start(ctx context.Context, url string, o load.Options) (Running, error)
}

// Running is a load that was started.
type Running interface {
	// Stop sends no more requests, waits for those in flight, and returns what all of them got.
	Stop() load.Record
}

// HTTP is the Load that sends requests over the network.
type HTTP struct{}

// Try implements Load.
func (HTTP) Try(ctx context.Context, url string, o load.Options) ([]load.Request, error) {
	return load.Try(ctx, url, o)
}

// Start implements Load.
func (HTTP) Start(ctx context.Context, url string, o load.Options) (Running, error) {
	return load.Start(ctx, url, o)
}

// Learn asks each path of the load twice before anything is switched, and returns the load with what is normal: the status
// of each answer, and how long it takes. A path that does not answer, or answers with an error of the server's, would tell
// nothing about a switch: it is refused.
func (s Settings) Learn(ctx context.Context, l Load, url string) (load.Options, error) {
	o := s.options()
	first, err := l.Try(ctx, url, o)
	if err != nil {
		return o, unusable(ctx, url, err)
	}
	if err := learn(o, url, first); err != nil {
		return o, err
	}
	again, err := l.Try(ctx, url, o)
	if err != nil {
		return o, unusable(ctx, url, err)
	}
	for _, got := range again {
		if got.Failed() {
			return o, model.Refuse(model.LoadFailed, "%s %s of %s was answered once and not again, before anything was switched: %s; name a path that always has the same status: --path", got.Kind, got.Path, url, got.Err)
		}
	}
	return o, nil
}

func unusable(ctx context.Context, url string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return model.Invalid("requests cannot be sent to %s: %w", url, err)
}

// learn fills in the calls what their first answers tell.
func learn(o load.Options, url string, answers []load.Request) error {
	for _, got := range answers {
		for i := range o.Calls[got.Kind] {
			c := &o.Calls[got.Kind][i]
			if c.Path != got.Path {
				continue
			}
			if err := usable(got, c.Status, url); err != nil {
				return err
			}
			took := got.End.Sub(got.Start)
			c.Status, c.Endless = got.Status, got.Kind == load.Stream && took >= c.Hold
			if got.Kind == load.Long {
				c.Takes = 2 * took
			}
		}
	}
	return nil
}

// usable refuses an answer that tells nothing about a switch.
func usable(got load.Request, want int, url string) error {
	switch {
	case got.Status == 0:
		return model.Refuse(model.LoadFailed, "%s %s of %s is not answered, before anything was switched: %s%s", got.Kind, got.Path, url, got.Err, remedy(got))
	case want != 0 && got.Status != want:
		return model.Refuse(model.LoadFailed, "%s %s of %s answers %d, and must answer %d; name a path that does: --path %s=/PATH", got.Kind, got.Path, url, got.Status, want, got.Kind)
	case got.Status >= http.StatusInternalServerError:
		return model.Refuse(model.LoadFailed, "%s %s of %s answers %d before anything was switched; name a path that works: --path %s=/PATH", got.Kind, got.Path, url, got.Status, got.Kind)
	case got.Status == http.StatusMovedPermanently || got.Status == http.StatusPermanentRedirect:
		return model.Refuse(model.LoadFailed, "%s %s of %s answers %d, which nginx may do by itself, so that no colour gets a request; name the address to which it leads (--url), or another path (--path)", got.Kind, got.Path, url, got.Status)
	case got.Failed() && got.Loss != load.WrongAnswer:
		return model.Refuse(model.LoadFailed, "%s %s of %s is not complete, before anything was switched: %s", got.Kind, got.Path, url, got.Err)
	}
	return nil
}

func remedy(got load.Request) string {
	if got.Loss == load.NotConnected {
		return "; name the address at which nginx answers: --url"
	}
	return fmt.Sprintf("; name the address and its host (--url, --header \"Host: NAME\", --insecure), or another path: --path %s=/PATH", got.Kind)
}
