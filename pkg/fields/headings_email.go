package fields

// EmailPeers are headings that say "the one who was referred" in files that
// name both sides of a referral. Nothing tells whose a bare Email beside them
// is: the friend's once more, or that of the one who referred.
var EmailPeers = []string{
	"friend email", "friend's email", "friend email address",
	"referred email", "referred email address", "referred person email", "referred user email", "referred friend email",
	"referee email", "referee email address", "invitee email", "invited email", "lead email",
	"customer email", "customer email address", // AffiliateWP, Stripe payments: the buyer
	"email du filleul", "email filleul", "e-mail des geworbenen", "email del referido", "email do indicado", "email dell'invitato",
	"e-mail van de aangebrachte",
}

// EmailAliases are headings of a contact's address. They are compared whole,
// never by a part: "Email Opt Out" and "Contact owner email" are none.
var EmailAliases = []string{
	// Mailchimp, Outlook, LinkedIn, Thunderbird, Google, Pipedrive, Salesforce relations
	"email address", "mail", "mail address", "email addr", "email id", "primary email", "primary email address",
	"email 1", "email address 1", "e-mail 1 - value", "person - email", "contact email", "contact email address",
	"who contact email", "user email", "member email", "subscriber email", "your email", "email (primary)",
	// French
	"courriel", "adresse courriel", "adresse e-mail", "adresse mail", "adresse de messagerie",
	"adresse électronique", "adresse électronique principale", "mél",
	// German
	"e-mail-adresse", "mailadresse", "primäre e-mail-adresse", "e-mail 1: adresse",
	// Spanish
	"correo", "correo electrónico", "correo electrónico principal", "dirección de correo electrónico",
	"dirección de correo", "dirección de correo electrónico principal", "email principal",
	// Dutch
	"e-mailadres", "mailadres", "primair e-mailadres",
	// Portuguese
	"correio eletrônico", "endereço de e-mail", "e-mail primário",
	// Italian
	"posta elettronica", "indirizzo e-mail", "indirizzo mail", "indirizzo di posta elettronica", "email principale",
	// Nordic and other European
	"e-post", "e-postadress", "e-postadresse", "sähköposti", "sähköpostiosoite", "ensisijainen sähköposti",
	"adres e-mail", "poczta elektroniczna", "e-mailová adresa",
	"адрес электронной почты", "электронная почта", "эл. почта", "почта", "e-posta", "e-posta adresi",
	// Chinese, Japanese, Korean, Thai
	"邮箱", "电子邮件", "电子邮箱", "電子郵件", "電子郵件地址", "主要 email", "メール", "メールアドレス", "eメール", "電子メール", "이메일", "อีเมล",
}

// EmailFallbacks are headings of a second address, for files that have no
// better one: work before home before others, the lower number first.
var EmailFallbacks = [][]string{
	{"work email", "email work", "business email", "person - email - work",
		"e-mail professionnel", "adresse e-mail professionnelle", "e-mail geschäftlich", "geschäftliche e-mail", "correo de trabajo",
		"e-mail zakelijk", "e-mail profissional", "e-mail aziendale"},
	{"home email", "email home", "personal email", "private email", "person - email - home",
		"e-mail personnel", "e-mail privat", "correo personal", "e-mail privé", "e-mail pessoal", "e-mail personale"},
	{"other email", "email other", "person - email - other"},
	{"e-mail 2 address", "e-mail 2", "email address 2", "e-mail 2 - value", "e-mail 2: adresse", "secondary email", "secondary email address",
		"alternate email", "alternative email", "adresse de messagerie 2", "adresse électronique secondaire", "sekundäre e-mail-adresse",
		"dirección de correo electrónico 2", "dirección de correo electrónico secundaria", "correo electrónico 2", "e-mailadres 2",
		"endereço de e-mail 2", "e-mail secundário", "indirizzo e-mail 2", "email secondaria"},
	{"e-mail 3 address", "e-mail 3", "email address 3", "e-mail 3 - value", "e-mail 3: adresse", "adresse de messagerie 3",
		"dirección de correo electrónico 3", "e-mailadres 3", "endereço de e-mail 3", "indirizzo e-mail 3"},
}
