package model

import (
	"context"

	"bluegate/deploy/judge"
)

// RequestSource is what nginx says of the requests that it passed to the colours.
type RequestSource interface {
	// Requests returns what nginx logged since it was asked last, and begins to receive it. Observe comes first. An error
	// says that nothing was received, and nothing about the release.
	Requests(ctx context.Context, port int) (judge.Batch, error)

	// EndRequests ends that.
	EndRequests(ctx context.Context, port int) error
}

// RequestLog is what nginx's configuration says of the log from which a release is judged.
type RequestLog struct {
	Port int
	// Gate is the file that says until when requests are logged, as nginx sees it; empty: there is none.
	Gate string
	// Unseen are the places from which requests go to a colour that are not logged.
	Unseen []string
}
