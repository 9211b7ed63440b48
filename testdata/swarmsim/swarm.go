// Package swarmsim answers as the manager of a Swarm with any number of nodes does, so that the cost of a gate can be
// measured for more nodes than one machine carries. The shapes of its answers are those that three real engines gave
// (recorded/), and a test replays the same requests against both.
//
// It keeps what is created in memory. A task goes through the states of a real one, and runs after HealthyAfter.
package swarmsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Swarm is a simulated one, seen through its first manager.
type Swarm struct {
	HealthyAfter time.Duration // from the creation of a task until its container is healthy

	server *httptest.Server
	mu     sync.Mutex
	made   int // how many objects were given an id
	nodes  []object
	kept   map[string][]object // by kind: services, networks, configs, secrets
	tasks  []*task
	calls  []Call
}

// Call is a request that was answered.
type Call struct {
	Method, Path string // without the API's version and the query
	Bytes        int    // of the answer's body
	At           time.Time
}

// task is one of a service; what it says of itself follows from its age.
type task struct {
	id, service, node string
	slot              int
	made              time.Time

	state     string
	described object // in that state
}

// New starts a Swarm of so many nodes, of which the first three are managers. Close it.
func New(nodes int) *Swarm {
	s := &Swarm{HealthyAfter: time.Second, kept: map[string][]object{}}
	for n := range nodes {
		s.nodes = append(s.nodes, s.node(n))
	}
	s.server = httptest.NewServer(s)
	return s
}

// Close ends it.
func (s *Swarm) Close() { s.server.Close() }

// Host is what DOCKER_HOST has to be.
func (s *Swarm) Host() string { return "tcp://" + s.server.Listener.Addr().String() }

// Calls are the requests that were answered so far, in their order.
func (s *Swarm) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// ServeHTTP implements http.Handler.
func (s *Swarm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := apiVersion.ReplaceAllString(r.URL.Path, "")
	s.mu.Lock()
	status, body := s.answer(r, path)
	s.calls = append(s.calls, Call{r.Method, path, len(body), time.Now()})
	s.mu.Unlock()
	for name, value := range map[string]string{"Api-Version": "1.51", "Ostype": "linux", "Swarm": "active/manager", "Content-Type": "application/json"} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// newID is one that no other object has, as long as a Swarm's.
func (s *Swarm) newID() string {
	s.made++
	return fmt.Sprintf("%025d", s.made)
}

// node is the n-th node, from 0.
func (s *Swarm) node(n int) object {
	one := recorded("node")
	one["ID"] = s.newID()
	one.in("Description")["Hostname"] = fmt.Sprintf("node%d", n+1)
	if n >= 3 {
		one.in("Spec")["Role"] = "worker"
		delete(one, "ManagerStatus")
	}
	return one
}
