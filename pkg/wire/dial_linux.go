package wire

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forget has the kernel drop what the other end has not confirmed after so
// long. Otherwise it goes on sending for many minutes once the line is back,
// also for a process that was killed: the call would be done long after it was
// looked up. Where the kernel refuses, the calls are as good as elsewhere.
func forget(after time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after.Milliseconds()))
		})
	}
}
