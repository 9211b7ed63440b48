//go:build race

package history

// raced says that the race detector watches: it needs several times the memory of the program.
const raced = true
