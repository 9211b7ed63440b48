package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// contender is a way to deploy. Its command runs in the shop's folder with FROM, TO, NAME and NGINX in its environment.
type contender struct {
	name   string
	config string // bluegate.yml
	argv   []string
	mode   string        // of nginx's configuration: flag, rollout; empty: edit
	stable time.Duration // what the configuration says of gate.stable
	rounds int           // at most; 0: as many as the others
	soon   bool          // the healthcheck asks every second, as the shop's own does
}

// The names of those that the verdict compares.
const (
	nameHasty  = "bluegate, start_interval 500ms"
	nameAtOnce = "bluegate"
	nameStable = "bluegate, gate.stable 5s (default)"
	nameFlag   = "bluegate, mode flag, gate.stable 5s"
	nameUpWait = "docker compose up --wait, then reload"
	nameSleep  = "script, its own sleep of 50 s"

	nameSoon       = "bluegate, probes every second"
	nameSoonUpWait = "docker compose up --wait, then reload, probes every second"
)

// All wait for nothing after the first healthy, as the peers do; one has the default next to it.
const (
	atOnce  = "gate: {stable: 0s}\nold: {keep: stopped}\n"
	hastily = "gate: {stable: 0s, start_interval: 500ms}\n"
)

func contenders(only string) []contender {
	bluegate := []string{"bluegate"}
	all := []contender{
		{name: nameHasty, config: hastily, argv: bluegate},
		{name: nameAtOnce, config: atOnce, argv: bluegate},
		{name: nameStable, config: "gate: {stable: 5s}\n", argv: bluegate, stable: 5 * time.Second},
		{name: nameFlag, config: "gate: {stable: 5s}\nnginx: {mode: flag, to: /etc/nginx/conf.d/green.on}\n", argv: bluegate, mode: "flag", stable: 5 * time.Second},
		{name: nameUpWait, argv: []string{"bash", "-c", upWait}},
		{name: nameSoon, config: atOnce, argv: bluegate, soon: true},
		{name: nameSoonUpWait, argv: []string{"bash", "-c", upWait}, soon: true},
		{name: "script, the shortest sleep that works", argv: []string{"bash", "-c", script("$(shortest)")}},
		{name: nameSleep, argv: []string{"bash", "-c", script("50")}, rounds: 2}, // nearly all of it is its sleep
		{name: "docker rollout", argv: []string{"bash", "-c", rollout}, mode: "rollout"},
	}
	compose := exec.Command("docker", "compose", "version").Run() == nil
	if !compose {
		fmt.Fprintln(os.Stderr, "bench: docker compose is not installed: bluegate runs alone. 28.sh brings the plugin along.")
	}
	home, _ := os.UserHomeDir()
	_, missing := exec.LookPath(filepath.Join(home, ".docker", "cli-plugins", "docker-rollout")) // docker itself answers for a command that it does not know
	rolls := compose && missing == nil
	if compose && !rolls {
		fmt.Fprintln(os.Stderr, "bench: docker rollout is not installed: it would be the script of github.com/wowu/docker-rollout in ~/.docker/cli-plugins.")
	}
	return slices.DeleteFunc(all, func(c contender) bool {
		if !compose && c.argv[0] != "bluegate" || !rolls && c.mode == "rollout" {
			return true
		}
		if only == "" {
			return false
		}
		return !slices.ContainsFunc(strings.Split(only, ","), func(part string) bool { return strings.Contains(c.name, part) })
	})
}

// upWait is the careful few lines: Compose waits for health, and nginx's configuration is tested before the reload.
const upWait = common + `
docker compose -f "compose.$TO-deploy.yml" up -d --wait --quiet-pull
` + turn

// script is what bluegate grew out of: it sleeps, looks once, and continues.
func script(sleep string) string {
	return common + fmt.Sprintf(`
docker compose -f "compose.$TO-deploy.yml" up -d --quiet-pull
sleep %s
for s in was signal; do
  docker inspect -f '{{.State.Health.Status}}' "$NAME-$s-$TO-1" | grep -q healthy
done
`, sleep) + turn
}

// rollout knows no colours: it doubles a service's containers, waits for the new ones and removes the old ones, while
// nginx finds whatever stands under the service's name. What the users see as the colour is a variable here.
const rollout = `
set -e
exec >/dev/null 2>&1
export COLOUR=$TO
for s in was signal; do docker rollout -f compose.blue-deploy.yml "$s-blue"; done
`

const common = `
set -e
exec >/dev/null 2>&1
# From the application's readiness to the next turn of its healthcheck and a second more: with the healthcheck's
# interval of 10 s, the engine's start_interval of 5 s where it knows it, and 2 s until the application is ready.
shortest() {
  case $(docker version -f '{{.Server.APIVersion}}') in
    1.[0-3]?|1.4[0-3]) echo 12 ;;
    *) echo 7 ;;
  esac
}
declare -A port=([was-blue]=3000 [was-green]=3002 [signal-blue]=3001 [signal-green]=3003)
`

const turn = `
for s in was signal; do
  sed -i "s/$s-$FROM:${port[$s-$FROM]}/$s-$TO:${port[$s-$TO]}/" conf.d/default.conf
done
docker exec "$NGINX" nginx -t
docker exec "$NGINX" nginx -s reload
docker compose -f "compose.$FROM-deploy.yml" stop
`
