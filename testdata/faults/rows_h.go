package main

// H: secrets, and text that wants to be more than text.
var rowsH = []row{
	{id: "H1", injected: "secrets in environment, labels, probe output and logs", required: "redacted everywhere, JSON included", tests: []string{"./testdata/e2e:TestSecretsAreShownNowhere", "./deploy/report:TestMaskReport"}},
	{id: "H3", injected: "a container's log with terminal escapes, or CI command lines", required: "neutralised", tests: []string{"./deploy/redact:TestSanitize", "./cmd/bluegate/ui/ci:TestMarkdownOfForeignText"}},
	{id: "H4, H5", injected: "names with quotes, newlines and semicolons; values that would end nginx's directive", required: "argv only; nginx's values validated", tests: []string{"./cmd/bluegate/wire:TestProjectNames", "./nginx:TestWholeFilesThatAreRefused"}},
}
