package model

import (
	"context"

	"bluegate/deploy/check"
)

// CheckRunner asks the questions of checks. Getting no answer is a Result; an error says that it could not be asked.
type CheckRunner interface {
	// Ask asks from a vantage; the container is that of check.Container.
	Ask(ctx context.Context, from check.Origin, c Container, q check.Request) (check.Result, error)

	// Close removes what asking needed.
	Close(ctx context.Context) error
}
