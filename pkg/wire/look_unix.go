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
	var one [1]byte
	var found error
	err := line.Read(func(fd uintptr) bool {
		_, _, found = unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return err == nil && found == unix.EAGAIN, true
}
