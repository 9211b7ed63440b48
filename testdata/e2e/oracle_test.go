package e2e

import (
	"os"
	"strings"
	"testing"

	"bluegate/deploy/model"
	"bluegate/testdata/oracle"
	"bluegate/testdata/stand"
)

// The oracle sees what no command may leave. Each state is made by hand, as an older version made it.
func TestOracleSees(t *testing.T) {
	t.Parallel()
	s := openShop(t, stand.Options{})
	docker(t, "run", "-d", "--name", s.Name+"-db", "--network", s.Name, "-v", s.Name+"-data:/data", "bluegate-shop:v1")
	t.Cleanup(func() { docker(t, "rm", "-f", s.Name+"-db"); docker(t, "volume", "rm", "-f", s.Name+"-data") })
	good := s.look()
	if good.Serves != string(model.Blue) || !good.Starts || len(good.Outside) != 3 {
		t.Fatalf("it sees %+v", good)
	}
	if broken := oracle.Compare(good, s.look()); len(broken) > 0 {
		t.Errorf("nothing was done, and it says %v", broken)
	}
	sees := func(what string, words ...string) {
		t.Helper()
		broken := strings.Join(oracle.Compare(good, s.look()), "\n")
		for _, w := range words {
			if !strings.Contains(broken, w) {
				t.Errorf("%s: it does not say %q:\n%s", what, w, broken)
			}
		}
	}

	// An address of the idle colour is left in nginx's files, which nginx does not find out before it starts again.
	conf := s.conf()
	if err := os.WriteFile(s.Conf, []byte(conf+"upstream ws { server was-green:9090; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sees("a name that does not resolve", "cannot be restarted", "was-green")
	if err := os.WriteFile(s.Conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}

	// The container that holds names leads users astray: it has a name of the colour that runs.
	docker(t, "run", "-d", "--name", "bluegate-names-"+s.Name, "--network", s.Name, "--network-alias", "was-blue", "bluegate-shop:v1")
	t.Cleanup(func() { docker(t, "rm", "-f", "bluegate-names-"+s.Name) })
	sees("a name that leads to two", "was-blue leads to the container that holds names and to a container that runs", "do not mention both")
	docker(t, "rm", "-f", "bluegate-names-"+s.Name)

	// A database and its volume are lost.
	docker(t, "rm", "-f", s.Name+"-db")
	docker(t, "volume", "rm", s.Name+"-data")
	sees("a database that is gone", s.Name+"-db was removed", s.Name+"-data was removed")

	// The containers that serve are removed.
	docker(t, "rm", "-f", s.Name+"-was-blue-1")
	sees("no container that serves", "not served any more", "cannot be restarted")
}
