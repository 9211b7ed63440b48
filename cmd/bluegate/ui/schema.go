package ui

import _ "embed"

// ReportSchema is what `bluegate schema report` prints; the closed list of reasons is kept there.
//
//go:embed report.schema.json
var ReportSchema string
