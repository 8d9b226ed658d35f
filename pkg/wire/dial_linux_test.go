package wire

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestBytesThatNobodyConfirmsAreDroppedAfterTheTimeout(t *testing.T) {
	for _, test := range []struct {
		unconfirmed time.Duration
		want        int // milliseconds
	}{{7 * time.Second, 7000}, {0, 0}} {
		address, _, _ := serveBy(t, "http")
		way := to(t, address, Options{Unconfirmed: test.unconfirmed})
		if _, _, err := ask(t, way, "GET", address, ""); err != nil {
			t.Fatal(err)
		}
		raw, err := way.idle.conns[0].Conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		got := -1
		_ = raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
		if err != nil || got != test.want {
			t.Errorf("the kernel keeps unconfirmed bytes for %d ms, %v, want %d", got, err, test.want)
		}
	}
}
