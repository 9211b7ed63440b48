// Package deploy runs a deployment: it observes, makes a plan (package plan), and executes it. It asks Compose and the
// engine, nginx, and the lock and the journal through the ports of package model, and knows nothing of how these work.
//
//	lock → settle → observe → plan → pull → up → gate → checks → switch → bake → drain → retire
//	                                 └───────── abandon ────────┘└──── rollback ───┘└ never undone
//
// A rollback by command takes the same way with an earlier release: its containers are started instead of created, and
// stopped again where others would be removed. A preview ends before the switch, and its promotion begins there; a canary and
// a drill switch more than once. All of them go through the same functions.
//
// Each command is a method of Deployer, and reads from top to bottom in the file that is named after it. Its steps are
// functions of run, each in a file of its own. What a step needs less than the run for is a package below: observing, pulling,
// await and gate, asking and check, judging and judge, baking, hooks, drill, stage. What can be decided without asking anyone
// is in package plan.
//
// Three rules hold at every point. No colour is stopped while nginx's files, the configuration that nginx runs or a living
// old worker names it. Undo runs on a context of its own, so that an interrupted run still cleans up. What is true is
// asked of the engine and of nginx; the journal only says what was under way.
package deploy
