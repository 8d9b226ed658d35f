package recomly

import (
	"slices"

	"github.com/refbulk/refbulk/pkg/fields"
)

// The columns that several resources have.
var (
	campaignColumn = fields.Field{Name: "campaignId", Aliases: []string{"campaign id", "campaign"}, Example: "1",
		About: "the id of the campaign; empty means what --campaign says"}
	targetColumn = fields.Field{Name: "target", About: "who or what is meant, as a results file writes it"}
)

// operationColumn is the column of operations, with those of the resource.
func operationColumn(example, words string) fields.Field {
	return fields.Field{Name: "operation", Aliases: []string{"action"}, Example: example,
		About: "what to do with this row: " + words + " or skip; empty means what --operation says"}
}

// campaignFields are the columns of an import of campaigns.
var campaignFields = []fields.Field{
	operationColumn("create", "create, update, delete"),
	{Name: "campaignId", Aliases: []string{"campaign id", "id"},
		About: "the id of the campaign; says which is meant, except for create"},
	{Name: "name", Aliases: []string{"campaign name", "campaign", "title"}, Example: "Gutter club",
		About: "the name, up to 100 characters; needed to create"},
	{Name: "rewardMode", Aliases: []string{"reward mode", "reward type"}, Example: Fixed,
		About: "fixed for an amount, percent for a share of the job; needed to create"},
	{Name: "advocateRewardValue", Aliases: []string{"advocate reward value", "advocate reward"}, Example: "$25.00",
		About: "what the advocate gets: cents or $25.00 when fixed, basis points or 5 % when percent; needed to create"},
	{Name: "friendRewardValue", Aliases: []string{"friend reward value", "friend reward"}, Example: "$15.00",
		About: "what the friend gets, written like the advocate's; needed to create"},
	{Name: "status", Aliases: []string{"campaign status"}, Example: Active,
		About: "active or paused; empty creates an active campaign"},
	{Name: "expiresAt", Aliases: []string{"expires at", "expires", "expiry", "expiry date", "end date"}, Example: "2026-12-31",
		About: "the last day, or the instant it ends (2026-12-31T18:00:00Z); never takes an expiry away, empty changes nothing"},
	{Name: "maxReferralsPerAdvocate", Aliases: []string{"max referrals per advocate", "max referrals"}, Example: "20",
		About: "how many referrals one advocate may have, 1 to 200; empty creates a campaign with 10"},
	targetColumn,
}

// campaignRow is a row of an import of campaigns, cell by cell.
type campaignRow struct {
	Operation      string `csv:"operation"`
	CampaignID     string `csv:"campaignId"`
	Name           string `csv:"name"`
	RewardMode     string `csv:"rewardMode"`
	AdvocateReward string `csv:"advocateRewardValue"`
	FriendReward   string `csv:"friendRewardValue"`
	Status         string `csv:"status"`
	ExpiresAt      string `csv:"expiresAt"`
	MaxReferrals   string `csv:"maxReferralsPerAdvocate"`
	Target         string `csv:"target"`
}

// advocateFields are the columns of an import of advocates.
var advocateFields = []fields.Field{
	operationColumn("create", "create (which invites), update, credit"),
	campaignColumn,
	{Name: "advocateId", Aliases: []string{"advocate id", "id"},
		About: "the id of the advocate; says who is meant, except for create"},
	{Name: "name", Aliases: append([]string{"advocate name"}, fields.FullNameAliases...), Example: "Ida Moss",
		About: "the whole name, up to 100 characters; needed to create"},
	{Name: "first_name", Aliases: fields.FirstNameAliases,
		About: "the first name, of which and of the last name the whole is made when there is no column name"},
	{Name: "last_name", Aliases: []string{"last name", "lastname", "surname", "family name", "nachname", "nom de famille", "apellidos", "cognome", "achternaam"},
		About: "the last name"},
	{Name: "email", Aliases: fields.EmailAliases, Example: "ida@example.com",
		About: "the e-mail address; with the campaign it says who is meant, and for an update by advocateId it is the new address"},
	{Name: "phone", Aliases: phoneAliases, Example: "+1 312 555 0142",
		About: "the phone number, of the US; says who is meant when there is no e-mail address"},
	{Name: "notificationPreference", Aliases: []string{"notification preference", "notify by"}, Example: ByEmail,
		About: "email, sms or both: how the vendor writes to the advocate; what is written to has to be there"},
	{Name: "delta", Aliases: []string{"credit", "amount", "delta cents", "credit cents"},
		About: "for credit: what is added to the balance, in cents or as $25.00; less than nothing takes away"},
	{Name: "note", Aliases: []string{"memo"},
		About: "for credit: up to 160 characters that stand in the advocate's ledger, before the mark of the row"},
	targetColumn,
}

var phoneAliases = []string{
	"phone number", "mobile", "mobile phone", "mobile number", "cell", "cell phone", "telephone", "tel", "phone 1 - value", "primary phone",
	"telefon", "telefonnummer", "handy", "mobiltelefon", "téléphone", "portable", "teléfono", "móvil", "telefono", "cellulare", "telefoon", "telefone", "celular",
}

// advocateRow is a row of an import of advocates, cell by cell.
type advocateRow struct {
	Operation  string `csv:"operation"`
	CampaignID string `csv:"campaignId"`
	AdvocateID string `csv:"advocateId"`
	Name       string `csv:"name"`
	FirstName  string `csv:"first_name"`
	LastName   string `csv:"last_name"`
	Email      string `csv:"email"`
	Phone      string `csv:"phone"`
	Preference string `csv:"notificationPreference"`
	Delta      string `csv:"delta"`
	Note       string `csv:"note"`
	Target     string `csv:"target"`
}

// referralFields are the columns of an import of referrals.
var referralFields = []fields.Field{
	operationColumn("qualify", "qualify (which converts)"),
	campaignColumn,
	{Name: "referralId", Aliases: []string{"referral id", "id"},
		About: "the id of the referral; says which is meant"},
	{Name: "friendEmail", Aliases: slices.Concat([]string{"email"}, fields.EmailPeers, fields.EmailAliases), Example: "per@example.com",
		About: "the friend's e-mail address; with the campaign it says which referral is meant when there is no referralId"},
	{Name: "jobValueCents", Aliases: []string{"job value cents", "job value", "order value", "order total"}, Example: "$820.00",
		About: "what the job was worth, in cents or as $820.00; needed when the campaign's rewards are percent"},
	targetColumn,
}

// referralRow is a row of an import of referrals, cell by cell.
type referralRow struct {
	Operation   string `csv:"operation"`
	CampaignID  string `csv:"campaignId"`
	ReferralID  string `csv:"referralId"`
	FriendEmail string `csv:"friendEmail"`
	JobValue    string `csv:"jobValueCents"`
	Target      string `csv:"target"`
}
