package fields

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// people are the fields of a person, as an import of a referral programme's
// users has them.
var people = []Field{
	{Name: "operation", Aliases: []string{"action"}},
	{Name: "email", Peers: EmailPeers, Aliases: EmailAliases, Fallbacks: EmailFallbacks},
	{Name: "first_name", Peers: FirstNamePeers, Aliases: FirstNameAliases},
	{Name: "full_name", Peers: FullNamePeers, Aliases: FullNameAliases, Fallbacks: FullNameFallbacks},
	{Name: "campaign_id", Aliases: []string{"campaign"}},
	{Name: "referrer_email", Aliases: ReferrerEmailAliases, Fallbacks: ReferrerEmailFallbacks},
	{Name: "id", Aliases: []string{"user id"}},
	{Name: "code", Aliases: []string{"referral code"}},
	{Name: "target"},
}

// export is the header of a well-known system, as it writes it, and the
// columns that fill a field; all others have to be ignored.
type export struct {
	system, header string
	want           map[string]string // field → heading
}

var exports = []export{
	{"Referral Factory leads", "First Name,Email,Referrer Email Address",
		map[string]string{"first_name": "First Name", "email": "Email", "referrer_email": "Referrer Email Address"}},
	{"Referral Factory contacts", "First Name,Email,Last Name,Company Name", map[string]string{"first_name": "First Name", "email": "Email"}},
	{"Referral Factory users", "First Name,Email,Company,Campaign Name,Referral Code,Source,Referral Link,Referral Email",
		map[string]string{"first_name": "First Name", "email": "Email", "code": "Referral Code", "referrer_email": "Referral Email"}},
	{"HubSpot", "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Create Date,Associated Company,Job Title,Company Name,Lifecycle Stage,Country/Region,State/Region,Postal Code,Original Source,Associated Company IDs",
		map[string]string{"first_name": "First Name", "email": "Email"}},
	{"HubSpot internal names", "hs_object_id,firstname,lastname,email,hubspot_owner_id", map[string]string{"first_name": "firstname", "email": "email"}},
	{"HubSpot in German", "Datensatz-ID,Vorname,Nachname,E-Mail,Telefonnummer,Für Kontakt zuständiger Mitarbeiter,Lead-Status,Erstellungsdatum", map[string]string{"first_name": "Vorname", "email": "E-Mail"}},
	{"HubSpot in French", "ID de fiche d'information,Prénom,Nom,E-mail,Numéro de téléphone,Propriétaire du contact,Statut du lead", map[string]string{"first_name": "Prénom", "email": "E-mail"}},
	{"HubSpot in Spanish", "ID de registro,Nombre,Apellidos,Correo,Número de teléfono,Propietario del contacto,Estado del lead", map[string]string{"first_name": "Nombre", "email": "Correo"}},
	{"HubSpot in Italian", "ID record,Nome,Cognome,E-mail,Numero di telefono,Proprietario contatto", map[string]string{"first_name": "Nome", "email": "E-mail"}},
	{"HubSpot in Portuguese", "ID do registro,Nome,Sobrenome,E-mail,Número de telefone,Proprietário do contato", map[string]string{"first_name": "Nome", "email": "E-mail"}},
	{"HubSpot in Dutch", "Record-ID,Voornaam,Achternaam,E-mail,Telefoonnummer,Contacteigenaar", map[string]string{"first_name": "Voornaam", "email": "E-mail"}},
	{"HubSpot in Polish", "Imię,Nazwisko,Adres e-mail,Numer telefonu", map[string]string{"first_name": "Imię", "email": "Adres e-mail"}},
	{"HubSpot in Swedish", "Förnamn,Efternamn,E-post,Telefonnummer", map[string]string{"first_name": "Förnamn", "email": "E-post"}},
	{"HubSpot in Danish", "Fornavn,Efternavn,Mail", map[string]string{"first_name": "Fornavn", "email": "Mail"}},
	{"HubSpot in Finnish", "Etunimi,Sukunimi,Sähköposti", map[string]string{"first_name": "Etunimi", "email": "Sähköposti"}},
	{"HubSpot in Japanese", "名,姓,Eメール,電話番号", map[string]string{"first_name": "名", "email": "Eメール"}},
	{"Salesforce Data Loader", "ID,ISDELETED,MASTERRECORDID,ACCOUNTID,LASTNAME,FIRSTNAME,SALUTATION,NAME,PHONE,EMAIL,OWNERID",
		map[string]string{"first_name": "FIRSTNAME", "email": "EMAIL", "full_name": "NAME"}},
	{"Salesforce data export", "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Salutation,Name,RecordTypeId,OtherStreet,MailingStreet,MailingCity,Phone,Fax,MobilePhone,HomePhone,OtherPhone,AssistantPhone,ReportsToId,Email,Title,Department,AssistantName,LeadSource,Birthdate,Description,OwnerId,HasOptedOutOfEmail,HasOptedOutOfFax,DoNotCall,CreatedDate,CreatedById,LastModifiedDate,Tier__c",
		map[string]string{"first_name": "FirstName", "email": "Email", "full_name": "Name"}},
	{"Salesforce report", "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Phone,Mobile,Email,Account Owner,Owner Email,Email Opt Out,Email Bounced Reason",
		map[string]string{"first_name": "First Name", "email": "Email"}},
	{"Salesforce accounts", "Id,Name,Account Number,Annual Revenue,Owner Id", nil},
	{"Salesforce relations", "who:Contact-email,Contact.FirstName,Owner.Email", map[string]string{"email": "who:Contact-email", "first_name": "Contact.FirstName"}},
	{"Mailchimp", "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,UNSUB_CAMPAIGN_ID,UNSUB_REASON,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
		map[string]string{"email": "Email Address", "first_name": "First Name"}},
	{"Mailchimp merge tags", "EMAIL,FNAME,LNAME", map[string]string{"email": "EMAIL", "first_name": "FNAME"}},
	{"Shopify customers", "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags,Accepts WhatsApp Marketing,Email (customer.metafields.custom.email)",
		map[string]string{"first_name": "First Name", "email": "Email"}},
	{"Shopify customers, older", "First Name,Last Name,Email,Accepts Marketing,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,Phone,Total Spent,Total Orders,Tags,Note,Tax Exempt",
		map[string]string{"first_name": "First Name", "email": "Email"}},
	{"Shopify orders", "Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Discount Code,Lineitem name,Billing Name,Shipping Name,Notes,Id,Tags,Source",
		map[string]string{"email": "Email"}},
	{"Stripe customers", "id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,Payment Count,Refunded Volume,Dispute Losses,email (metadata)",
		map[string]string{"email": "Email", "full_name": "Name"}},
	{"Stripe payments", "id,Description,Seller Message,Created (UTC),Amount,Customer ID,Customer Description,Customer Email,Captured,Card ID,Card Last4,PaymentIntent ID",
		map[string]string{"email": "Customer Email"}},
	{"Stripe card migration", "DESCRIPTION,NAME,EMAIL,ID,CARD.ADDRESS_CITY,CARD.NUMBER", map[string]string{"email": "EMAIL", "full_name": "NAME"}},
	{"Google Contacts", "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Website 1 - Value,Event 1 - Value,Custom Field 1 - Label,Custom Field 1 - Value",
		map[string]string{"first_name": "First Name", "email": "E-mail 1 - Value"}},
	{"Google Contacts, before 2024", "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,File As,Birthday,Gender,Location,Billing Information,Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value",
		map[string]string{"first_name": "Given Name", "full_name": "Name", "email": "E-mail 1 - Value"}},
	{"Outlook classic", "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,E-mail 2 Display Name,E-mail 3 Address,Manager's Name,Referred By,User 1,Web Page",
		map[string]string{"first_name": "First Name", "email": "E-mail Address", "referrer_email": "Referred By"}},
	{"Outlook new", "First Name,Middle Name,Last Name,Title,Suffix,Nickname,Given Yomi,Surname Yomi,E-mail Address,E-mail 2 Address,E-mail 3 Address,Home Phone,Notes",
		map[string]string{"first_name": "First Name", "email": "E-mail Address"}},
	{"Outlook in German", "Anrede,Vorname,Weitere Vornamen,Nachname,Suffix,Firma,Abteilung,Position,Straße geschäftlich,E-Mail-Adresse,E-Mail-Typ,E-Mail: Angezeigter Name,E-Mail 2: Adresse",
		map[string]string{"first_name": "Vorname", "email": "E-Mail-Adresse"}},
	{"Outlook in French", "Titre,Prénom,Deuxième prénom,Nom,Société,Adresse de messagerie,Type de messagerie,Adresse de messagerie 2", map[string]string{"first_name": "Prénom", "email": "Adresse de messagerie"}},
	{"Outlook in Italian", "Titolo,Nome,Secondo nome,Cognome,Indirizzo E-mail,Nome visualizzato", map[string]string{"first_name": "Nome", "email": "Indirizzo E-mail", "full_name": "Nome visualizzato"}},
	{"Outlook in Portuguese", "Primeiro nome,Último nome,Endereço de E-mail,Mostrar nome", map[string]string{"first_name": "Primeiro nome", "email": "Endereço de E-mail", "full_name": "Mostrar nome"}},
	{"Outlook in Slovak", "Krstné meno,Priezvisko,E-mailová adresa,Zobrazované meno", map[string]string{"first_name": "Krstné meno", "email": "E-mailová adresa", "full_name": "Zobrazované meno"}},
	{"Outlook in Russian", "Имя,Фамилия,Адрес электронной почты,Отображаемое имя", map[string]string{"first_name": "Имя", "email": "Адрес электронной почты", "full_name": "Отображаемое имя"}},
	{"Outlook in Chinese", "名字,姓氏,電子郵件地址,顯示名稱", map[string]string{"first_name": "名字", "email": "電子郵件地址", "full_name": "顯示名稱"}},
	{"Thunderbird", "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone,Notes,",
		map[string]string{"first_name": "First Name", "email": "Primary Email", "full_name": "Display Name"}},
	{"Thunderbird in German", "Vorname,Nachname,Anzeigename,Primäre E-Mail-Adresse,Sekundäre E-Mail-Adresse", map[string]string{"first_name": "Vorname", "email": "Primäre E-Mail-Adresse", "full_name": "Anzeigename"}},
	{"Thunderbird in French", "Prénom,Nom,Nom à afficher,Adresse électronique principale", map[string]string{"first_name": "Prénom", "email": "Adresse électronique principale", "full_name": "Nom à afficher"}},
	{"Thunderbird in Spanish", "Nombre,Apellidos,Nombre en pantalla,Dirección de correo electrónico principal,Dirección de correo electrónico secundaria",
		map[string]string{"first_name": "Nombre", "email": "Dirección de correo electrónico principal", "full_name": "Nombre en pantalla"}},
	{"Thunderbird in Finnish", "Etunimi,Sukunimi,Näyttönimi,Ensisijainen sähköposti", map[string]string{"first_name": "Etunimi", "email": "Ensisijainen sähköposti", "full_name": "Näyttönimi"}},
	{"LinkedIn", "First Name,Last Name,URL,Email Address,Company,Position,Connected On", map[string]string{"first_name": "First Name", "email": "Email Address"}},
	{"Pipedrive", "Person - Name,Person - First name,Person - Last name,Person - Email,Person - Phone,Person - Owner,Person - Label,Organization - Name,Lead - User Email",
		map[string]string{"full_name": "Person - Name", "first_name": "Person - First name", "email": "Person - Email"}},
	{"Pipedrive, an address a column", "Person - Name,Person - Email - Work,Person - Email - Home,Person - Email - Other,Person - ID", map[string]string{"full_name": "Person - Name", "email": "Person - Email - Work"}},
	{"Brevo", "EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME", map[string]string{"email": "EMAIL", "first_name": "FIRSTNAME"}},
	{"ActiveCampaign", "Email,First Name,Last Name,Phone,Tags,Date Created,IP,Status", map[string]string{"email": "Email", "first_name": "First Name"}},
	{"Kit", "first_name,email,created_at,status", map[string]string{"email": "email", "first_name": "first_name"}},
	{"systeme.io", "Email,First name,Surname,Phone number,Country,Tags,Date registered", map[string]string{"email": "Email", "first_name": "First name"}},
	{"Constant Contact", "Email address,First name,Last name,Email status", map[string]string{"email": "Email address", "first_name": "First name"}},
	{"Apollo", "first_name,last_name,email,email_status,phone,secondary_email,apollo_contact_id,id", map[string]string{"email": "email", "first_name": "first_name"}},
	{"Ghost", "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,labels", map[string]string{"email": "email", "full_name": "name"}},
	{"Keila", "Email,First name,Last name,Data,External ID", map[string]string{"email": "Email", "first_name": "First name"}},
	{"listmonk", "email,name,attributes", map[string]string{"email": "email", "full_name": "name"}},
	{"Mautic", "firstname,lastname,company,email,country", map[string]string{"email": "email", "first_name": "firstname"}},
	{"Chatwoot", "id,first_name,last_name,email,gender,ip_address,identifier,phone_number", map[string]string{"email": "email", "first_name": "first_name"}},
	{"Referral Rock", "email,firstname,externalid,customtext1name,customtext1value", map[string]string{"email": "email", "first_name": "firstname"}},
	{"SaaSquatch", "User ID,Account ID,Email,First Name,Last Name", map[string]string{"email": "Email", "first_name": "First Name"}},
	{"AffiliateWP", "Affiliate ID,Affiliate Email,Customer First Name,Customer Last Name,Customer Email,Amount,Status",
		map[string]string{"referrer_email": "Affiliate Email", "email": "Customer Email", "first_name": "Customer First Name"}},
	{"both sides, friend", "Referrer Name,Referrer Email,Friend Name,Friend Email", map[string]string{"referrer_email": "Referrer Email", "email": "Friend Email", "full_name": "Friend Name"}},
	{"both sides, referred", "Referred Email,Referrer Email", map[string]string{"referrer_email": "Referrer Email", "email": "Referred Email"}},
	{"both sides, referee", "Advocate Email,Referee Email,Referee First Name", map[string]string{"referrer_email": "Advocate Email", "email": "Referee Email", "first_name": "Referee First Name"}},
	{"referrer beside his address", "Email,First Name,Referrer,Referrer Email", map[string]string{"email": "Email", "first_name": "First Name", "referrer_email": "Referrer Email"}},
	{"links that look like referrers", "Email,First Name,Original Referrer,mkto2__Original_Referrer__c,Referring site,GW Referral link,HTTP referer", map[string]string{"email": "Email", "first_name": "First Name"}},
	{"addresses of others", "Email,First Name,manager_email,Owner Email,Account Owner,Contact owner,Lead - User Email", map[string]string{"email": "Email", "first_name": "First Name"}},
	{"spellings", "E-mail Address*,first\u00a0 name\u200b (required)", map[string]string{"email": "E-mail Address*", "first_name": "first\u00a0 name\u200b (required)"}},
}

func TestExportsOfKnownSystemsFillTheRightFields(t *testing.T) {
	for _, e := range exports {
		t.Run(e.system, func(t *testing.T) {
			headers := strings.Split(e.header, ",")
			if strings.Contains(e.header, ";") {
				headers = strings.Split(e.header, ";")
			}
			c, err := Match(headers, people, nil, nil)
			if err != nil {
				t.Fatalf("Match(%q): %v", headers, err)
			}
			got := map[string]string{}
			for i, name := range c.Names {
				if name != "" {
					got[name] = headers[i]
				}
			}
			want := e.want
			if want == nil {
				want = map[string]string{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Match(%q) fields (-want +got):\n%s", headers, diff)
			}
			ignored := len(headers) - len(want)
			if got := c.Ignored(); len(got) != ignored {
				t.Errorf("Ignored() = %q, %d headings; want %d", got, len(got), ignored)
			}
		})
	}
}

// The same heading has to mean the same however its case, its accents and its
// separators are written.
func TestHeadingsMatchHoweverTheyAreWritten(t *testing.T) {
	for _, heading := range []string{"first name", "FIRST NAME", "First_Name", "first-name", " First  Name ", "FirstName", "\ufeffFirst Name",
		"First\nName", "First Name:", "First Name *", "First Name (Required)", "`First Name`", "Ｆｉｒｓｔ Name", "PRENOM", "prénom", "pre\u0301nom", `="First Name"`} {
		if got := Known(people, nil)(heading); got != "first_name" {
			t.Errorf("Known(%q) = %q, want first_name", heading, got)
		}
	}
}

func TestNoAliasNamesTwoFields(t *testing.T) {
	said := map[string]string{}
	say := func(list string, headings ...string) {
		for _, h := range headings {
			if other, ok := said[key(h)]; ok {
				t.Errorf("%q stands in %s and in %s", h, other, list)
			}
			said[key(h)] = list
		}
	}
	lists := map[string][]string{
		"EmailPeers": EmailPeers, "EmailAliases": EmailAliases, "FirstNamePeers": FirstNamePeers, "FirstNameAliases": FirstNameAliases,
		"LastNameAliases": LastNameAliases, "FullNamePeers": FullNamePeers, "FullNameAliases": FullNameAliases,
		"ReferrerEmailAliases": ReferrerEmailAliases, "bareNames": bareNames, "consentHeadings": consentHeadings,
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		say(name, lists[name]...)
	}
	for _, lines := range [][][]string{EmailFallbacks, FullNameFallbacks, ReferrerEmailFallbacks} {
		say("fallbacks", slices.Concat(lines...)...)
	}
}
