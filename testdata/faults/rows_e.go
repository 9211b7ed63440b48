package main

// E: nginx.
var rowsE = []row{
	{id: "E1", injected: "a colour is live, and nginx's container is missing or stopped; two match", required: "exit 7 before the new colour is started; two: refused", tests: []string{"./testdata/e2e:TestNginxStoppedOrMissing", "./nginx:TestFindAmongPassingContainers"}},
	{id: "E2", injected: "nginx -t fails for the coming configuration", required: "the old bytes stay, exit 3, the new colour removed", tests: []string{"./nginx:TestRehearseRefusesInNginxsOwnWords", "./testdata/e2e:TestForeignSiteBroken"}},
	{id: "E3", injected: "host not found in upstream", required: "retried while the name registers", tests: []string{"./testdata/e2e:TestUpstreamDoesNotResolve", "./nginx:TestRehearseWaitsForNames"}},
	{id: "E4", injected: "a reload returns 0 and is not applied", required: "the proof fails; restored, exit 3", tests: []string{"./testdata/e2e:TestReloadNotApplied", "./nginx:TestSwitchThatNginxDoesNotApply", "./nginx:TestWrongTurnsOfStorages", "./nginx:TestWrongTurnsOnTheHost"}},
	{id: "E6", injected: "the first process of nginx's container is a shell", required: "reloaded the way that works", tests: []string{"./nginx:TestSwitchBehindAnotherFirstProcess"}},
	{id: "E8, E9", injected: "a mounted file, a read-only mount, and the other ways to store a configuration", required: "switched correctly, or refused before anything is started", tests: []string{"./testdata/e2e:TestStorage", "./testdata/e2e:TestStaleSingleFile", "./nginx:TestWrongTurnsOfASingleFile"}},
	{id: "E10", injected: "the configuration is edited by hand between two runs, and during one", required: "never overwritten", tests: []string{"./testdata/e2e:TestHandEditNotLoaded", "./testdata/e2e:TestEditedDuringTheGate", "./nginx:TestSwitchDoesNotOverwriteAnEdit", "./nginx:TestWrongTurnsOfModes", "./nginx:TestObserveSeesAnOldFileThatWasMovedThere"}},
	{id: "E12", injected: "requests of seconds in flight at the switch", required: "all answered by the old colour; the drain waits", tests: []string{"./testdata/e2e:TestStreamsAndLongRequestsOutliveTheSwitch"}},
	{id: "E13", injected: "a stream held open for ever", required: "the drain's limit, exit 5, the old colour kept", tests: []string{"./testdata/e2e:TestStreamThatNeverEnds", "./testdata/e2e:TestScenarios/drain_limit"}},
	{id: "E14", injected: "an address leads to another container than the release's", required: "refused; never serves a stranger", tests: []string{"./nginx:TestReachRefuses", "./nginx:TestWrongTurnsOfStorages"}},
	{id: "E16", injected: "nginx's container is restarted in the gate, and in the bake", required: "still the new colour; the proof repeated", tests: []string{"./testdata/e2e:TestNginxRestartedDuringTheGate", "./deploy:TestBakeLasts"}},
	{id: "E17", injected: "another site in the same nginx is broken", required: "refused, names the foreign file", tests: []string{"./testdata/e2e:TestForeignSiteBroken"}},
}
