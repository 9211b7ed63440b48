package engine

// PulseLimit is for tests outside the package.
const PulseLimit = pulseLimit
