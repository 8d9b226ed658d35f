package referralfactory

import (
	"sync"

	"github.com/refbulk/refbulk/pkg/fields"
)

// userFields are the columns of an import of users. The code of a user's link
// is no "referral code": newer texts of the vendor mean another one by that.
var userFields = []fields.Field{
	{Name: "operation", Aliases: []string{"action"}, Example: "create",
		About: "what to do with this row: create, update, upsert, qualify, unqualify, delete or skip; empty means what --operation says"},
	{Name: "email", Peers: fields.EmailPeers, Aliases: fields.EmailAliases, Fallbacks: fields.EmailFallbacks, Example: "jane@example.com",
		About: "the person's e-mail address; with the campaign it says who is meant, and for an update by id or code it is the new address"},
	{Name: "first_name", Peers: fields.FirstNamePeers, Aliases: fields.FirstNameAliases, Example: "Jane",
		About: "the person's first name; needed to create"},
	{Name: "full_name", Peers: fields.FullNamePeers, Aliases: fields.FullNameAliases, Fallbacks: fields.FullNameFallbacks,
		About: "the whole name, of which the first word is taken when there is no first name"},
	{Name: "campaign_id", Aliases: []string{"campaign", "campaign number", "kampagne", "campagne", "campaña", "campanha", "campagna"}, Example: "1",
		About: "the number of the campaign; empty means what --campaign says"},
	{Name: "referrer_email", Aliases: fields.ReferrerEmailAliases, Fallbacks: fields.ReferrerEmailFallbacks,
		About: "who referred this person, by e-mail address; the referrer may stand anywhere in the same file"},
	{Name: "referrer_code", Aliases: []string{"referrer's code", "referred by code"},
		About: "who referred this person, by the code of the referrer's link"},
	{Name: "referrer_id",
		About: "who referred this person, by the referrer's user id"},
	{Name: "qualified", Aliases: []string{"is qualified"},
		About: "yes or no: the state that a create, update or upsert leaves a lead in; a row to qualify that says no is skipped"},
	{Name: "notify", About: "yes or no: may the vendor write to this person when the row creates them; empty means what --notify says"},
	{Name: "promotion", About: "yes or no: make a promotion code as well; needs Stripe connected to the campaign"},
	{Name: "id", Aliases: []string{"user id"},
		About: "the user's number; says who is meant, except for create"},
	{Name: "code", Aliases: []string{"user code", "link code"},
		About: "the code of the user's link; says who is meant, except for create"},
	{Name: "target", About: "who is meant, as a results file writes it"},
}

// userRow is a row of an import of users, cell by cell.
type userRow struct {
	Operation     string `csv:"operation"`
	Email         string `csv:"email"`
	FirstName     string `csv:"first_name"`
	FullName      string `csv:"full_name"`
	CampaignID    string `csv:"campaign_id"`
	ReferrerEmail string `csv:"referrer_email"`
	ReferrerCode  string `csv:"referrer_code"`
	ReferrerID    string `csv:"referrer_id"`
	Qualified     string `csv:"qualified"`
	Notify        string `csv:"notify"`
	Promotion     string `csv:"promotion"`
	ID            string `csv:"id"`
	Code          string `csv:"code"`
	Target        string `csv:"target"`
}

// KnownUserField is the field of users that a heading names, "" for none: how
// a header is told from the title above it.
func KnownUserField(header string) string { return knownUserField()(header) }

var knownUserField = sync.OnceValue(func() func(string) string { return KnownUserFields(nil) })

// KnownUserFields is KnownUserField for a file that is read with mappings.
func KnownUserFields(mappings []fields.Mapping) func(header string) string {
	return fields.Known(userFields, mappings)
}
