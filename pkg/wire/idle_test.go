package wire

import (
	"io"
	"net"
	"testing"
	"time"
)

// Of a pipe the kernel knows nothing, as it cannot be asked on some systems.
func TestAConnectionOfWhichTheKernelSaysNothingIsListenedTo(t *testing.T) {
	for _, test := range []struct {
		name   string
		unused time.Duration
		said   func(net.Conn)
		want   bool
	}{
		{"in use until now", 0, func(net.Conn) {}, true},
		{"in use until now, and closed", 0, func(far net.Conn) { _ = far.Close() }, false},
		{"silent", time.Second, func(net.Conn) {}, true},
		{"closed", time.Second, func(far net.Conn) { _ = far.Close() }, false},
		{"unasked", time.Second, func(far net.Conn) { _, _ = io.WriteString(far, "HTTP/1.1 408 Request Timeout\r\n\r\n") }, false},
		{"not for so long", keepFor + time.Second, func(net.Conn) {}, false},
	} {
		near, far := net.Pipe()
		var home idle
		c := newConn(near, &home)
		home.keep(c)
		c.since = c.since.Add(-test.unused)
		said := make(chan struct{})
		go func() { defer close(said); test.said(far) }()
		if got := home.take(); (got != nil) != test.want {
			t.Errorf("take(%s) = %v, want a connection: %v", test.name, got, test.want)
		}
		_ = near.Close()
		<-said
		_ = far.Close()
	}
}
