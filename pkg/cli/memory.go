package cli

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// thrifty is how much garbage may gather, in percent of what is kept, while
	// that grows with the file. It holds no pointers, so that to collect often
	// costs little, and keeps a million rows small.
	thrifty = 25

	// roomToSend is what the heap may take, in bytes, while rows are sent: what
	// is kept hardly grows then, and each row leaves garbage behind.
	roomToSend = 32 << 20

	// manyRows make it worth while to find out how much room there is.
	manyRows = 5000
)

// beThrifty has garbage collected often, unless the operator knows better.
func (p *program) beThrifty() {
	if !p.hasOwnGC() {
		debug.SetGCPercent(thrifty)
	}
}

// useRoom lets garbage fill the room there is while so many rows are sent, up
// to the next beThrifty.
func (p *program) useRoom(rows int) {
	if rows < manyRows || p.hasOwnGC() {
		return
	}
	runtime.GC()
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(kept)
	live := max(8<<20, int(kept[0].Value.Uint64())) // workers and their connections are to come
	debug.SetGCPercent(max(thrifty, 100*(roomToSend-live)/live))
}

func (p *program) hasOwnGC() bool {
	value, _ := p.env("GOGC")
	return value != ""
}
