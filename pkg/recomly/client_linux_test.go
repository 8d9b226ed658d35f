package recomly_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/refbulk/refbulk/pkg/recomly"
)

// A credit whose bytes the kernel goes on sending would be given after it was
// looked for, and then once more.
func TestACreditIsNotOnItsWayForLongerThanItsTimeout(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	c := newClient(t, nil, server.URL+"/app", nil)
	defer c.Close()
	got := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		raw, err := info.Conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) { got, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
	}})
	_, _ = c.ListCampaigns(ctx, "", func(*recomly.Campaign) {})
	if got == 0 {
		t.Error("the kernel sends what nobody confirms for many minutes, want no longer than a call's timeout")
	}
}
