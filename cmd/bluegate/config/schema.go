package config

import _ "embed"

// Schema is the output of `bluegate schema config`. A test generates it from the structs of bluegate.yml.
//
//go:embed config.schema.json
var Schema string
