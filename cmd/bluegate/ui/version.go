package ui

import (
	"cmp"
	"fmt"
	"strings"

	"bluegate/cmd/bluegate/ui/style"
	"bluegate/deploy/model"
)

// VersionResult is the output of `bluegate version --format json`.
type VersionResult struct {
	Command     string          `json:"command"`
	Outcome     model.Outcome   `json:"outcome"`
	ExitCode    int             `json:"exit_code"`
	Client      ClientVersions  `json:"client"`
	Engine      *EngineVersions `json:"engine"` // null: it was not reached
	EngineError string          `json:"engine_error,omitempty"`
}

// ClientVersions are those of this executable.
type ClientVersions struct {
	Version    string `json:"version"`
	Commit     string `json:"commit,omitempty"` // empty: it was not built in a checkout
	CommitTime string `json:"commit_time,omitempty"`
	Modified   bool   `json:"modified,omitempty"` // the checkout differed from the commit
	Go         string `json:"go"`
	Compose    string `json:"compose"`       // the version of Compose's library
	API        string `json:"api,omitempty"` // the newest version of the engine's API that it speaks
	Platform   string `json:"platform"`
}

// EngineVersions are those of the engine.
type EngineVersions struct {
	Version  string `json:"version"`
	Endpoint string `json:"endpoint"`
	Platform string `json:"platform"`
	API      string `json:"api"` // the newest that it speaks
	MinAPI   string `json:"min_api"`
	UsedAPI  string `json:"used_api"` // by this executable
}

// VersionText returns the versions for people.
func VersionText(v VersionResult) string {
	var b strings.Builder
	commit := cmp.Or(v.Client.Commit, "not known")
	if v.Client.Modified {
		commit += ", modified"
	}
	fmt.Fprintf(&b, "bluegate %s\n  commit    %s%s\n  built     %s, %s\n  Compose   %s\n", v.Client.Version, commit, style.Prefixed(", ", v.Client.CommitTime), v.Client.Go, v.Client.Platform, cmp.Or(v.Client.Compose, "not known"))
	if v.Client.API != "" {
		fmt.Fprintf(&b, "  API       %s\n", v.Client.API)
	}
	if v.Engine == nil {
		fmt.Fprintf(&b, "engine: %s\n", style.Indent(cmp.Or(v.EngineError, "not asked"), "  "))
		return b.String()
	}
	fmt.Fprintf(&b, "engine %s\n  at        %s\n  platform  %s\n  API       %s (at least %s), %s is used\n", v.Engine.Version, v.Engine.Endpoint, v.Engine.Platform, v.Engine.API, v.Engine.MinAPI, v.Engine.UsedAPI)
	return b.String()
}
