package connect

import "github.com/docker/docker/api"

// EngineVersions are what an engine says of itself.
type EngineVersions struct {
	Version, Endpoint, Platform string
	API, MinAPI, UsedAPI        string // the newest and the oldest that it speaks, and the one that this client uses
}

// NewestAPI is the newest version of the engine's API that this client speaks.
func (c *Connection) NewestAPI() string { return api.DefaultVersion }

// Versions are those of the engine, as it said them when it was connected to.
func (c *Connection) Versions() EngineVersions {
	v := c.About
	return EngineVersions{Version: v.Version, Endpoint: c.Endpoint, Platform: v.Os + "/" + v.Arch, API: v.APIVersion, MinAPI: v.MinAPIVersion, UsedAPI: c.ClientVersion()}
}
