package fields

// ReferrerEmailAliases are headings of the address of the one who referred.
// "Referring site", "Original Referrer" and "HTTP referer" hold links, and an
// owner, a manager or a sales user has referred nobody: none of them is here.
var ReferrerEmailAliases = []string{
	"referrer email address", "email address of the referrer", "email of the referrer", "referrer's email", "referrer mail",
	"referrer user email", "referred by email", "referred by email address",
	"referring email", "referring customer email", "referring user email", "ref email",
	"advocate email", "advocate email address", "ambassador email", "affiliate email", "sponsor email", "inviter email", "invited by email",
	"email parrain", "email du parrain", "adresse e-mail du parrain", "courriel du parrain",
	"e-mail des empfehlers", "empfehler e-mail", "e-mail-adresse des empfehlers", "werber e-mail", "e-mail des werbers",
	"email del recomendador", "correo del recomendador", "email del referente", "correo electrónico del referente", "email del padrino",
	"email do indicador", "e-mail de quem indicou", "email do padrinho", "e-mail van verwijzer", "e-mailadres verwijzer",
	"e-mail van de aanbrenger", "email di chi ha invitato", "email del presentatore",
}

// ReferrerEmailFallbacks are headings that hold an address in one file and a
// name or a link in the next. ReferrerEmail says so of each cell that is none.
var ReferrerEmailFallbacks = [][]string{
	{"referral email", "referrer", "referred by", "advocate", "inviter", "invited by", "recommended by",
		"parrain", "parrainé par", "recommandé par", "empfehler", "empfohlen von", "geworben von", "geworben durch",
		"recomendado por", "referido por", "invitado por", "indicado por", "convidado por", "aanbevolen door", "aangebracht door",
		"doorverwezen door", "raccomandato da", "segnalato da", "consigliato da", "invitato da"},
}
