package main

import _ "embed"

// reportSchema is what `bluegate schema report` prints; the closed list of reasons is kept there.
//
//go:embed report.schema.json
var reportSchema string
