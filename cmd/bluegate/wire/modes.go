package wire

// ServeMode makes this executable run as the agent, for installations without the small executable.
const ServeMode = "__serve"

// WaitMode makes this executable wait for a signal.
const WaitMode = "__wait"

// OverlayMode makes this executable run a command that sees changed files which are not written yet: package overlay.
const OverlayMode = "__overlay"
