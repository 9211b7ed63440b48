package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"bluegate/testdata/pace"
	"bluegate/testdata/swarmsim"
)

// dialogue is a manager that is asked the way that bluegate asks it.
type dialogue struct {
	t      *testing.T
	client http.Client
	base   string
}

// simulatedAnswersAlike sends the same requests to this Swarm and to the simulated one (testdata/swarmsim), with which the cost
// of a gate is measured: status and shape of each answer are the same.
func simulatedAnswersAlike(t *testing.T) {
	sim := swarmsim.New(3)
	defer sim.Close()
	socket := strings.TrimPrefix(os.Getenv("BLUEGATE_SWARM_NODE1"), "unix://")
	overSocket := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	theirs := replay(&dialogue{t, http.Client{}, "http://" + strings.TrimPrefix(sim.Host(), "tcp://") + "/v1.51"})
	ours := replay(&dialogue{t, http.Client{Transport: overSocket}, "http://engine/v1.51"})
	for _, request := range slices.Sorted(maps.Keys(ours)) {
		if ours[request] != theirs[request] {
			t.Errorf("%s: the Swarm answers\n%s\nand the simulated one\n%s", request, ours[request], theirs[request])
		}
	}
}

// replay creates a network and a service, waits until its tasks run, and removes them. It returns the shape of each answer.
func replay(d *dialogue) map[string]string {
	d.t.Helper()
	const service = `{"Name":"alike_was","Labels":{"com.docker.stack.namespace":"alike"},"TaskTemplate":{"ContainerSpec":{"Image":"bluegate-shop:v1","Env":["PORT=3000"],` +
		`"Labels":{"com.docker.stack.namespace":"alike"},"Isolation":"default","Privileges":{"CredentialSpec":null,"SELinuxContext":null,"NoNewPrivileges":false},"StopGracePeriod":5000000000,` +
		`"Healthcheck":{"Test":["CMD","/healthcheck","http://127.0.0.1:3000/health"],"Interval":1000000000,"Timeout":5000000000,"StartPeriod":5000000000,"Retries":3}},` +
		`"Resources":{},"Placement":{},"Networks":[{"Target":"NETWORK","Aliases":["was"]}],"ForceUpdate":0,"Runtime":"container"},"Mode":{"Replicated":{"Replicas":2}},"EndpointSpec":{"Mode":"dnsrr"}}`
	seen := map[string]string{}
	ask := func(method, path, body string) object {
		status, text := d.ask(method, path, body)
		name, _, _ := strings.Cut(path, "?")
		seen[method+" "+name] = fmt.Sprintf("%d\n%s", status, shapeOf(d.t, text))
		var o object
		_ = json.Unmarshal(text, &o)
		return o
	}
	network := ask("POST", "/networks/create", `{"Name":"alike","Driver":"overlay","Attachable":true,"IPAM":{"Driver":"default"},"Labels":{}}`)["Id"]
	made := ask("POST", "/services/create", strings.Replace(service, "NETWORK", fmt.Sprint(network), 1))["ID"]
	const ofStack = `?filters={"label":{"com.docker.stack.namespace=alike":true}}`
	pace.Until(d.t, "both tasks run", func() error {
		if _, text := d.ask("GET", "/tasks"+ofStack, ""); bytes.Count(text, []byte(`"State":"running"`)) != 2 {
			return fmt.Errorf("%s", text)
		}
		return nil
	})
	for _, path := range []string{"/tasks" + ofStack, "/services" + ofStack, `/tasks?filters={"service":{"alike_was":true},"desired-state":{"running":true}}`, "/services/alike_was"} {
		ask("GET", path, "")
	}
	config := ask("POST", "/configs/create", `{"Name":"alike-1","Labels":{"a":"b"},"Data":"aGVsbG8K"}`)["ID"]
	ask("POST", "/configs/create", `{"Name":"alike-1","Labels":{"a":"b"},"Data":"aGVsbG8K"}`) // the name is taken
	ask("GET", `/configs?filters={"label":{"a=b":true}}`, "")
	ask("GET", "/configs/alike-1", "")
	ask("GET", "/services/alike_nobody", "")
	d.ask("DELETE", "/configs/"+fmt.Sprint(config), "")
	d.ask("DELETE", "/services/"+fmt.Sprint(made), "")
	pace.Until(d.t, "the network is removed", func() error {
		if status, text := d.ask("DELETE", "/networks/"+fmt.Sprint(network), ""); status != http.StatusNoContent {
			return fmt.Errorf("%d %s", status, text)
		}
		return nil
	})
	return seen
}

type object = map[string]any

func (d *dialogue) ask(method, path, body string) (int, []byte) {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), method, d.base+strings.NewReplacer("{", "%7B", "}", "%7D", `"`, "%22").Replace(path), strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	resp, err := d.client.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// shapeOf is which values of which types are where in an answer, whatever they are and however many.
func shapeOf(t *testing.T, text []byte) string {
	t.Helper()
	if len(bytes.TrimSpace(text)) == 0 {
		return ""
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	seen := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case object:
			for name, inner := range v {
				walk(at+"."+name, inner)
			}
		case []any:
			for _, inner := range v {
				walk(at+"[]", inner)
			}
		default:
			seen[fmt.Sprintf("%s %T", at, v)] = true
		}
	}
	walk("", v)
	return strings.Join(slices.Sorted(maps.Keys(seen)), "\n")
}
