// Package pulling pulls the images of a release, asks their registries, and notes what came. It removes nothing.
package pulling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bluegate/deploy/model"
	"bluegate/deploy/plan"
	"bluegate/deploy/redact"
)

// Pull pulls images for the services of m. One that its registry does not serve is used as it is on the engine, which is a
// finding, unless a pull_policy insists on pulling it. What a registry serves has to come: a *model.RefusedError names the
// images and services that did not. tell is called from several goroutines.
func Pull(ctx context.Context, store model.ImageStore, m model.Model, images []plan.Image, tell func(model.Transfer)) (notServed []model.Finding, err error) {
	failed := store.Pull(ctx, m, plan.Services(images), tell)
	if failed == nil {
		return nil, nil
	}
	dispensable := slices.DeleteFunc(slices.Clone(images), func(img plan.Image) bool { return !img.Dispensable })
	offered := Ask(ctx, store, dispensable)
	served := slices.DeleteFunc(slices.Clone(images), func(img plan.Image) bool { return offered[img.Ref] != nil })
	switch {
	case ctx.Err() != nil, len(served) == len(images), Unanswered(offered) != nil:
		return nil, refusal(images, failed)
	case len(served) > 0:
		if failed = store.Pull(ctx, m, plan.Services(served), tell); failed != nil {
			return nil, refusal(served, failed)
		}
	}
	for _, img := range images {
		if why := offered[img.Ref]; why != nil {
			notServed = append(notServed, plan.NotServed(img.Ref, why))
		}
	}
	return notServed, nil
}

// Ask asks the registries for the manifests of images, in parallel. The answers are by the images' references; nil: the
// registry has the image.
func Ask(ctx context.Context, store model.ImageStore, images []plan.Image) map[string]error {
	var all sync.WaitGroup
	answers := make([]error, len(images))
	for i, img := range images {
		all.Go(func() { answers[i] = store.Offered(ctx, img.Ref) })
	}
	all.Wait()
	offered := map[string]error{}
	for i, img := range images {
		offered[img.Ref] = answers[i]
	}
	return offered
}

// Unanswered is the error among the answers of Ask that an engine gave which did not answer. It says nothing about an image.
func Unanswered(offered map[string]error) error {
	var unreachable *model.UnreachableError
	for _, err := range offered {
		if errors.As(err, &unreachable) {
			return unreachable
		}
	}
	return nil
}

// noteLimit is the longest time that Note may take.
const noteLimit = time.Minute

// Note notes in brought which images came, also after a pull that failed or was interrupted. Only what is noted is ever
// removed: someone else may bring an image of the same name. Where the engine does not say it, nothing is noted.
func Note(ctx context.Context, store model.ImageStore, m model.Model, brought []model.PulledImage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	images, err := store.Images(ctx, m)
	if err != nil {
		return
	}
	for i, b := range brought {
		for _, img := range images {
			if img.Ref == b.Ref && img.ID != b.Before {
				brought[i].ID = img.ID
			}
		}
	}
}

// refusal names the images and services. The registry's error often does not.
func refusal(images []plan.Image, err error) error {
	var refs []string
	for _, img := range images {
		refs = append(refs, img.Ref)
	}
	return &model.RefusedError{Reasons: []model.Reason{{Code: model.PullFailed, Service: strings.Join(plan.Services(images), ", "), Message: fmt.Sprintf("pull %s: %s", strings.Join(refs, ", "), redact.Sanitize(err.Error()))}}}
}
