package fields

// foreignHeadings are headings that name a field of ours, but not beside
// these others, which tell whose export it is.
var foreignHeadings = []struct {
	key    string
	beside []string
}{
	{"name", []string{
		"financial status", "fulfillment status", "paid at", "lineitem name", // a Shopify order: its number
		"account number", "annual revenue", "company domain name", // an account or a company
	}},
	{"id", []string{
		"delinquent", "created (utc)", "card id", "card.address_city", "card.number", "paymentintent id", "dispute losses", // Stripe
		"is deleted", "master record id", "account id", "owner id", "created by id", "system modstamp", "record type id", // Salesforce
		"last modified by id",
		"financial status", "accepts email marketing", "accepts marketing", // Shopify
		"identifier", "subscribed_to_emails", "complimentary_plan", "stripe_customer_id", // Chatwoot, Ghost
		"apollo_contact_id", "hs_object_id", "hubspot_owner_id", "record id", "leid", "euid", "uuid",
	}},
	{"userid", []string{"account id"}}, // SaaSquatch
}

// consentHeadings are those of columns that tell who wants no mail.
var consentHeadings = []string{
	"status", "email status", "subscription status", "member status", "marketing status", "subscribed", "unsubscribed",
	"unsub_time", "clean_time", "opted out", "opt out", "email opt out", "has opted out of email", "accepts email marketing",
	"accepts marketing", "email_blacklisted", "bounced", "email bounced reason", "email bounced date", "subscribed_to_emails",
	"unsubscribed from all email", "do not contact", "do not email", "marketing contact status", "email marketing status",
}
