// Package plan decides what a deployment does. It does no I/O: an Observation and Settings go in, and
// a Plan comes out, or the refusal. A dry run prints the Plan that a deployment executes.
package plan
