package config

import _ "embed"

// Schema is what `bluegate schema config` prints. A test makes it from the structs of bluegate.yml.
//
//go:embed config.schema.json
var Schema string
