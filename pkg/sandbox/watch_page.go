package sandbox

import (
	"html/template"
	"net/http"
	"sync"
)

// watchPage is a page without scripts, so that it can be read anywhere.
var watchPage = sync.OnceValue(func() *template.Template { return template.Must(template.New("watch").Parse(watchText)) })

const watchText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>refbulk sandbox</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 46em; padding: 0 1em }
table { border-collapse: collapse; margin: 0 0 1.5em } td, th { padding: .1em 1.2em .1em 0; text-align: left }
td + td { text-align: right } code { font-size: 90% }
</style>
<h1>refbulk sandbox</h1>
<p>A simulator: nothing here reaches a real person. Referral Factory is at <code>{{.Base}}</code>, Recomly at {{range .Prefixes}}<code>{{.}}</code> {{end}}.</p>
<h2>Account</h2>
<table>
<tr><td>campaigns<td>{{len .State.Campaigns}}
<tr><td>users<td>{{len .State.Users}}
<tr><td>rewards due<td>{{len .State.Due}}
<tr><td>rewards issued<td>{{len .State.Issued}}
<tr><td>Recomly: campaigns<td>{{len .State.Recomly.Campaigns}}
<tr><td>Recomly: advocates<td>{{len .State.Recomly.Advocates}}
<tr><td>Recomly: referrals<td>{{len .State.Recomly.Referrals}}
</table>
{{with .Counts}}<h2>Calls</h2>
<table>
<tr><td>requests<td>{{.Requests}}
<tr><td>reads<td>{{.Reads}}
<tr><td>writes<td>{{.Writes}}
<tr><td>unanswered<td>{{.Unanswered}}
<tr><td>most at once<td>{{.MaxInFlight}}
<tr><td>worst window<td>{{.WorstWindow}}
<tr><td>over the limit<td>{{.Overruns}}
<tr><td>blocked<td>{{.Blocked}}
{{range $route, $n := .ByRoute}}<tr><td><code>{{$route}}</code><td>{{$n}}
{{end}}{{range $status, $n := .ByStatus}}<tr><td>answered {{$status}}<td>{{$n}}
{{end}}</table>
<h2>Commits</h2>
<table>
<tr><th>what<th>done<th>repeated
<tr><td>create<td>{{.Commits.Creates}}<td>{{.Repeated.Creates}}
<tr><td>update<td>{{.Commits.Updates}}<td>
<tr><td>qualify<td>{{.Commits.Qualifications}}<td>{{.Repeated.Qualifications}}
<tr><td>unqualify<td>{{.Commits.Unqualifications}}<td>
<tr><td>delete<td>{{.Commits.Deletes}}<td>
<tr><td>issue<td>{{.Commits.Issues}}<td>{{.Repeated.Issues}}
<tr><td>cancel<td>{{.Commits.Cancels}}<td>
{{with .Recomly}}<tr><td>Recomly: campaign<td>{{.CampaignCreates}}<td>{{.Repeated.Campaigns}}
<tr><td>Recomly: invite<td>{{.Invites}}<td>{{.Repeated.Invites}}
<tr><td>Recomly: credit<td>{{.Credits}}<td>{{.Repeated.Credits}}
<tr><td>Recomly: convert<td>{{.Converts}}<td>{{.Repeated.Converts}}
{{end}}<tr><td>mails that would have gone out<td>{{.Notified}}<td>
</table>{{end}}
<h2>Faults</h2>
{{if .Faults}}<table>
<tr><th>fault<th>calls<th>hits
{{range .Faults}}<tr><td><code>{{.Fault}}</code><td>{{.Matched}}<td>{{.Hits}}
{{end}}</table>{{else}}<p>None. Add one with
<code>curl --data 'POST /users every=100 lose-answer' HOST/_sandbox/faults</code></p>{{end}}
<p><a href="/_sandbox/counts">counts</a> · <a href="/_sandbox/faults">faults</a> · <a href="/_sandbox/state">state</a></p>
`

func (s *Server) writePage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	// An error means that the reader has gone.
	_ = watchPage().Execute(w, struct {
		Base     string
		Prefixes []string
		State    State
		Counts   Counts
		Faults   []FaultCount
	}{BasePath, RecomlyPrefixes[:], s.State(), s.Counts(), s.Faults()})
}
