package config

import "time"

// checkSection is one question; exactly one of the first five keys says of which kind.
type checkSection struct {
	HTTP string   `yaml:"http" expand:"colour" fill:"environment" doc:"The URL to ask; ${NAME} is taken from the environment."`
	TCP  string   `yaml:"tcp" expand:"colour" doc:"The host:port to connect to."`
	TLS  string   `yaml:"tls" expand:"colour" doc:"The host:port whose certificate has to be valid."`
	DNS  string   `yaml:"dns" expand:"colour" doc:"The name to resolve."`
	Exec []string `yaml:"exec" expand:"colour" doc:"The command that has to end with exit code 0."`

	From        string            `yaml:"from" choice:"client nginx container" doc:"Where the question is asked from; without it, the client for a loopback address, a published port and a command, else nginx's network."`
	Service     string            `yaml:"service" expand:"colour" doc:"The service whose containers are meant, with from: container."`
	Method      string            `yaml:"method" doc:"The method of the request; GET without it."`
	Headers     map[string]string `yaml:"headers" expand:"colour" fill:"environment" doc:"Headers of the request; ${NAME} is taken from the environment."`
	Body        string            `yaml:"body" expand:"colour" fill:"environment" doc:"The body of the request; ${NAME} is taken from the environment."`
	Redirects   bool              `yaml:"redirects" doc:"Whether redirects are followed; without it a redirect is an answer."`
	CA          string            `yaml:"ca" doc:"A PEM file of the certificates to trust instead of the system's."`
	Insecure    bool              `yaml:"insecure" doc:"Whether any certificate is trusted."`
	Status      string            `yaml:"status" doc:"The status codes that pass: 200-299."`
	Contains    string            `yaml:"contains" expand:"colour" doc:"What the body has to contain."`
	ContainsNot string            `yaml:"contains_not" expand:"colour" doc:"What the body must not contain."`
	Latency     time.Duration     `yaml:"latency" doc:"How long a good answer may take."`
	DaysLeft    int               `yaml:"days_left" doc:"How many days a certificate has to be valid still."`
	Timeout     time.Duration     `yaml:"timeout" doc:"How long one attempt may take; 5s without it."`
	Attempts    int               `yaml:"attempts" doc:"How often it is asked before it has failed; 3 without it."`
	Interval    time.Duration     `yaml:"interval" doc:"The pause between two attempts; 1s without it."`
	Passes      int               `yaml:"passes" doc:"How many attempts in a row have to pass; 1 without it."`
}

// hooksSection are commands, each a list of its words; no shell is between.
type hooksSection struct {
	BeforeUp     [][]string    `yaml:"before_up" expand:"colour" doc:"Before the new colour is started; a failure refuses the release."`
	BeforeSwitch [][]string    `yaml:"before_switch" expand:"colour" doc:"Before nginx is switched; a failure refuses the release."`
	AfterSwitch  [][]string    `yaml:"after_switch" expand:"colour" doc:"After the switch was proven."`
	OnFailure    [][]string    `yaml:"on_failure" expand:"colour" doc:"When a deployment did not succeed."`
	AfterAll     [][]string    `yaml:"after_all" expand:"colour" doc:"At the end, whatever came of it."`
	Timeout      time.Duration `yaml:"timeout" doc:"How long one command may take; 10m without it."`
}
