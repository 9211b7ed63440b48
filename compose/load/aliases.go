package load

import (
	"bytes"
	"errors"
	"os"

	"go.yaml.in/yaml/v3"

	"bluegate/deploy/model"
)

// mostNodes is more than a Compose file has once each alias is replaced with what it stands for.
const mostNodes = 1_000_000

var (
	errContainsItself = errors.New("an alias stands for something that contains it; write it out")
	errTooManyNodes   = errors.New("its aliases stand for more than a million values; write less of it with aliases")
)

// refuseEndlessAliases refuses files whose aliases have no end, or so many that reading them would take hours. Compose's
// own reader does not return from them.
func refuseEndlessAliases(files []string) error {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // Compose says why
		}
		for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var top yaml.Node
			if decoder.Decode(&top) != nil { // the end, or an error of which Compose says the place
				break
			}
			a := aliases{sizes: map[*yaml.Node]int{}, open: map[*yaml.Node]bool{}}
			if _, err := a.size(&top); err != nil {
				return &model.InvalidError{Err: &positionError{Place: position{file, a.at.Line, a.at.Column}.String(), Text: err.Error(), Err: err}}
			}
		}
	}
	return nil
}

// aliases counts what a document holds once its aliases are replaced.
type aliases struct {
	sizes map[*yaml.Node]int
	open  map[*yaml.Node]bool // what is being counted
	at    *yaml.Node          // where counting failed
}

func (a *aliases) size(n *yaml.Node) (int, error) {
	if size, known := a.sizes[n]; known {
		return size, nil
	}
	if a.at = n; a.open[n] {
		return 0, errContainsItself
	}
	a.open[n] = true
	defer delete(a.open, n)
	size, below := 1, n.Content
	if n.Kind == yaml.AliasNode {
		below = []*yaml.Node{n.Alias}
	}
	for _, child := range below {
		more, err := a.size(child)
		if err != nil {
			return 0, err
		}
		if size += more; size > mostNodes {
			a.at = n
			return 0, errTooManyNodes
		}
	}
	a.sizes[n] = size
	return size, nil
}
