package sandbox

// RepeatInvite is what an invitation answers when the e-mail or the phone is
// already there, in the same campaign.
type RepeatInvite int

const (
	InviteConflict     RepeatInvite = iota // 409
	InviteInvalid                          // 400
	InviteUnprocessed                      // 422
	InviteReturnsOld                       // 200 and the advocate who is there
	InviteMakesAnother                     // a second advocate: shows a double send as a double commit
)

// RepeatConvert is what converting a converted referral does.
type RepeatConvert int

const (
	ConvertConflict    RepeatConvert = iota // 409
	ConvertChangesNone                      // 200, and nothing more
	ConvertPaysTwice                        // the advocate is credited again
)

// RecomlyBehaviour settles what Recomly's documents leave open or contradict.
// The zero value is the careful reading; a client should survive every other
// one.
type RecomlyBehaviour struct {
	// OnlyPrefix is the one prefix that is served, "/app" or "/api/app". Empty:
	// both.
	OnlyPrefix string
	// PageSize cuts every list into pages with a nextToken, where all but the
	// activity are documented to come in one piece. 0: in one piece.
	PageSize int
	// OldActivity gives at most 100 entries of the activity, takes no
	// parameters and has no pages, as the older texts say.
	OldActivity bool
	// OldAdvocates leaves orgAdvocateCount out, as the older texts do.
	OldAdvocates bool
	// BareObjects answers lists and objects of the undocumented calls (one
	// campaign, one advocate) without their envelope.
	BareObjects bool
	// NullFields writes what is unset as null instead of leaving it out.
	NullFields bool
	// HideDeleted takes deleted campaigns out of the list.
	HideDeleted bool

	// CreateStatus answers a fresh campaign or advocate; 0 is 201.
	CreateStatus int
	// RepeatInvite answers an invitation of somebody who is there.
	RepeatInvite RepeatInvite
	// RefuseInactive answers 409 to invitations to, and conversions in, a
	// campaign that is not active.
	RefuseInactive bool
	// QuotaStatus answers what the plan has no room for; 0 is 409.
	QuotaStatus int

	// RepeatConvert answers the second conversion of a referral.
	RepeatConvert RepeatConvert
	// ConvertExpired converts expired referrals. Otherwise it is 409.
	ConvertExpired bool
	// RefuseNegative answers 409 to a credit that leaves less than nothing.
	RefuseNegative bool

	// NoAPI answers 403 to everything, as a plan without API access does.
	NoAPI bool
	// ReadOnlyKey answers 403 to writes, as the key of a mere user does.
	ReadOnlyKey bool
}

// RecomlyCounts is what happened in the Recomly organisation.
type RecomlyCounts struct {
	CampaignCreates int `json:"campaign_creates"`
	CampaignUpdates int `json:"campaign_updates"`
	CampaignDeletes int `json:"campaign_deletes"`
	Invites         int `json:"invites"` // each writes to the person
	AdvocateUpdates int `json:"advocate_updates"`
	AdvocateDeletes int `json:"advocate_deletes"`
	Credits         int `json:"credits"`
	Converts        int `json:"converts"` // each writes to both sides
	Keys            int `json:"keys"`     // changes of API keys

	Repeated RecomlyRepeated `json:"repeated"`
}

// RecomlyRepeated counts what was asked for, or happened, a second time.
type RecomlyRepeated struct {
	// Campaigns counts campaigns made beside one of the same name and terms.
	Campaigns int `json:"campaigns"`
	// Invites counts advocates made beside one of the same e-mail or phone: a
	// double commit.
	Invites int `json:"invites"`
	// InviteCalls counts invitations that met somebody, however answered.
	InviteCalls int `json:"invite_calls"`
	// Credits counts credits of the amount and the note of an earlier one of
	// the same advocate: with a unique note, a double commit.
	Credits int `json:"credits"`
	// Converts counts referrals that were paid for twice: a double commit.
	Converts int `json:"converts"`
	// ConvertCalls counts conversions of what was not pending any more.
	ConvertCalls int `json:"convert_calls"`
}
