// Package pkg holds no code: it draws the map of the house.
//
// A row goes one way, and nothing points back:
//
//	sheet ─▶ fields ─▶ order ─▶ batch ( send: retry · pace · api · wire ) ─▶ ledger ─▶ report
//	         header→   who waits    n at a time, one outcome a row     results    text, html,
//	         intent    for whom                                        csv        metrics
//
// A run reads the file twice at least. The survey reads all rows, checks them,
// finds duplicates and who waits for whom, and keeps a few bytes a row. The
// run reads the file again, once for rows to skip if there are any, and once for
// every wave of rows that wait for the wave before, and sends. With --strict all
// waves are looked at before the first is sent. When the run ends, the results
// are rewritten in file order.
//
// Each line below is a package, what of this project it may import, and what
// it is for. A test reads these lines and fails when an import goes against
// them.
//
//	row             ←                                       : the nouns: Intent, Problem, Outcome, Status
//	compact         ← row                                   : what is known of a million rows, in a few bytes each
//	sheet           ←                                       : a CSV, TSV or XLSX file → rows with positions; guarded CSV out; whole files
//	fields          ← row sheet batch                       : header → field; cell → value, or a problem that names column and value
//	order           ← row compact                           : the survey: duplicates, who waits for whom, waves
//	batch           ←                                       : many jobs at once: bounded pool, group commit, two ways to stop
//	pace            ←                                       : the one gate every call passes: this process, this machine, or Redis
//	wire            ←                                       : one HTTP request, written once: connections, proxies, what left
//	api             ← pace wire                             : one HTTP call: credentials, JSON, errors that carry a verdict
//	retry           ← api pace                              : again, and when: a pure policy, the loop that sleeps, outages, 429s
//	ledger          ← row sheet compact batch               : the results file: append durably, heal, load what is settled, rewrite; the undo file
//	engine          ← row sheet compact order batch pace api retry ledger: a file's rows to an API, each once; knows no vendor
//	export          ← sheet                                 : pages of an API → a file that sheet can read back; knows no vendor
//	referralfactory ← row sheet fields api engine export    : Referral Factory: the typed client, and what a row can ask of it
//	recomly         ← row sheet fields api engine export    : Recomly: likewise
//	sandbox         ←                                       : the vendors' APIs as working servers with scheduled faults
//	progress        ← row                                   : what the operator sees while it runs; owns the terminal
//	report          ← row sheet wire                        : what became of a run: text, JSON, a page, metrics, notices
//	job             ←                                       : a job file → steps to run, with the flags of their commands
//	cli             ← *                                     : flags, streams, signals, exit codes; wires all the others together
package pkg
