package recomly_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
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
	_, _ = c.ListCampaigns(t.Context(), "", func(*recomly.Campaign) {})
	ends, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	found := 0
	for _, end := range ends {
		fd, _ := strconv.Atoi(end.Name())
		peer, err := unix.Getpeername(fd)
		if at, ok := peer.(*unix.SockaddrInet4); err != nil || !ok || "http://127.0.0.1:"+strconv.Itoa(at.Port) != server.URL {
			continue
		}
		found++
		if after, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); err != nil || after == 0 {
			t.Errorf("the kernel sends what nobody confirms for many minutes (%d, %v), want no longer than a call's timeout", after, err)
		}
	}
	if found != 1 {
		t.Errorf("found %d connections to the server, want 1", found)
	}
}
