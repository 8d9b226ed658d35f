// Package sandbox is a working simulator of the Referral Factory v2 API: the
// routes, the rules about people, the rate limit and its penalty, and faults
// on a schedule. A Server is an http.Handler; Listen serves it on loopback,
// Transport inside the process. What the vendor leaves undocumented is a
// switch in Behaviour.
//
// It imports no client of the API, so that the two check each other, and it
// sends nothing: no mail, no money, no look-up leaves the machine.
package sandbox
