package fields

// FirstNamePeers are first names in files that name both sides of a referral,
// as EmailPeers.
var FirstNamePeers = []string{
	"friend first name", "friend's first name", "referred first name", "referred person first name", "referee first name",
	"invitee first name", "customer first name", "lead first name", "prénom du filleul",
}

// FirstNameAliases are headings of a first name.
var FirstNameAliases = []string{
	"first name", "fname", "given name", "given names", "forename", "forenames", "first", "person - first name",
	"contact first name", "who contact first name", "your first name", "preferred first name", "christian name",
	"prénom", "prénoms", "vorname", "rufname", "nombres", "nombre de pila", "primer nombre", "voornaam", "roepnaam",
	"primeiro nome", "nome próprio", "nome di battesimo",
	"förnamn", "fornavn", "etunimi", "imię", "křestní jméno", "krstné meno", "keresztnév", "prenume",
	"名", "ชื่อจริง",
}

// LastNameAliases are headings of a last name. They tell what Name and Nombre
// beside them are.
var LastNameAliases = []string{
	"last name", "lname", "surname", "family name", "last", "person - last name", "contact last name",
	"customer last name", "friend last name",
	"nom de famille", "nachname", "familienname", "zuname", "apellido", "apellidos", "primer apellido",
	"achternaam", "familienaam", "sobrenome", "último nome", "apelido", "cognome",
	"efternamn", "etternavn", "efternavn", "sukunimi", "nazwisko", "příjmení", "priezvisko", "фамилия", "vezetéknév", "soyadı", "soyad",
	"姓", "姓氏", "성", "นามสกุล",
}

// FullNamePeers are whole names in files that name both sides of a referral,
// as EmailPeers.
var FullNamePeers = []string{
	"friend name", "friend's name", "referred name", "referred person", "referred person name", "referee name", "invitee name",
	"customer name", "nom du filleul",
}

// FullNameAliases are headings of a whole name.
var FullNameAliases = []string{
	"full name", "contact name", "contact full name", "person - name", "your name", "first and last name",
	"first name and last name", "first name last name", "name (first last)",
	"nom complet", "nom et prénom", "prénom et nom", "nom prénom", "prénom nom",
	"vollständiger name", "vor- und nachname", "vorname und nachname", "name, vorname",
	"nombre completo", "nombre y apellido", "nombre y apellidos", "nome completo", "nome e sobrenome", "nome e cognome",
	"volledige naam", "voor- en achternaam", "fullständigt namn", "fullt navn", "fulde navn", "koko nimi", "imię i nazwisko",
	"celé jméno", "celé meno", "полное имя", "фио", "氏名", "名前", "お名前", "姓名", "성명",
}

// FullNameFallbacks are names to show, which people choose as they like.
var FullNameFallbacks = [][]string{
	{"display name", "nom à afficher", "nom affiché", "anzeigename", "nombre en pantalla", "nombre para mostrar", "weergavenaam",
		"mostrar nome", "nome de exibição", "nome visualizzato", "visningsnamn", "näyttönimi", "zobrazované meno", "отображаемое имя", "顯示名稱"},
}

// bareNames are headings that are a first name, a last name or the whole,
// which the headings beside them tell.
var bareNames = []string{
	"name", "nom", "nombre", "nome", "naam", "namn", "navn", "nimi", "jméno", "meno", "имя", "ім'я", "名字", "이름", "ชื่อ",
}
