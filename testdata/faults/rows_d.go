package main

// D: input that is wrong or hostile.
var rowsD = []row{
	{id: "D1", injected: "invalid YAML, an unknown field, a cycle, a missing env_file, an undefined network, a required variable unset", required: "exit 2, file and line, the engine untouched", tests: []string{"./testdata/e2e:TestBadInputs", "./compose/load:TestWhatComposeRejectsHasAPlace"}},
	{id: "D2", injected: "a project called ../x, -rf, $(id), and others", required: "refused; never near a shell", tests: []string{"./cmd/bluegate/wire:TestProjectNames", "./compose/load:TestApplicationName"}},
	{id: "D3", injected: "bluegate.yml that others can write to, a symlink out of the tree, a FIFO, a folder", required: "refused", tests: []string{"./cmd/bluegate/config:TestFileThatIsNotToBeTrusted"}},
	{id: "D5", injected: "the same container_name, host port or service key in both colours", required: "exit 2, both places", tests: []string{"./cmd/bluegate:TestColoursThatCannotCoexist", "./compose/load:TestWhatCannotCoexist", "./compose/load:TestSameHostPort"}},
	{id: "D7", injected: "a hundred containers in one colour", required: "the gate decides within a second of the last one; readable output", reason: "a hundred containers take longer than all other rows together; what the gate does with any number of them is a property test, ./deploy/gate:TestVerdictsAreFinalAndTimely"},
}
