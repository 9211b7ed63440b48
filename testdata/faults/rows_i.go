package main

// I: other machines, other tools, and a client that wakes up late.
var rowsI = []row{
	{id: "I1", injected: "an engine of another architecture than the executables that are installed", required: "exit 2 before the lock, by a dry run too; never after a change", tests: []string{"./deploy:TestNoHelper", "./deploy:TestConclude", "./cmd/bluegate/wire:TestFindAgent"}},
	{id: "I2", injected: "post_start and pre_stop hooks, one that fails, and a pre_start that fails", required: "run as by docker compose, at a rollback too; nothing left of them, nothing kept from being stopped", tests: []string{"./compose:TestHooks", "./compose:TestPreStartThatFails", "./deploy:TestPreStopHooksThatFail"}},
	{id: "I3", injected: "someone makes a colour live again by hand that had retired", required: "status and doctor say that it has no restart policy; the next command that changes something restores it", tests: []string{"./deploy:TestRestartPolicyAfterASwitchBackByHand"}},
	{id: "I4", injected: "a status or a health while a deployment sweeps what an earlier run left", required: "its helper stays", tests: []string{"./compose/state:TestSweep"}},
	{id: "I5", injected: "the engine dies between removing the journal's file and creating it again", required: "the draft is read", tests: []string{"./compose/state:TestJournalOfWhichOnlyTheDraftIsThere"}},
	{id: "I6", injected: "a client is suspended until its lock has ended: before a write, before a signal, while a request is on its way", required: "nothing more is written, signalled or removed", tests: []string{"./nginx:TestSwitchAfterTheLockEnded", "./nginx/agent:TestTooLate", "./compose/engine:TestLeasesThatEnded"}},
	{id: "I7 by hand", injected: "someone switches nginx to the release by a whole file, and then the release fails", required: "it stays, exit 5", tests: []string{"./deploy:TestMentionedByHand"}},
	{id: "I7 in place", injected: "SIGKILL between the padding and the cut of a file that is written in place", required: "the file is known again", tests: []string{"./nginx/agent:TestReplaceAfterAKillBeforeTheCut", "./nginx/fsys:TestHolds"}},
	{id: "I7 user", injected: "an nginx that does not run as root, with a configuration of root's in its own layer", required: "tested, switched, proven and taken back", tests: []string{"./nginx:TestSwitchWhateverNginxIs"}},
	{id: "I7 depends", injected: "a dependency that runs and is not healthy yet", required: "waited for", tests: []string{"./compose:TestUpWaitsForADependencyThatRuns"}},
	{id: "I7 group", injected: "a bluegate.yml that a group may write to", required: "refused, except for a group of its owner alone", tests: []string{"./cmd/bluegate/config:TestFileThatIsNotToBeTrusted", "./cmd/bluegate/config:TestSharedGroup"}},
	{id: "I8", injected: "docker compose up -d by hand: it recreates the live colour and starts the retired one", required: "status and doctor say what runs and what it means", tests: []string{"./deploy/plan:TestDrift", "./testdata/e2e:TestStartedWithoutBluegate"}},
	{id: "I9", injected: "GitHub cancels: SIGINT, and SIGTERM 7.5 s later", required: "no second signal of a person: the undoing continues", tests: []string{"./cmd/bluegate:TestEndsUndo", "./testdata/e2e:TestCtrlCAgain"}},
}
