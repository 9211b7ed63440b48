package model

import (
	"errors"
	"fmt"
	"strings"
)

// Code names why a release was refused. The list is closed: the report's schema holds it.
type Code string

// The reasons of a refusal: what each one means, and what to do. docs/reasons.md is made from these comments.
const (
	// Unhealthy: A container's healthcheck failed as often as its retries allow. The report has the last probe and the end of the log. Repair the release and deploy again.
	Unhealthy Code = "unhealthy"
	// NoHealthcheck: A service has no healthcheck, so it cannot be told whether it works. Add the healthcheck that the message shows, or allow it: `gate: {without_healthcheck: {SERVICE: running}}`.
	NoHealthcheck Code = "no-healthcheck"
	// Exited: A container ended although it should run, or a one-shot service ended with another exit code than 0. The report has the code and the end of the log.
	Exited Code = "exited"
	// OOMKilled: The kernel killed a container because it used more memory than it may. Raise its limit, or look for the leak.
	OOMKilled Code = "oom-killed"
	// Restarting: A container's process ended and the engine started it again. It would do so in front of users.
	Restarting Code = "restarting"
	// Flapping: A container became unhealthy again and again after it was healthy. Look at the probe's output in the report.
	Flapping Code = "flapping"
	// Paused: Someone paused a container during the gate. Unpause it, and deploy again.
	Paused Code = "paused"
	// Vanished: Someone removed a container during the gate.
	Vanished Code = "vanished"
	// Missing: A container of the release was never created: fewer run than the Compose file declares.
	Missing Code = "missing"
	// Timeout: The release was not healthy in time. The time is computed from the healthchecks; `gate.timeout` sets another one.
	Timeout Code = "timeout"
	// PullFailed: An image could not be pulled: its name or tag does not exist, the registry refused the credentials, or it did not answer.
	PullFailed Code = "pull-failed"
	// BuildFailed: An image could not be built. The report has the end of the build's output.
	BuildFailed Code = "build-failed"
	// CreateFailed: Compose or the engine could not create or start a container: a port or a name is taken, a volume or a network is missing. The message is theirs.
	CreateFailed Code = "create-failed"
	// CheckFailed: A check of bluegate.yml got another answer than it wants. The report shows the answer.
	CheckFailed Code = "check-failed"
	// NotReachable: nginx cannot connect to an address of the release, or its name does not lead to the new containers. Put both on one network, and let the service listen on 0.0.0.0.
	NotReachable Code = "not-reachable"
	// HookFailed: A command of `hooks` failed. The report has the end of its output.
	HookFailed Code = "hook-failed"
	// NginxTestFailed: `nginx -t` refuses the configuration that the switch would write. The message is nginx's.
	NginxTestFailed Code = "nginx-test-failed"
	// NginxNotSwitched: nginx cannot be switched, or would not stay switched: bluegate may not write its file or signal it, or its next start would undo the switch. The message says what to change.
	NginxNotSwitched Code = "nginx-not-switched"
	// ConfigNotLoaded: nginx serves another configuration than its files hold, or sees other files than bluegate: someone edited a file and did not reload, or a mounted file was replaced. Reload nginx, or do what the message says.
	ConfigNotLoaded Code = "config-not-loaded"
	// SwitchPointNotFound: No place in nginx's configuration names a colour in a way that bluegate can change. `bluegate init` proposes a configuration.
	SwitchPointNotFound Code = "switch-point-not-found"
	// SwitchPointAmbiguous: It cannot be told what to change: nginx names both colours in one place, or one address leads to both. The message has the places.
	SwitchPointAmbiguous Code = "switch-point-ambiguous"
	// CannotCoexist: Both colours cannot run at the same time: they publish the same port, or have the same container name, or a second database would be started.
	CannotCoexist Code = "cannot-coexist"
	// StillDraining: The colour that this command needs still answers requests of an earlier release. Wait, then run `bluegate settle`.
	StillDraining Code = "still-draining"
	// LiveUnknown: Containers of a colour run, and it cannot be proven what nginx serves. Nothing may be replaced then. `bluegate status` shows the evidence.
	LiveUnknown Code = "live-unknown"
	// AddressLeftOver: After the switch another place of nginx's configuration would still lead to the old colour. The message shows the edit.
	AddressLeftOver Code = "address-left-over"
	// WouldLoseData: A volume or a network differs from its declaration, and Compose could only recreate it. Change the declaration back, or move the data yourself.
	WouldLoseData Code = "would-lose-data"
	// Worse: The requests that users made of the release failed more often, or took longer, than `judge` allows. The report has the figures and the worst paths. nginx was pointed back.
	Worse Code = "judged-worse"
	// TooFewRequests: The requests that were seen do not tell whether the release is good: there were too few, or nginx does not log them. `bluegate doctor` shows the lines that nginx needs; `judge.too_few` decides what happens then.
	TooFewRequests Code = "judge-cannot-tell"
	// CanaryIncomplete: A service would not take part in the canary, so that a client could meet both colours at once. The message has the places and the edits.
	CanaryIncomplete Code = "canary-incomplete"
	// PreviewIncomplete: A place of nginx's configuration would give a tester the live colour (`preview.header`, `preview.cookie`). The message has the places and the edits.
	PreviewIncomplete Code = "preview-incomplete"
	// CanaryKeyConstant: All clients have the same key (`canary.by`), as behind another proxy, so that all of them would get the same colour. Choose a key that tells clients apart, such as `$http_x_forwarded_for`, or set `real_ip_header`.
	CanaryKeyConstant Code = "canary-key-constant"
	// WouldLoseRollback: A drill would remove containers of the idle colour that nothing holds a copy of, or that still run: a rollback could not go back to them afterwards. The message says which, and what to do with them.
	WouldLoseRollback Code = "would-lose-rollback"
	// CannotCopy: A drill cannot start a copy of the live colour: a service of one colour has none in the other, or it is not known which image it runs.
	CannotCopy Code = "cannot-copy"
	// LoadFailed: The requests of a drill were not answered as they should be before anything was switched, so that they would tell nothing. Name the address of nginx (`--url`), its host (`--header "Host: NAME"`), or paths that answer (`--path`).
	LoadFailed Code = "load-failed"
	// ForeignJournal: Another application with the same name was deployed to this engine. Give this one a `project` of its own.
	ForeignJournal Code = "foreign-journal"
	// PreviewPending: A release waits to be promoted, and this command would remove it. Promote it (`bluegate promote`), give it up (`bluegate abort`), or use `--replace`, which gives it up first.
	PreviewPending Code = "preview-pending"
	// PreviewOver: The time of a preview (`preview.timeout`) was over before it was promoted, so the release was removed. Deploy it again.
	PreviewOver Code = "preview-over"
)

// Reason is one cause of a refusal with its evidence.
type Reason struct {
	Code      Code     `json:"code"`
	Service   string   `json:"service,omitempty"`
	Container string   `json:"container,omitempty"`
	Message   string   `json:"message"`
	LastProbe string   `json:"last_probe,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	OOMKilled bool     `json:"oom_killed,omitempty"`
	LogTail   []string `json:"log_tail,omitempty"`

	ContainerID string `json:"-"`
}

// String is the code, the service and the container unless the message names them, and the message.
func (r Reason) String() string {
	text := string(r.Code)
	for _, part := range []string{r.Service, r.Container} {
		if part != "" && !strings.Contains(r.Message, part) {
			text += ": " + part
		}
	}
	return text + ": " + r.Message
}

// Finding is something that the user should know and that refuses nothing.
type Finding struct {
	Code    string `json:"code"` // local-image, pull-skipped, nginx-absent, not-persistent, ...
	Message string `json:"message"`
	Place   string `json:"place,omitempty"`  // file:line
	Cost    string `json:"cost,omitempty"`   // what it costs to leave it so
	Remedy  string `json:"remedy,omitempty"` // ready to paste
}

// RefusedError says that a release may not take traffic, or that something may not be touched. Whoever returns it has changed
// nothing that has to be undone by hand.
type RefusedError struct{ Reasons []Reason }

// Refuse makes a RefusedError of one reason.
func Refuse(code Code, format string, args ...any) error {
	return &RefusedError{Reasons: []Reason{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

// Error lists all reasons: a person repairs them in one go.
func (e *RefusedError) Error() string {
	texts := make([]string, len(e.Reasons))
	for i, r := range e.Reasons {
		texts[i] = r.String()
	}
	return "refused: " + strings.Join(texts, "; ")
}

// InvalidError is a fault of what the user wrote: in the Compose files, in bluegate.yml, or on the command line. Nothing was
// touched.
type InvalidError struct {
	Reasons []Reason // filled where a code of the closed list says it
	Err     error
}

// Invalid makes an InvalidError.
func Invalid(format string, args ...any) error {
	return &InvalidError{Err: fmt.Errorf(format, args...)}
}

func (e *InvalidError) Error() string { return e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// UnreachableError says that the engine or nginx could not be asked. It says nothing about the release: what waits for one of
// them asks again, and where nothing was changed yet the run ends with an exit code of its own.
type UnreachableError struct {
	What string // "the engine at unix:///var/run/docker.sock", "nginx"
	Err  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s cannot be asked: %v", e.What, e.Err)
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// LockedError says who holds a lock. A lock whose holder has died is taken over, and is none.
type LockedError struct {
	Lock   string
	Holder Holder
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("another deployment holds the lock %s: %s", e.Lock, e.Holder)
}

// ManualActionError says that what is live could not be brought to a clean state, so that a person has to decide; nothing that
// may serve was stopped. Where an error wraps several kinds, this one decides the outcome.
type ManualActionError struct {
	Err error
	Run string // the command to run, or what to look at
}

func (e *ManualActionError) Error() string { return e.Err.Error() }
func (e *ManualActionError) Unwrap() error { return e.Err }

// ReasonsOf are the reasons that an error carries, however deep it wraps them: those of the first RefusedError in it, or else
// of the first InvalidError. They are the error's own, so that evidence can be added to them.
func ReasonsOf(err error) []Reason {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Reasons
	}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reasons
	}
	return nil
}

// NotOfferedError says that a registry was asked for an image and does not have it, or does not give it to us.
type NotOfferedError struct{ Err error }

func (e *NotOfferedError) Error() string { return "its registry does not serve it: " + e.Err.Error() }
func (e *NotOfferedError) Unwrap() error { return e.Err }

// StopHookError says that pre_stop hooks failed, of containers that were stopped or removed all the same.
type StopHookError struct{ Err error }

func (e *StopHookError) Error() string { return e.Err.Error() }
func (e *StopHookError) Unwrap() error { return e.Err }

// Is says that an error is of a type, or wraps one that is.
func Is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
