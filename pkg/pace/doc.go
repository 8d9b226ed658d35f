// Package pace is the one gate every request passes: in this process, on this machine, or in Redis.
//
// The law: in any window, as the server counts arrivals, never more than limit requests, from all who
// share a [Store]. A request takes a slot before it leaves; the slot is free again a window after its
// answer was seen or its attempt given up.
//
// The proof: a request arrives between its Enter and its Leave, so between two arrivals through the same
// slot lies a whole window, whatever the latency. Then a window holds at most one arrival of each slot,
// and there are limit slots. It needs two things of the world: nothing arrives after Leave, and clocks
// agree on the length of a window (each is stretched by a thousandth, twice what NTP slews a clock).
//
// What the gate does not do: it sends nothing, retries nothing, and knows no vendor.
package pace
