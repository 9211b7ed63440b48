package agent

import (
	"slices"
	"strings"
)

// Flags are the options behind nginx's name that choose what it reads, each with its value as a word of its own. nginx takes
// several letters behind one dash, and a value right behind its letter: -tqc/etc/shop.conf. Of an option that is given twice
// the last value counts.
func Flags(words []string) (flags []string) {
	for i := 0; i < len(words); i++ {
		letters, ok := strings.CutPrefix(words[i], "-")
		at := strings.IndexAny(letters, "cpegs")
		if !ok || at < 0 {
			continue
		}
		option, value := "-"+letters[at:at+1], letters[at+1:]
		if value == "" {
			if i++; i == len(words) {
				break
			}
			value = words[i]
		}
		if option == "-g" { // directives, which have lost their quotes
			for i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
				i++
				value += " " + words[i]
			}
		}
		if known := slices.Index(flags, option); known >= 0 {
			flags[known+1] = value
		} else if option != "-s" {
			flags = append(flags, option, value)
		}
	}
	return flags
}
