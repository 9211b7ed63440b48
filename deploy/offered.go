package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
)

// NotOfferedError says that a registry was asked for an image and does not have it, or does not give it to us.
type NotOfferedError struct{ Err error }

func (e *NotOfferedError) Error() string { return "its registry does not serve it: " + e.Err.Error() }
func (e *NotOfferedError) Unwrap() error { return e.Err }

// askRegistries asks for the manifest of each image, all at once.
func (r *run) askRegistries(ctx context.Context, refs []string) map[string]error {
	var mu sync.Mutex
	var all sync.WaitGroup
	offered := map[string]error{}
	for _, ref := range refs {
		all.Go(func() {
			err := r.Stack.Offered(ctx, ref)
			mu.Lock()
			defer mu.Unlock()
			offered[ref] = err
		})
	}
	all.Wait()
	return offered
}

// dispensable are the images of services that are on the engine and that no pull_policy insists on pulling: where a
// registry does not serve one, it is used as it is. An engine with containerd's image store says of every image that it
// came from a registry.
func (r *run) dispensable(services []string) (refs []string) {
	for _, ref := range r.refs(services) {
		insisted := slices.ContainsFunc(services, func(name string) bool {
			s, _ := r.release.Model.Service(name)
			img, _ := model.ImageOf(r.images, name)
			return img.Ref == ref && (img.ID == "" || s.PullPolicy == model.PolicyAlways || s.PullPolicy == model.PolicyRefresh)
		})
		if !insisted {
			refs = append(refs, ref)
		}
	}
	return refs
}

// notServed says that an image is used as it is on the engine, and why.
func notServed(ref string, why error) model.Finding {
	return model.Finding{Code: "local-image", Message: fmt.Sprintf("%s is used as it is on this engine (it was not pulled: %s); `pull_policy: always` refuses that, and `never` does not ask", ref, redact.Sanitize(why.Error()))}
}

// foresee is plan for a command that only looks: it asks the registries what a deployment would pull, and pulls nothing.
func (r *run) foresee(ctx context.Context) error {
	if err := r.plan(ctx); err != nil {
		return err
	}
	services := r.from(fromRegistry)
	dispensable := r.dispensable(services)
	offered := r.askRegistries(ctx, r.refs(services))
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := unanswered(offered); err != nil {
		return err
	}
	refused := &model.RefusedError{}
	for _, ref := range r.refs(services) {
		var absent *NotOfferedError
		switch err := offered[ref]; {
		case err == nil:
		case errors.As(err, &absent) && slices.Contains(dispensable, ref):
			r.local = append(r.local, ref)
			r.note(notServed(ref, err))
		case errors.As(err, &absent):
			refused.Reasons = append(refused.Reasons, model.Reason{Code: model.PullFailed, Message: fmt.Sprintf("pull %s: %s", ref, redact.Sanitize(err.Error()))})
		default:
			r.note(notAsked(ref, err, slices.Contains(dispensable, ref)))
		}
	}
	if len(refused.Reasons) > 0 {
		return refused
	}
	return nil
}

// notAsked says that it is not known whether an image can be pulled.
func notAsked(ref string, why error, dispensable bool) model.Finding {
	then := "a deployment is refused if it cannot pull it"
	if dispensable {
		then = "a deployment that cannot pull it uses the image that is on this engine"
	}
	return model.Finding{Code: "not-checked", Message: fmt.Sprintf("whether %s can be pulled was not checked: %s; %s", ref, redact.Sanitize(why.Error()), then)}
}
