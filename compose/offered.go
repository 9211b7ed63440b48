package compose

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/command"
	"github.com/docker/docker/client"

	"bluegate/compose/engine"
	"bluegate/deploy/model"
)

// registryLimit is how long a registry may take to answer for one image.
const registryLimit = 15 * time.Second

// Offered implements model.ImageStore. The engine sends the request, to where it would pull from.
func (s *Stack) Offered(ctx context.Context, ref string) error {
	auth, err := command.RetrieveAuthTokenFromImage(s.cli.ConfigFile(), ref)
	if err != nil {
		return fmt.Errorf("read the credentials for its registry: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, registryLimit)
	defer cancel()
	_, err = s.engine.DistributionInspect(limited, ref, auth)
	if err != nil { // the type of the error is kept
		err = daemonError{err}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		return fmt.Errorf("its registry did not answer within %s", registryLimit)
	case client.IsErrConnectionFailed(err):
		return s.engine.Unreachable(err)
	case errdefs.IsNotFound(err) && s.mirrored(ctx, ref):
		return fmt.Errorf("a mirror of its registry does not have it: %w", err)
	case errdefs.IsNotFound(err), errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return &model.NotOfferedError{Err: err}
	}
	return fmt.Errorf("its registry could not be reached: %w", err)
}

// mirrored says whether the engine asks a mirror first, whose answer is not the registry's. If that is not known, it
// says yes.
func (s *Stack) mirrored(ctx context.Context, ref string) bool {
	name, err := reference.ParseNormalizedNamed(ref)
	if err != nil || reference.Domain(name) != "docker.io" { // the only registry that the engine can mirror
		return false
	}
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	info, err := s.engine.Info(ctx)
	return err != nil || info.RegistryConfig != nil && len(info.RegistryConfig.Mirrors) > 0
}

// daemonError is the engine's answer without the prefix that the client adds.
type daemonError struct{ error }

func (e daemonError) Error() string {
	return strings.TrimPrefix(e.error.Error(), "Error response from daemon: ")
}
func (e daemonError) Unwrap() error { return e.error }
