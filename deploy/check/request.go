package check

import "time"

// Request is what is asked, in a form that travels to where it is asked from.
type Request struct {
	Kind    Kind              `json:"kind"`
	Target  string            `json:"target,omitempty"` // URL, host:port or name
	Argv    []string          `json:"argv,omitempty"`   // exec
	Method  string            `json:"method,omitempty"` // http; empty: GET
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Wants is the header of the answer that is looked at, if any.
	Wants string `json:"wants,omitempty"`
	// Follow follows redirects. Without it a redirect is an answer like any other.
	Follow bool `json:"follow,omitempty"`
	// CA is a PEM file of the certificates to trust instead of the system's; Insecure trusts any.
	CA       []byte        `json:"ca,omitempty"`
	Insecure bool          `json:"insecure,omitempty"`
	Timeout  time.Duration `json:"timeout"`
}

// Result is what came of a question.
type Result struct {
	// Error is why there was no answer: connection refused, no answer in time, an untrusted certificate.
	Error     string        `json:"error,omitempty"`
	Took      time.Duration `json:"took"`
	Status    int           `json:"status,omitempty"`    // http
	Location  string        `json:"location,omitempty"`  // http: where a redirect leads
	Header    string        `json:"header,omitempty"`    // http: the one that was wanted
	Body      []byte        `json:"body,omitempty"`      // http: its beginning; exec: what was printed
	Cut       bool          `json:"cut,omitempty"`       // the body goes on
	NotAfter  time.Time     `json:"not_after,omitzero"`  // tls: the end of the certificate, or of the first of its chain
	Addresses []string      `json:"addresses,omitempty"` // dns
	ExitCode  int           `json:"exit_code,omitempty"` // exec
}

// BodyLimit is how much of a body is looked at.
const BodyLimit = 256 << 10
