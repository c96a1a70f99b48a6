//! Countries by the names that people write. Codes are those of ISO 3166-1; names are the short English ones, and a few cities
//! and regions that people name when they mean the country.

use crate::words::Word;
use domain::Region;
use std::{collections::HashMap, sync::LazyLock};

/// A line for each country: its code, its name, and other words for it.
const COUNTRIES: &str = "\
AD Andorra
AE United Arab Emirates|uae|emirates|dubai|abu dhabi
AF Afghanistan
AG Antigua and Barbuda|antigua
AI Anguilla
AL Albania
AM Armenia
AO Angola
AR Argentina|buenos aires
AT Austria|vienna
AU Australia|sydney|melbourne
AW Aruba
AZ Azerbaijan
BA Bosnia and Herzegovina|bosnia
BB Barbados
BD Bangladesh
BE Belgium|brussels
BF Burkina Faso
BG Bulgaria
BH Bahrain
BI Burundi
BJ Benin
BM Bermuda
BN Brunei
BO Bolivia
BR Brazil|brasil|rio de janeiro|sao paulo
BS Bahamas|the bahamas
BT Bhutan
BW Botswana
BY Belarus
BZ Belize
CA Canada|toronto|vancouver|montreal
CD Congo - Kinshasa|democratic republic of the congo|drc
CF Central African Republic
CG Congo - Brazzaville|congo
CH Switzerland|zurich|geneva
CI Ivory Coast|cote divoire|côte divoire
CL Chile
CM Cameroon
CN China|beijing|shanghai
CO Colombia
CR Costa Rica
CU Cuba
CV Cape Verde|cabo verde
CW Curaçao|curacao
CY Cyprus
CZ Czechia|czech republic|prague
DE Germany|deutschland|berlin|munich
DJ Djibouti
DK Denmark|copenhagen
DM Dominica
DO Dominican Republic|punta cana
DZ Algeria
EC Ecuador
EE Estonia
EG Egypt|cairo
ER Eritrea
ES Spain|españa|espana|madrid|barcelona|mallorca|majorca|ibiza|tenerife
ET Ethiopia
FI Finland|helsinki
FJ Fiji
FO Faroe Islands
FR France|paris
GA Gabon
GB United Kingdom|uk|great britain|britain|england|scotland|wales|northern ireland|london|edinburgh
GD Grenada
GE Georgia
GH Ghana
GI Gibraltar
GL Greenland
GM Gambia
GN Guinea
GQ Equatorial Guinea
GR Greece|athens|crete
GT Guatemala
GW Guinea-Bissau
GY Guyana
HK Hong Kong
HN Honduras
HR Croatia
HT Haiti
HU Hungary|budapest
ID Indonesia|bali|jakarta
IE Ireland|dublin
IL Israel
IM Isle of Man
IN India|delhi|mumbai|goa
IQ Iraq
IR Iran
IS Iceland|reykjavik
IT Italy|italia|rome|milan|venice|florence|sicily
JE Jersey
JM Jamaica
JO Jordan
JP Japan|tokyo|kyoto|osaka
KE Kenya
KG Kyrgyzstan
KH Cambodia
KI Kiribati
KM Comoros
KN Saint Kitts and Nevis
KP North Korea
KR South Korea|korea|seoul
KW Kuwait
KY Cayman Islands
KZ Kazakhstan
LA Laos
LB Lebanon
LC Saint Lucia|st lucia
LI Liechtenstein
LK Sri Lanka
LR Liberia
LS Lesotho
LT Lithuania
LU Luxembourg
LV Latvia
LY Libya
MA Morocco|marrakech|marrakesh
MC Monaco
MD Moldova
ME Montenegro
MG Madagascar
MK North Macedonia|macedonia
ML Mali
MM Myanmar|burma
MN Mongolia
MO Macao|macau
MR Mauritania
MT Malta
MU Mauritius
MV Maldives|the maldives
MW Malawi
MX Mexico|cancun|mexico city
MY Malaysia|kuala lumpur
MZ Mozambique
NA Namibia
NE Niger
NG Nigeria|lagos
NI Nicaragua
NL Netherlands|the netherlands|holland|amsterdam
NO Norway|oslo
NP Nepal
NZ New Zealand|auckland
OM Oman
PA Panama
PE Peru
PF French Polynesia|tahiti
PG Papua New Guinea
PH Philippines|the philippines|manila
PK Pakistan
PL Poland|warsaw|krakow
PR Puerto Rico
PS Palestine
PT Portugal|lisbon|porto|madeira|azores|algarve
PY Paraguay
QA Qatar|doha
RE Réunion|reunion
RO Romania
RS Serbia
RU Russia|moscow
RW Rwanda
SA Saudi Arabia|riyadh
SB Solomon Islands
SC Seychelles
SD Sudan
SE Sweden|stockholm
SG Singapore
SI Slovenia
SK Slovakia
SL Sierra Leone
SM San Marino
SN Senegal
SO Somalia
SR Suriname
SS South Sudan
ST São Tomé and Príncipe
SV El Salvador
SY Syria
SZ Eswatini|swaziland
TC Turks and Caicos Islands
TD Chad
TG Togo
TH Thailand|bangkok|phuket
TJ Tajikistan
TL Timor-Leste|east timor
TM Turkmenistan
TN Tunisia
TO Tonga
TR Türkiye|turkey|turkiye|istanbul|antalya
TT Trinidad and Tobago
TW Taiwan|taipei
TZ Tanzania|zanzibar
UA Ukraine
UG Uganda
US United States|usa|united states of america|america|new york|california|florida|hawaii|las vegas|chicago|the states
UY Uruguay
UZ Uzbekistan
VA Vatican City|vatican
VC Saint Vincent and the Grenadines
VE Venezuela
VN Vietnam
VU Vanuatu
WS Samoa
YE Yemen
ZA South Africa|cape town
ZM Zambia
ZW Zimbabwe";

/// The words of a name, as [`crate::words::split`] gives them, to the code.
struct Names {
    by_words: HashMap<String, Region>,
    /// The most words of a name.
    longest: usize,
    by_code: HashMap<Region, &'static str>,
}

fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let mut names = Names { by_words: HashMap::new(), longest: 1, by_code: HashMap::new() };
        for line in COUNTRIES.lines() {
            let (code, all) =
                line.split_once(' ').expect("a test reads every line of the table: a code, a space, names");
            let code: Region =
                code.parse().expect("a test reads every line of the table: the code is two capital letters");
            for (at, name) in all.split('|').enumerate() {
                if at == 0 {
                    names.by_code.insert(code, name);
                }
                let words = crate::words::split(name);
                names.longest = names.longest.max(words.len());
                names.by_words.insert(joined(&words), code);
            }
        }
        names
    });
    &NAMES
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The countries that a message names, in its order, each once.
pub(crate) fn find(words: &[Word]) -> Vec<Region> {
    let names = names();
    let mut found: Vec<Region> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let most = names.longest.min(words.len() - at);
        let here = (1..=most).rev().find_map(|long| {
            names.by_words.get(&joined(&words[at..at + long])).map(|region| (*region, long))
        });
        let Some((region, long)) = here else {
            at += 1;
            continue;
        };
        if !found.contains(&region) {
            found.push(region);
        }
        at += long;
    }
    found
}

/// The country of a name: "Portugal", "the UK". None if it is not a country's.
pub fn country_named(name: &str) -> Option<Region> {
    let words = crate::words::split(name);
    let the = usize::from(words.first().is_some_and(|word| word.text == "the") && words.len() > 1);
    let by_words = &names().by_words;
    by_words.get(&joined(&words)).or_else(|| by_words.get(&joined(&words[the..]))).copied()
}

/// The short English name of a country: "Portugal". None for a code that is not on the list.
pub fn country_name(region: Region) -> Option<&'static str> {
    names().by_code.get(&region).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    fn read(message: &str) -> Vec<String> {
        find(&split(message)).iter().map(|region| region.code().to_owned()).collect()
    }

    #[test]
    fn countries_are_found_by_their_names_and_by_what_people_say() {
        for (message, codes) in [
            ("I'm going to Portugal", &["PT"][..]),
            ("trip to the UK and then the united states", &["GB", "US"]),
            ("weekend in Paris!", &["FR"]),
            ("bosnia and herzegovina", &["BA"]),
            ("south korea, north korea", &["KR", "KP"]),
            ("Spain Spain Spain", &["ES"]),
            ("Côte d’Ivoire", &["CI"]),
            ("TURKEY", &["TR"]),
            ("my balance", &[]),
        ] {
            assert_eq!(read(message), codes, "{message}");
        }
    }

    #[test]
    fn every_country_has_a_name_of_its_own() {
        let names = names();
        assert_eq!(names.by_code.len(), COUNTRIES.lines().count(), "a code stands there once");
        for (code, name) in &names.by_code {
            assert_eq!(find(&split(name)), [*code], "{name}");
            assert_eq!(country_name(*code), Some(*name));
        }
        assert_eq!(country_name("ZZ".parse().unwrap()), None);
    }
}
