package pace

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// The state file is a header and slots of fixed size, each with its own checksum, so that a torn write
// costs the slot it tore. All numbers are little-endian. No slot crosses a page, a sector, or a cache line.
//
//	header   magic 8 · boot 8 · nonce 8 · longest window 8 · slots 4 · zero 24 · crc 4
//	slot     owner 8 · lease 8 · at 8 · zero 4 · crc 4
const (
	magic      = "rbpace\x00\x01"
	headerSize = 64
	slotSize   = 32
)

// A header says what the slots mean.
type header struct {
	boot    uint64        // the boot of the machine whose clock the slots are stamped with
	nonce   uint64        // drawn anew whenever the count starts anew
	longest time.Duration // see table
	slots   int
}

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint64(b, h.boot)
	b = binary.LittleEndian.AppendUint64(b, h.nonce)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.longest))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.slots))
	b = b[:headerSize-4] // zeros
	return binary.LittleEndian.AppendUint32(b, checksum(0, b))
}

func decodeHeader(b []byte) (h header, whole bool) {
	if len(b) < headerSize || string(b[:len(magic)]) != magic || !intact(0, b[:headerSize]) {
		return header{}, false
	}
	return header{
		boot:    binary.LittleEndian.Uint64(b[8:]),
		nonce:   binary.LittleEndian.Uint64(b[16:]),
		longest: time.Duration(binary.LittleEndian.Uint64(b[24:])),
		slots:   int(binary.LittleEndian.Uint32(b[32:])),
	}, true
}

// appendSlot encodes slot i of the file.
func appendSlot(b []byte, i int, s slot) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, s.owner)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.lease))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.at))
	b = binary.LittleEndian.AppendUint32(b, 0)
	return binary.LittleEndian.AppendUint32(b, checksum(i, b[start:]))
}

// decodeSlots decodes n slots that follow a header. What can't be read or lies in the future came back
// now, for all one can know, and is marked to be written again; torn counts what could not be read.
func decodeSlots(b []byte, n int, now time.Duration) (t table, torn int) {
	t.slots = make([]slot, n)
	for i := range t.slots {
		if len(b) < slotSize || !intact(i, b[:slotSize]) {
			t.set(i, slot{at: now})
			torn++
		} else {
			t.slots[i] = decodeSlot(b)
			if t.slots[i].owner == 0 && t.slots[i].at > now {
				t.set(i, slot{at: now})
			}
		}
		b = b[min(slotSize, len(b)):]
	}
	return t, torn
}

func decodeSlot(b []byte) slot {
	return slot{
		owner: binary.LittleEndian.Uint64(b),
		lease: Lease(binary.LittleEndian.Uint64(b[8:])),
		at:    time.Duration(binary.LittleEndian.Uint64(b[16:])),
	}
}

// checksum covers the place too, so that a slot copied elsewhere, or a hole of zeros, is not taken for one.
func checksum(place int, b []byte) uint32 {
	return crc32.Update(uint32(place)+1, crc32.MakeTable(crc32.Castagnoli), b)
}

func intact(place int, b []byte) bool {
	body, sum := b[:len(b)-4], b[len(b)-4:]
	return binary.LittleEndian.Uint32(sum) == checksum(place, body)
}
