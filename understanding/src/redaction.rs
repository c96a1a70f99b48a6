//! What must not be kept of a message: numbers and words that open somebody's account.

mod cues;
mod numbers;

/// A kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Secret {
    /// A payment card's number: 13 to 19 digits with a right check digit.
    CardNumber,
    /// An international account number with right check digits.
    Iban,
    /// An account number or sort code, said to be one.
    AccountNumber,
    /// A one-time code, a PIN or a card's security code, said to be one; or six digits and nothing else.
    OneTimeCode,
    /// A password, said to be one.
    Password,
    /// A United States social security number.
    SocialSecurityNumber,
}

impl Secret {
    /// What it is called when speaking about it: "a … was removed".
    pub fn in_words(self) -> &'static str {
        match self {
            Secret::CardNumber => "card number",
            Secret::Iban => "IBAN",
            Secret::AccountNumber => "account number",
            Secret::OneTimeCode => "code",
            Secret::Password => "password",
            Secret::SocialSecurityNumber => "social security number",
        }
    }

    /// What stands in its place.
    fn removed(self) -> &'static str {
        match self {
            Secret::CardNumber => "[card number removed]",
            Secret::Iban => "[IBAN removed]",
            Secret::AccountNumber => "[account number removed]",
            Secret::OneTimeCode => "[code removed]",
            Secret::Password => "[password removed]",
            Secret::SocialSecurityNumber => "[social security number removed]",
        }
    }
}

/// A message without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text that is safe to store. Where nothing was found, the message as it was.
    pub text: String,
    /// What was taken out, in the order of the text.
    pub found: Vec<Secret>,
}

/// A secret's place in the message, in bytes.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    secret: Secret,
}

/// Takes the secrets out of a message, whatever its length. Doing it again changes nothing more.
///
/// Card numbers, IBANs and social security numbers are known by their own check digits or shape; the rest only
/// by what is said beside them. Amounts, dates, phone and order numbers stay.
pub fn redact(text: &str) -> Redacted {
    let mut places = numbers::find(text);
    places.extend(cues::find(text));
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut redacted = Redacted { text: String::with_capacity(text.len()), found: Vec::new() };
    let mut done = 0;
    for place in places {
        if place.end <= done {
            continue;
        }
        redacted.text.push_str(&text[done..place.start.max(done)]);
        redacted.text.push_str(place.secret.removed());
        redacted.found.push(place.secret);
        done = place.end;
    }
    redacted.text.push_str(&text[done..]);
    redacted
}
