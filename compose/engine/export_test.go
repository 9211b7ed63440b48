package engine

// PulseLimit is for the tests outside the package.
const PulseLimit = pulseLimit
