package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bluegate/testdata/shop/load"
	"bluegate/testdata/stand"
)

// soon makes a deployment decide at once: what is measured is the switch, and not the wait before it. The drain is
// generous, because the machine may be busy.
const soon = "gate: {stable: 0s, timeout: 5m}\ndrain: {timeout: 5m}\n"

// measure deploys back and forth under load, and counts what the clients lost.
func measure(ctx context.Context, s settings, r row) (res result, err error) {
	shop, err := stand.New(".", s.bluegate, stand.Options{Nginx: r.nginx, Edit: func(_, text string) string {
		return strings.ReplaceAll(text, "interval: 1s", "interval: 250ms")
	}})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err := open(ctx, shop, r.way); err != nil {
		return res, err
	}
	users, err := shop.Load(context.WithoutCancel(ctx), load.Options{Long: 500 * time.Millisecond, Stream: 500 * time.Millisecond})
	if err != nil {
		return res, err
	}
	for i := range s.switches {
		if err = deploy(ctx, shop, []string{"v2", "v1"}[i%2]); err != nil {
			err = fmt.Errorf("switch %d: %w", i+1, err)
			break
		}
	}
	record := users.Stop()
	if err != nil {
		return res, err
	}
	// At least as many changes of the colour as switches, or it was not measured what the table says.
	if seen := len(record.Colours()) - 1; seen < s.switches {
		return res, fmt.Errorf("the clients saw %d switches and not %d: %v", seen, s.switches, record.Colours())
	}
	return result{switches: s.switches, counts: record.Counts}, nil
}

// open makes blue live.
func open(ctx context.Context, shop *stand.Stand, way stand.Way) error {
	if err := shop.Use(way, soon); err != nil {
		return err
	}
	if err := shop.StartNginx(); err != nil {
		return err
	}
	return deploy(ctx, shop, "v1", "blue")
}

// deployLimit is how long one deployment may take on a machine that is very busy.
const deployLimit = 10 * time.Minute

// deploy makes a release live. One that was refused has changed nothing that a client could notice, and is tried again: an
// engine that is very busy may refuse a thing once.
func deploy(ctx context.Context, shop *stand.Stand, version string, colour ...string) (err error) {
	for range 3 {
		var again bool
		if again, err = deployOnce(ctx, shop, version, colour...); err == nil || !again {
			return err
		}
	}
	return err
}

func deployOnce(ctx context.Context, shop *stand.Stand, version string, colour ...string) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, deployLimit)
	defer cancel()
	r, err := shop.Run(ctx, []string{"VERSION=" + version}, append([]string{"deploy"}, colour...)...)
	switch {
	case err != nil:
		return false, err
	case ctx.Err() != nil:
		return false, ctx.Err()
	case r.Code != 0:
		return r.Code == 3 || r.Code == 7, fmt.Errorf("bluegate ended with %d:\n%s\n%s", r.Code, r.Stdout, r.Stderr)
	}
	return false, nil
}
