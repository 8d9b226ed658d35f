package pace

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const me, other = 1, 2

var unexported = cmp.AllowUnexported(slot{}, header{})

func TestTableTake(t *testing.T) {
	const window, now = 60, 1000
	out := slot{owner: other, lease: 1, at: 900}
	for _, tt := range []struct {
		name  string
		slots []slot
		limit int
		wait  time.Duration
	}{
		{"unused", []slot{{at: never}}, 1, 0},
		{"came back a window ago", []slot{{at: 940}}, 1, 0},
		{"came back just less than a window ago", []slot{{at: 941}}, 1, 1},
		{"out", []slot{out}, 1, window},
		{"out, another came back", []slot{out, {at: 950}}, 2, 10},
		{"the earliest counts", []slot{{at: 970}, {at: 950}, {at: 960}}, 3, 10},
		{"others have a higher limit", []slot{{at: 970}, {at: 950}, {at: 960}}, 2, 20},
		{"others have a much higher limit", []slot{out, out, {at: 950}}, 1, window},
		{"others have a lower limit", []slot{out}, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tb := table{slots: tt.slots, longest: window}
			if got := tb.take(me, 7, tt.limit, window, now); got != tt.wait {
				t.Errorf("take: got wait %d, want %d", got, tt.wait)
			}
			if got := len(tb.back(window, now)) + len(tb.others(me)); tt.wait == 0 && got > tt.limit {
				t.Errorf("take: %d used afterwards, want at most %d", got, tt.limit)
			}
		})
	}
}

func TestASlotIsKeptForTheLongestWindow(t *testing.T) {
	tb := table{}
	tb.fit(1, 100)
	for i, tt := range []struct{ now, window, wait time.Duration }{
		{0, 100, 0},   // the one with the long window
		{30, 10, 0},   // the other one does not count it any more, and may not use its slot either
		{40, 10, 0},   // nor its own
		{50, 100, 90}, // all three count, and two have to go
	} {
		if got := tb.take(me, Lease(i+1), 1, tt.window, tt.now); got != tt.wait {
			t.Errorf("take at %d in a window of %d: got wait %d, want %d", tt.now, tt.window, got, tt.wait)
		}
		tb.give(me, Lease(i+1), tt.now)
	}
}

func TestAWholeImageReadsAsWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := time.Duration(rapid.Int64Range(0, 1<<60).Draw(r, "now"))
		h := header{
			boot:    rapid.Uint64().Draw(r, "boot"),
			nonce:   rapid.Uint64().Draw(r, "nonce"),
			longest: time.Duration(rapid.Int64().Draw(r, "longest")),
			slots:   rapid.IntRange(0, 20).Draw(r, "slots"),
		}
		var b []byte
		want := make([]slot, h.slots)
		for i := range want {
			want[i] = slot{
				owner: rapid.Uint64().Draw(r, "owner"),
				lease: Lease(rapid.Uint64().Draw(r, "lease")),
				at:    time.Duration(rapid.Int64Range(int64(never), int64(now)).Draw(r, "at")),
			}
			b = appendSlot(b, i, want[i])
		}
		if got, whole := decodeHeader(h.encode()); !whole || got != h {
			r.Fatalf("decodeHeader: got %+v (%t), want %+v", got, whole, h)
		}
		got, torn := decodeSlots(b, h.slots, now)
		if diff := cmp.Diff(want, got.slots, unexported); diff != "" || torn != 0 {
			r.Fatalf("decodeSlots: %d torn, -want +got:\n%s", torn, diff)
		}
	})
}

func TestADamagedSlotCountsAsJustUsed(t *testing.T) {
	const now = 1000
	rapid.Check(t, func(r *rapid.T) {
		var b []byte
		for i := range 4 {
			b = appendSlot(b, i, slot{at: time.Duration(100 + i)})
		}
		n := rapid.IntRange(0, len(b)-1).Draw(r, "place")
		if rapid.Bool().Draw(r, "cut") {
			b = b[:n]
		} else {
			b[n] ^= byte(rapid.IntRange(1, 255).Draw(r, "flip"))
		}
		got, torn := decodeSlots(b, 4, now)
		if torn == 0 || got.slots[n/slotSize].at != now {
			r.Fatalf("decodeSlots: got %+v, %d torn, want slot %d used at %d", got.slots, torn, n/slotSize, now)
		}
	})
}

func TestStampsFromTheFutureCountAsJustUsed(t *testing.T) {
	b := appendSlot(nil, 0, slot{at: 5000})
	got, torn := decodeSlots(b, 1, 1000)
	if got.slots[0].at != 1000 || torn != 0 {
		t.Errorf("decodeSlots: got %+v, %d torn, want the slot used at 1000, whole", got.slots, torn)
	}
}

func FuzzDecode(f *testing.F) {
	h := header{boot: 1, nonce: 1, longest: 60, slots: 2}
	f.Add(appendSlot(appendSlot(h.encode(), 0, slot{at: 5}), 1, slot{owner: me, lease: 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, whole := decodeHeader(b)
		if !whole {
			return
		}
		got, torn := decodeSlots(b[headerSize:], min(h.slots, 100), 1000)
		if torn > len(got.slots) {
			t.Errorf("decodeSlots: %d torn of %d", torn, len(got.slots))
		}
	})
}
