package config

import "time"

// checkSection is one check. Exactly one of the first five keys is set; it is the kind of the check.
type checkSection struct {
	HTTP string   `yaml:"http" expand:"colour" fill:"environment" doc:"The URL to request. ${NAME} is read from the environment."`
	TCP  string   `yaml:"tcp" expand:"colour" doc:"The host:port to connect to."`
	TLS  string   `yaml:"tls" expand:"colour" doc:"The host:port whose certificate must be valid."`
	DNS  string   `yaml:"dns" expand:"colour" doc:"The name to resolve."`
	Exec []string `yaml:"exec" expand:"colour" doc:"The command that must end with exit code 0."`

	From        string            `yaml:"from" choice:"client nginx container" doc:"Where the check runs. Default: client for a loopback address, a published port and a command, otherwise nginx."`
	Service     string            `yaml:"service" expand:"colour" doc:"The service whose containers are used with from: container."`
	Method      string            `yaml:"method" doc:"The method of the request. Default: GET."`
	Headers     map[string]string `yaml:"headers" expand:"colour" fill:"environment" doc:"Headers of the request. ${NAME} is read from the environment."`
	Body        string            `yaml:"body" expand:"colour" fill:"environment" doc:"The body of the request. ${NAME} is read from the environment."`
	Redirects   bool              `yaml:"redirects" doc:"Whether redirects are followed. Default: a redirect is the answer."`
	CA          string            `yaml:"ca" doc:"A PEM file with the certificates to trust instead of those of the system."`
	Insecure    bool              `yaml:"insecure" doc:"Whether any certificate is trusted."`
	Status      string            `yaml:"status" doc:"The status codes that pass: 200-299."`
	Contains    string            `yaml:"contains" expand:"colour" doc:"What the body must contain."`
	ContainsNot string            `yaml:"contains_not" expand:"colour" doc:"What the body must not contain."`
	Latency     time.Duration     `yaml:"latency" doc:"How long a good answer may take."`
	DaysLeft    int               `yaml:"days_left" doc:"How many days the certificate must still be valid."`
	Timeout     time.Duration     `yaml:"timeout" doc:"How long one attempt may take. Default: 5s."`
	Attempts    int               `yaml:"attempts" doc:"How many attempts are made before the check fails. Default: 3."`
	Interval    time.Duration     `yaml:"interval" doc:"The pause between two attempts. Default: 1s."`
	Passes      int               `yaml:"passes" doc:"How many attempts in a row must pass. Default: 1."`
}

// hooksSection are commands, each a list of words that is run without a shell.
type hooksSection struct {
	BeforeUp     [][]string    `yaml:"before_up" expand:"colour" doc:"Before the new colour is started; a failure refuses the release."`
	BeforeSwitch [][]string    `yaml:"before_switch" expand:"colour" doc:"Before nginx is switched; a failure refuses the release."`
	AfterSwitch  [][]string    `yaml:"after_switch" expand:"colour" doc:"After the switch is proven."`
	OnFailure    [][]string    `yaml:"on_failure" expand:"colour" doc:"When a deployment fails."`
	AfterAll     [][]string    `yaml:"after_all" expand:"colour" doc:"At the end, whatever the outcome."`
	Timeout      time.Duration `yaml:"timeout" doc:"How long one command may take. Default: 10m."`
}
