// Package sandbox is a working simulator of the Referral Factory v2 API and of
// the Recomly API: the routes, the rules about people and money, the rate
// limits and their penalty, and faults on a schedule. A Server is an
// http.Handler; Listen serves it on loopback, Transport inside the process.
// What the vendors leave undocumented is a switch in Behaviour.
//
// It imports no client of the APIs, so that the two check each other, and it
// sends nothing: no mail, no money, no look-up leaves the machine.
package sandbox
