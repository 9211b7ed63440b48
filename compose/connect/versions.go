package connect

import (
	"context"
	"fmt"

	"github.com/docker/docker/api"

	"bluegate/compose/engine"
)

// EngineVersions are what an engine says of itself.
type EngineVersions struct {
	Version, Endpoint, Platform string
	API, MinAPI, UsedAPI        string // the newest and the oldest that it speaks, and the one that this client uses
}

// NewestAPI is the newest version of the engine's API that this client speaks.
func (c *Connection) NewestAPI() string { return api.DefaultVersion }

// Versions asks the engine.
func (c *Connection) Versions(ctx context.Context) (EngineVersions, error) {
	ctx, cancel := engine.Asking(ctx)
	defer cancel()
	v, err := c.ServerVersion(ctx)
	if err != nil {
		return EngineVersions{}, c.Unreachable(fmt.Errorf("ask for the versions: %w", err))
	}
	return EngineVersions{Version: v.Version, Endpoint: c.Endpoint, Platform: v.Os + "/" + v.Arch, API: v.APIVersion, MinAPI: v.MinAPIVersion, UsedAPI: c.ClientVersion()}, nil
}
