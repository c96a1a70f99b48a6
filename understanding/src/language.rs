//! In which language a message is, as far as its most common words tell. Only English is understood; another language is known
//! so that its speaker is told so in it.

use crate::{lexicon::COMMON_ENGLISH, words::Word};

/// Common words and words of banking, by language (IETF tag). A word of several languages counts for each.
#[rustfmt::skip]
const COMMON: &[(&str, &[&str])] = &[
    ("de", &[
        "ich", "ist", "mein", "meine", "meinen", "meiner", "wie", "viel", "wieviel", "geld", "habe", "was", "wo", "und", "bitte", "karte", "sperren",
        "sperre", "kontostand", "konto", "guthaben", "zeig", "zeige", "mir", "letzten", "umsätze", "überweisung", "gehalt", "danke", "nicht",
        "auf", "der", "die", "das", "ausgegeben", "heute", "gestern", "monat", "hilfe", "kann", "du", "sie", "wurde",
    ]),
    ("es", &[
        "quiero", "cuánto", "cuanto", "dinero", "tengo", "tarjeta", "saldo", "cuenta", "mis", "mi", "el", "la", "los", "por", "favor", "gasté", "gaste",
        "dónde", "donde", "bloquea", "bloquear", "ayuda", "gracias", "qué", "cómo", "ver", "movimientos", "última", "últimas", "ultimas", "pagos",
        "compras", "ayer", "hoy", "mes", "necesito", "puedes", "es", "está", "en", "mi", "perdí", "robaron", "y", "cuál",
    ]),
    ("fr", &[
        "je", "mon", "ma", "mes", "quel", "quelle", "est", "combien", "argent", "compte", "carte", "solde", "dépensé", "depense", "j'ai", "jai", "bloquer",
        "bloquez", "merci", "bonjour", "où", "ou", "aide", "dernières", "opérations", "paiements", "hier", "aujourd'hui", "mois", "veux", "voir",
        "les", "des", "le", "la", "sur", "perdu", "volé", "svp", "et", "reste", "il",
    ]),
    ("it", &[
        "il", "mio", "mia", "miei", "quanto", "ho", "speso", "soldi", "conto", "carta", "saldo", "bloccare", "blocca", "grazie", "dove", "aiuto",
        "ultimi", "movimenti", "pagamenti", "ieri", "oggi", "mese", "voglio", "vedere", "vorrei", "sul", "nel", "perso", "rubato", "qual", "è", "per",
        "favore", "sono", "mi",
    ]),
    ("nl", &[
        "mijn", "hoeveel", "geld", "heb", "ik", "saldo", "rekening", "kaart", "pas", "blokkeren", "blokkeer", "graag", "bedankt", "waar", "hulp",
        "laatste", "betalingen", "uitgegeven", "gisteren", "vandaag", "maand", "wil", "zien", "het", "een", "op", "kwijt", "gestolen", "wat", "is",
    ]),
    ("pt", &[
        "meu", "minha", "meus", "quanto", "qual", "dinheiro", "tenho", "conta", "cartão", "cartao", "saldo", "bloquear", "bloqueia", "obrigado",
        "obrigada", "onde", "ajuda", "últimas", "movimentos", "pagamentos", "gastei", "ontem", "hoje", "mês", "quero", "ver", "por", "favor", "na", "no",
        "perdi", "roubaram", "é", "o", "não", "nao", "e",
    ]),
];

/// The language that has most of the words; none if no word is known or two languages have as many.
pub(crate) fn of(words: &[Word]) -> Option<&'static str> {
    let count = |known: &[&str]| words.iter().filter(|word| known.contains(&word.text.as_str())).count();
    let english = count(COMMON_ENGLISH);
    let (tag, most) =
        COMMON.iter().map(|(tag, known)| (*tag, count(known))).max_by_key(|(_, found)| *found)?;
    let even = COMMON.iter().filter(|(_, known)| count(known) == most).count() > 1;
    if english > 0 && english >= most {
        return Some("en");
    }
    (most > 0 && !even).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    #[test]
    fn a_language_is_known_by_its_common_words() {
        for (message, tag) in [
            ("what is my balance", Some("en")),
            ("was ist mein Kontostand", Some("de")),
            ("cuánto dinero tengo", Some("es")),
            ("quiero ver mis movimientos", Some("es")),
            ("quel est mon solde", Some("fr")),
            ("quanto ho speso ieri", Some("it")),
            ("hoeveel geld heb ik", Some("nl")),
            ("quanto dinheiro tenho na conta", Some("pt")),
            ("hola, whats my balance por favor", Some("en")),
            ("saldo", None),
            ("flurble wug", None),
            ("", None),
        ] {
            assert_eq!(of(&split(message)), tag, "{message}");
        }
    }
}
