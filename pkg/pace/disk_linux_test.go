package pace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func TestAFullDiskLeavesTheProcessAlone(t *testing.T) {
	for _, tt := range []struct{ name, size string }{
		{"for the first byte", "4k"}, // which the file below takes
		{"for the slots", "8k"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+tt.size); err != nil {
				t.Skipf("no small disk to fill: mounting one: %v", err)
			}
			t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
			synctest.Test(t, func(t *testing.T) {
				filler(t, dir)
				f, warned := logged(dir, uptime(time.Now()))
				defer f.Close()
				const limit = 600
				for i := range limit {
					if lease, _, err := f.Take(t.Context(), limit, time.Minute); lease == 0 || err != nil {
						t.Fatalf("Take %d: got no lease, error %v", i, err)
					}
				}
				if lease, wait, _ := f.Take(t.Context(), limit, time.Minute); lease != 0 || wait != time.Minute {
					t.Errorf("Take %d: got lease %d, wait %v, want none and a minute", limit, lease, wait)
				}
				if got := strings.Count(warned.String(), "level=WARN"); got != 1 {
					t.Errorf("%d warnings, want 1: %s", got, warned)
				}
			})
		})
	}
}

// filler takes 4 KiB of a disk.
func filler(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
}
