//go:build unix

package wire

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// look reports whether nothing has come in and the other end has not closed,
// without waiting. It is not known for a connection that is none of the
// kernel's.
func look(line syscall.RawConn) (silent, known bool) {
	if line == nil {
		return false, false
	}
	var ready int
	var failed error
	err := line.Control(func(fd uintptr) {
		ready, failed = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	})
	return err == nil && failed == nil && ready == 0, true
}
