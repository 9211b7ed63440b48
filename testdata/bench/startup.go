package main

import (
	"fmt"
	"os/exec"
	"time"
)

// startUp is what every command takes before it does anything, next to the same of docker's.
func startUp(bluegate string) (claim, error) {
	ours, err := starts(bluegate)
	if err != nil {
		return claim{}, err
	}
	docker, err := starts("docker")
	if err != nil {
		return claim{}, err
	}
	const limit = 30 * time.Millisecond
	return claim{
		says:     fmt.Sprintf("`bluegate --version` takes less than %s", limit),
		measured: fmt.Sprintf("%d ms (`docker --version`: %d ms)", ours.Milliseconds(), docker.Milliseconds()),
		holds:    ours < limit,
	}, nil
}

func starts(program string) (time.Duration, error) {
	var took []float64
	for range 30 {
		began := time.Now()
		if err := exec.Command(program, "--version").Run(); err != nil {
			return 0, fmt.Errorf("%s --version: %w", program, err)
		}
		took = append(took, float64(time.Since(began)))
	}
	return time.Duration(middle(took)), nil
}
