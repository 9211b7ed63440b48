package config

import "time"

// watchSection is how `bluegate watch` looks at the application.
type watchSection struct {
	Every       time.Duration       `yaml:"every" default:"10s" doc:"The time from one measurement of a check to the next. It varies by 10 %."`
	Listen      string              `yaml:"listen" default:"127.0.0.1:9460" doc:"The address of the status page."`
	DownAfter   int                 `yaml:"down_after" default:"3" doc:"After how many bad measurements in a row a check is down."`
	UpAfter     int                 `yaml:"up_after" default:"2" doc:"After how many good measurements in a row it is healthy again."`
	OnUnhealthy string              `yaml:"on_unhealthy" choice:"nothing restart rollback" default:"nothing" doc:"What is done if Docker reports a container of the live colour as unhealthy."`
	Heal        healSection         `yaml:"heal" doc:"How often a container is restarted before the release is rolled back."`
	Reference   string              `yaml:"reference" doc:"A second host:port that answers if the network of this machine works. Before a check is down, it is connected to."`
	History     string              `yaml:"history" convention:"below $XDG_STATE_HOME/bluegate" doc:"The file of the history."`
	KeepDays    int                 `yaml:"keep_days" default:"400" doc:"How many days the history reaches back."`
	KeepMB      int                 `yaml:"keep_mb" default:"256" doc:"How many megabytes the history may have. The oldest entries are removed first."`
	Checks      []watchCheckSection `yaml:"checks" doc:"Checks of anything else than the colours."`
}

// healSection is the budget of restarts.
type healSection struct {
	Restarts int           `yaml:"restarts" default:"3" doc:"How many restarts are tried."`
	Within   time.Duration `yaml:"within" default:"1h" doc:"The time in which they are counted."`
	Backoff  time.Duration `yaml:"backoff" default:"5s" doc:"The pause before the second restart. Each further pause is three times as long."`
}

// watchCheckSection is a check with a name.
type watchCheckSection struct {
	Name         string `yaml:"name" doc:"The name of the check. It identifies the check in the history."`
	Samples      int    `yaml:"samples" doc:"How many measurements are made each time. One bad measurement makes all of them bad. Default: 1."`
	checkSection `yaml:",inline"`
}

// notifySection is one address to which notifications are sent.
type notifySection struct {
	URL     string        `yaml:"url" fill:"environment" doc:"The address, such as slack://token@channel. ${NAME} is read from the environment."`
	URLFile string        `yaml:"url_file" doc:"A file that contains the address, with mode 0600."`
	On      []string      `yaml:"on" choice:"down up degraded refused rolled-back needs-a-person promoted waiting healed unknown" doc:"What is told. Default: down, up, degraded, refused, rolled-back, needs-a-person."`
	Remind  time.Duration `yaml:"remind" doc:"How often a failure that lasts is told again, at least 5m. Default: never."`
}
