package proxy

import (
	"bufio"
	"io"
)

// Twice repeats every line of a stream: an event that is delivered twice.
func Twice(r io.Reader) io.Reader {
	return byLine(r, func(line []byte, write func([]byte)) { write(line); write(line) })
}

// Swapped delivers the lines of a stream in pairs, the second one first. The first event of a pair is late until
// another comes.
func Swapped(r io.Reader) io.Reader {
	var held []byte
	return byLine(r, func(line []byte, write func([]byte)) {
		if held == nil {
			held = line
			return
		}
		write(line)
		write(held)
		held = nil
	})
}

// CutAfter ends a stream after so many lines.
func CutAfter(lines int) func(io.Reader) io.Reader {
	return func(r io.Reader) io.Reader {
		out, in := io.Pipe()
		go func() {
			buf := bufio.NewReader(r)
			for range lines {
				line, err := buf.ReadBytes('\n')
				if _, werr := in.Write(line); err != nil || werr != nil {
					break
				}
			}
			_ = in.CloseWithError(io.ErrUnexpectedEOF)
		}()
		return out
	}
}

func byLine(r io.Reader, each func(line []byte, write func([]byte))) io.Reader {
	out, in := io.Pipe()
	go func() {
		buf := bufio.NewReader(r)
		for {
			line, err := buf.ReadBytes('\n')
			if len(line) > 0 {
				each(line, func(b []byte) { _, _ = in.Write(b) })
			}
			if err != nil {
				_ = in.CloseWithError(err)
				return
			}
		}
	}()
	return out
}
