//! Merchants and kinds of merchants, by the names that people use for them.

use domain::Transaction;

/// Words for kinds of shops, and the merchant category codes (ISO 18245) they stand for.
const KINDS: &[(&[&str], &[&str])] = &[
    (
        &["supermarket", "supermarkets", "grocery", "groceries", "grocery store", "food shop"],
        &["5411", "5422", "5499"],
    ),
    (&["restaurant", "restaurants", "eating out", "diner"], &["5812", "5813"]),
    (&["cafe", "cafes", "café", "coffee", "coffee shop", "fast food", "takeaway"], &["5814"]),
    (&["gas", "gas station", "petrol", "petrol station", "fuel"], &["5541", "5542"]),
    (&["pharmacy", "drugstore", "chemist"], &["5912"]),
    (&["clothes", "clothing", "clothes shop"], &["5651", "5691", "5699", "5621", "5611", "5661"]),
    (&["hotel", "hotels"], &["7011"]),
    (&["flight", "flights", "airline", "airlines"], &["4511", "3000"]),
    (&["taxi", "taxis", "cab", "cabs"], &["4121"]),
    (&["transport", "public transport", "train", "trains", "bus"], &["4111", "4112", "4131"]),
    (&["electronics", "electronics shop"], &["5732", "5734"]),
    (&["gym", "fitness"], &["7997", "7941"]),
    (&["cinema", "movies"], &["7832", "7841"]),
    (&["books", "bookshop", "bookstore"], &["5942"]),
    (
        &["food", "food and drink", "meals", "eating", "food and drinks"],
        &["5411", "5422", "5441", "5451", "5462", "5499", "5811", "5812", "5813", "5814"],
    ),
    (
        &["shopping"],
        &["5300", "5310", "5311", "5331", "5399", "5651", "5691", "5699", "5732", "5734", "5941", "5999"],
    ),
    (&["travel", "trips", "holidays"], &["3000", "4511", "4722", "7011"]),
    (&["bills"], &["4814", "4899", "4900", "6300"]),
    (
        &["fun", "entertainment", "going out"],
        &["5813", "5942", "5945", "7832", "7841", "7922", "7941", "7991", "7994", "7996"],
    ),
    (&["health", "doctor", "doctors", "medicine"], &["5912", "8011", "8021", "8062", "8099"]),
    (&["cash", "cash machine", "cash machines", "atm", "atms"], &["6010", "6011"]),
    (&["rent", "housing"], &["6513"]),
    (&["utilities", "electricity", "power", "water"], &["4900"]),
    (&["phone", "phone bill", "internet"], &["4814", "4899"]),
    (&["subscriptions", "streaming"], &["5815", "5816", "5817", "5818", "4899", "5968"]),
    (&["charity", "charities", "donations", "good causes"], &["8398"]),
    (&["parking"], &["7523"]),
    (&["tolls"], &["4784"]),
    (&["insurance"], &["6300", "5960"]),
    (&["school", "schools", "education", "tuition"], &["8211", "8220", "8241", "8244", "8249", "8299"]),
    (&["hairdresser", "hairdressers", "barber", "haircuts"], &["7230"]),
    (&["furniture"], &["5712"]),
    (&["pets", "vet"], &["5995", "0742"]),
    (&["gambling", "betting"], &["7995"]),
    (&["alcohol", "bars", "drinks"], &["5813", "5921"]),
    (&["dentist"], &["8021"]),
    (&["car repairs", "garage"], &["7531", "7534", "7535", "7538", "7542"]),
    (&["toys"], &["5945"]),
    (&["taxes"], &["9311"]),
];

/// Of those, words that mean nothing else wherever they stand in a message.
#[rustfmt::skip]
const ANYWHERE: &[&str] = &[
    "supermarket", "supermarkets", "groceries", "eating out", "restaurants", "coffee", "takeaway", "petrol", "pharmacy", "clothes", "hotels",
    "flights", "taxis", "public transport", "electronics", "cinema", "rent", "utilities", "electricity", "entertainment", "streaming",
    "charity", "charities", "parking", "hairdresser", "furniture", "gambling", "alcohol",
];

/// The words for kinds of shops that are found wherever they stand: "groceries October vs September".
pub fn found_anywhere() -> Vec<String> {
    ANYWHERE.iter().map(|word| (*word).to_owned()).collect()
}

/// Words for groups of codes, as a picture of one's spending names them; the first that has a code counts.
const GROUPS: &[(&str, &[&str])] = &[
    ("Groceries", &["5411", "5422", "5441", "5451", "5462", "5499"]),
    ("Eating out", &["5811", "5812", "5813", "5814"]),
    ("Getting around", &["4111", "4112", "4121", "4131", "4784", "5541", "5542", "5552", "7523", "7512"]),
    ("Travel", &["3000", "4511", "4722", "7011"]),
    ("Home and rent", &["6513", "5200", "5211", "5251", "5712", "5719", "5722"]),
    ("Bills", &["4814", "4899", "4900", "6300"]),
    ("Subscriptions", &["5815", "5816", "5817", "5818", "5968"]),
    ("Health", &["5912", "8011", "8021", "8062", "8099", "7298", "7997"]),
    ("Clothes", &["5611", "5621", "5651", "5661", "5691", "5699"]),
    ("Fun", &["5942", "5945", "7832", "7841", "7922", "7941", "7991", "7994", "7996"]),
    ("Shopping", &["5300", "5310", "5311", "5331", "5399", "5732", "5734", "5941", "5964", "5977", "5999"]),
    ("Cash", &["6010", "6011"]),
];

/// What belongs to no group.
pub const OTHER: &str = "Everything else";

/// The group of a payment, in words.
pub fn kind(payment: &Transaction) -> &'static str {
    let code = payment.category.as_deref().unwrap_or_default();
    GROUPS.iter().find(|(_, codes)| codes.contains(&code)).map_or(OTHER, |(name, _)| name)
}

/// The codes that a person's word for a kind of shop stands for.
fn codes(word: &str) -> &'static [&'static str] {
    KINDS.iter().find(|(words, _)| words.contains(&word)).map_or(&[], |(_, codes)| codes)
}

/// Whether a person's word is one for a kind of shop, or of spending: "groceries".
pub fn is_kind(said: &str) -> bool {
    !codes(&plain(said)).is_empty()
}

/// The payments to a merchant: by its name, or by the kind of shop when no name fits.
pub fn paid_to(payments: Vec<Transaction>, said: &str) -> Vec<Transaction> {
    let said = plain(said);
    let said = said.strip_prefix("the ").or_else(|| said.strip_prefix("a ")).unwrap_or(&said);
    let (by_name, rest): (Vec<_>, Vec<_>) = payments.into_iter().partition(|p| named(p, said));
    if !by_name.is_empty() {
        return by_name;
    }
    let codes = codes(said);
    rest.into_iter().filter(|p| p.category.as_deref().is_some_and(|c| codes.contains(&c))).collect()
}

/// Whether a payment went to the merchant that a person named: every word of theirs begins a word of the
/// merchant's name, or is one typing error away from it.
fn named(payment: &Transaction, said: &str) -> bool {
    let name = plain(payment.merchant.as_deref().unwrap_or(&payment.description));
    let words: Vec<&str> = name.split(' ').collect();
    let fits =
        |word: &str| words.iter().any(|w| w.starts_with(word) || (word.len() >= 5 && one_error(word, w)));
    !said.is_empty() && said.split(' ').all(fits)
}

/// Lower case, letters and digits only, single spaces.
pub fn plain(text: &str) -> String {
    let spaced: String = text
        .to_lowercase()
        .replace(['’', '\''], "")
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether one letter was added, left out, changed or swapped with its neighbour.
fn one_error(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[front..], &b[front..]);
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (&a[..a.len() - back], &b[..b.len() - back]) {
        ([], []) | ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([x, y], [u, v]) => x == v && y == u,
        _ => false,
    }
}

/// Words of a bank's text that say that it is somebody's pay.
const PAY: [&str; 9] =
    ["salary", "payroll", "wages", "wage", "pay", "paycheck", "paycheque", "lohn", "gehalt"];

/// Whether the bank's text calls it somebody's pay.
pub fn says_pay(payment: &Transaction) -> bool {
    let text = payment.description.to_lowercase();
    text.split(|letter: char| !letter.is_alphanumeric()).any(|word| PAY.contains(&word))
}

/// Whether money only moved between a person's own accounts (MCC-like codes that banks use for it).
pub fn is_own_transfer(payment: &Transaction) -> bool {
    payment.merchant.is_none() && {
        let text = plain(&payment.description);
        ["transfer", "card payment", "credit card payment", "payment received"]
            .iter()
            .any(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Money, TransactionStatus};
    use jiff::Timestamp;

    fn payment(merchant: &str, category: &str) -> Transaction {
        Transaction {
            id: "t-1".parse().unwrap(),
            was_pending_as: None,
            account: "a-1".parse().unwrap(),
            amount: Money::new(-100, Currency::USD),
            at: Timestamp::UNIX_EPOCH,
            status: TransactionStatus::Posted,
            description: merchant.to_uppercase(),
            merchant: Some(merchant.to_owned()),
            category: Some(category.to_owned()),
            nature: domain::Nature::Usual,
            foreign: None,
        }
    }

    #[test]
    fn a_merchant_is_found_by_part_of_its_name_and_with_a_typing_error() {
        let all = || vec![payment("Greenleaf Market", "5411"), payment("Joe’s Diner", "5812")];
        for said in ["Greenleaf Market", "greenleaf", "the greenleaf market", "grenleaf", "Greenlaef"] {
            assert_eq!(paid_to(all(), said).len(), 1, "{said}");
        }
        assert_eq!(paid_to(all(), "joes diner")[0].merchant.as_deref(), Some("Joe’s Diner"));
        assert!(paid_to(all(), "leaf").is_empty());
    }

    #[test]
    fn what_is_found_anywhere_is_a_kind_of_shop() {
        assert!(found_anywhere().iter().all(|word| is_kind(word)));
    }

    #[test]
    fn a_kind_of_shop_is_found_by_its_code() {
        let all = vec![
            payment("Greenleaf Market", "5411"),
            payment("Corner Foods", "5411"),
            payment("Joe’s", "5812"),
        ];
        assert_eq!(paid_to(all.clone(), "the supermarket").len(), 2);
        assert_eq!(paid_to(all, "restaurants").len(), 1);
    }
}
