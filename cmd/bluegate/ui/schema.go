package ui

import _ "embed"

// ReportSchema is the output of `bluegate schema report`. It contains the closed list of reasons.
//
//go:embed report.schema.json
var ReportSchema string
