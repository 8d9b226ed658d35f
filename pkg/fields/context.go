package fields

import "github.com/refbulk/refbulk/pkg/sheet"

// meaning is the key under which a heading has to be looked up, which may
// depend on the headings beside it; "" when it names nothing here.
func (m *matcher) meaning(k string) string {
	if m.foreign(k) {
		return ""
	}
	if m.bare[k] && !m.ownNames[k] {
		return m.bareName(k)
	}
	return k
}

// foreign reports whether the headings beside it tell that the heading is
// another system's: the id of a Stripe customer is no id of a referral
// programme, and the Name of a Shopify order is its number.
func (m *matcher) foreign(k string) bool {
	for _, f := range foreignHeadings {
		if k != f.key {
			continue
		}
		for _, mark := range f.beside {
			if m.seen[key(mark)] {
				return true
			}
		}
	}
	return false
}

// bareName says what Name, Nom, Nombre or Nome is. Beside a last name it is
// the first name, and beside both it is the whole; alone it is the whole too.
// Beside a first name only, Nom is the last name and the others likely are
// (Name;Vorname), of which no first name may be made.
func (m *matcher) bareName(k string) string {
	first, last := m.any(FirstNameAliases), m.any(LastNameAliases)
	switch {
	case first && !last && k == "nom":
		return "lastname"
	case first && !last:
		return ""
	case last && !first:
		return "firstname"
	}
	return "fullname"
}

// any reports whether one of the headings is in the file.
func (m *matcher) any(headings []string) bool {
	if m.seen == nil {
		return false
	}
	for _, h := range headings {
		if m.seen[key(h)] {
			return true
		}
	}
	return false
}

// TemplateNote heads the column of a template that explains its rows.
const TemplateNote = "refbulk_note"

// ownHeadings are the headings of a file that refbulk wrote there itself and
// that say nothing to an import. A results or undo file is known by its
// row_key, an export of users by the day of signing up beside the code, one of
// rewards by what can be issued; the error of a failed file stands among
// somebody else's columns, and the note of a template is called as nothing
// else is.
func ownHeadings(headers []string) map[string]bool {
	has := make(map[string]bool, len(headers))
	for _, h := range headers {
		has[h] = true
	}
	own := map[string]bool{sheet.ReasonHeading: true, TemplateNote: true}
	if has["row_key"] {
		for _, h := range []string{"row", "line", "operation", "target", "status", "id", "code", "url", "http_status", "attempts",
			"finished_at", "row_key", "row_hash", "note", "change"} {
			own[h] = true
		}
	}
	if has["code"] && has["campaign_id"] {
		own["url"] = true
	}
	if has["code"] && has["campaign_id"] && has["signed_up_at"] {
		for _, h := range []string{"type", "source", "signed_up_at", "qualified_at", "unsubscribed_at", "reach", "referrals", "qualified_referrals"} {
			own[h] = true
		}
	}
	if has["can_be_issued"] && has["reward_id"] {
		for _, h := range []string{"state", "campaign_id", "reward_id", "reward", "recipient_id", "can_be_issued", "coupon", "count", "total",
			"issued_at", "status"} {
			own[h] = true
		}
	}
	return own
}
