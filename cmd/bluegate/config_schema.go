package main

import _ "embed"

// configSchema is what `bluegate schema config` prints. A test makes it from the structs of bluegate.yml.
//
//go:embed config.schema.json
var configSchema string
