package conf

import (
	"bytes"
	"strconv"
)

// PortOf is the port that nginx uses when none is written.
func PortOf(src []byte, p Point) int {
	if n, err := strconv.Atoi(p.Port); err == nil {
		return n
	}
	scheme := bytes.ToLower(src[max(0, p.Start-len("https://")):p.Start])
	if string(scheme) == "https://" || string(scheme) == "grpcs://" {
		return 443
	}
	return 80
}
