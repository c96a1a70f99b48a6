//! What is taken out of messages before they are stored, and what is not.

use proptest::prelude::*;
use understanding::{Secret, redact};

fn redacts(text: &str, expected: &str, found: &[Secret]) {
    let redacted = redact(text);
    assert_eq!((redacted.text.as_str(), redacted.found.as_slice()), (expected, found), "{text}");
}

#[test]
fn secrets_are_taken_out_and_the_rest_stays() {
    for (text, expected, secret) in [
        ("my card is 4111 1111 1111 1111 ok?", "my card is [card number removed] ok?", Secret::CardNumber),
        ("4111-1111-1111-1111", "[card number removed]", Secret::CardNumber),
        ("4111.1111.1111.1111", "[card number removed]", Secret::CardNumber),
        ("card:378282246310005.", "card:[card number removed].", Secret::CardNumber),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "[card number removed]", Secret::CardNumber),
        ("4111\u{a0}1111\n1111 - 1111", "[card number removed]", Secret::CardNumber),
        ("４１１１ １１１１ １１１１ １１１１", "[card number removed]", Secret::CardNumber),
        ("pay 20 4111111111111111 now", "pay 20 [card number removed] now", Secret::CardNumber),
        ("4111 1111 1111 1111 12/27", "[card number removed] 12/27", Secret::CardNumber),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [IBAN removed] please", Secret::Iban),
        ("gb82west12345698765432", "[IBAN removed]", Secret::Iban),
        ("my ssn is 123-45-6789", "my ssn is [social security number removed]", Secret::SocialSecurityNumber),
        ("it is 123-45-6789", "it is [social security number removed]", Secret::SocialSecurityNumber),
        ("SSN: 123456789", "SSN: [social security number removed]", Secret::SocialSecurityNumber),
        ("account number 12345678", "account number [account number removed]", Secret::AccountNumber),
        (
            "my account number is 12345678, ok",
            "my account number is [account number removed], ok",
            Secret::AccountNumber,
        ),
        ("acct #: 0012345678", "acct #: [account number removed]", Secret::AccountNumber),
        ("sort code 12-34-56", "sort code [account number removed]", Secret::AccountNumber),
        ("routing number: 021000021", "routing number: [account number removed]", Secret::AccountNumber),
        ("code is 123456", "code is [code removed]", Secret::OneTimeCode),
        ("the code they sent me is 123 456", "the code they sent me is [code removed]", Secret::OneTimeCode),
        ("OTP 1234", "OTP [code removed]", Secret::OneTimeCode),
        ("my PIN is 4321!", "my PIN is [code removed]!", Secret::OneTimeCode),
        ("cvv: 123", "cvv: [code removed]", Secret::OneTimeCode),
        ("verification code: G-123456", "verification code: [code removed]", Secret::OneTimeCode),
        ("123456 is my code", "[code removed] is my code", Secret::OneTimeCode),
        ("123456", "[code removed]", Secret::OneTimeCode),
        (" 123 456. ", " [code removed]. ", Secret::OneTimeCode),
        ("my password is hunter2", "my password is [password removed]", Secret::Password),
        ("pwd: x", "pwd: [password removed]", Secret::Password),
        ("Password=Tr0ub4dor&3 thanks", "Password=[password removed] thanks", Secret::Password),
        (
            "My password’s \"correct horse battery\" ok",
            "My password’s \"[password removed]\" ok",
            Secret::Password,
        ),
        ("the password is “open sesame”.", "the password is “[password removed]”.", Secret::Password),
        ("hunter2 is my password", "[password removed] is my password", Secret::Password),
        ("password hunter2", "password [password removed]", Secret::Password),
    ] {
        redacts(text, expected, &[secret]);
    }
}

#[test]
fn several_secrets_are_told_in_their_order() {
    redacts(
        "card 4111111111111111 pin 1234 password is x9",
        "card [card number removed] pin [code removed] password is [password removed]",
        &[Secret::CardNumber, Secret::OneTimeCode, Secret::Password],
    );
    redacts(
        "sort code 12-34-56 account number 12345678",
        "sort code [account number removed] account number [account number removed]",
        &[Secret::AccountNumber, Secret::AccountNumber],
    );
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "transactions over $1,200.50 since 2026-11-01",
        "order number 1234567890",
        "order 4111111111111112",
        "call 020 7946 0958",
        "+1 415 555 0134",
        "last 5 transactions",
        "account ending 4520",
        "the code is wrong",
        "error code 404",
        "my post code is 90210",
        "promo code 123456",
        "I forgot my password",
        "my password is not working",
        "change my password",
        "is my password safe",
        "what is my account number?",
        "my pin is blocked",
        "change pin",
        "12.50 13.75 20.10 8.99 1.20 5.40",
        "2026-11-21 2026-11-22",
        "transactions between 2026-01-01 and 2026-06-30",
        "reference 987654321",
        "12345",
        "1234567",
        "000-12-3456",
        "666-12-3456",
        "123-45-67890",
        "spent 1234 5678 times",
        "DE89 is not an iban",
        "it costs 123456 yen",
        "account 2026-11-21",
        "pass me the salt",
        "",
        "code word",
        "Who looked at my data?",
        "1 2 3 4 5 6 7",
    ] {
        redacts(text, text, &[]);
    }
}

#[test]
fn a_very_long_message_is_read_to_its_end() {
    let text = format!("{}4111 1111 1111 1111", "so many words ".repeat(5_000));
    assert!(redact(&text).text.ends_with("words [card number removed]"));
}

/// A number that cards may have: a leading digit of an issuer, any length, the right check digit.
fn card() -> impl Strategy<Value = Vec<u8>> {
    let lead =
        prop::sample::select(vec![vec![3], vec![4], vec![5], vec![6], vec![2, 2], vec![2, 7], vec![8, 1]]);
    (lead, prop::collection::vec(0..10u8, 18), 13..=19usize).prop_map(|(lead, rest, length)| {
        let mut digits: Vec<u8> = lead.into_iter().chain(rest).take(length - 1).collect();
        let doubled = |place: usize, digit: u8| match (place % 2, digit) {
            (0, digit @ 5..) => digit * 2 - 9,
            (0, digit) => digit * 2,
            (_, digit) => digit,
        };
        let sum: u32 =
            digits.iter().rev().enumerate().map(|(place, digit)| u32::from(doubled(place, *digit))).sum();
        digits.push(((10 - sum % 10) % 10) as u8);
        digits
    })
}

proptest! {
    #[test]
    fn no_card_number_survives_however_it_is_spaced(
        digits in card(),
        gaps in prop::collection::vec("[ \\-\u{a0}\u{2013}\u{200b}\n\t]{0,3}", 19),
        before in "(my card |[a-z]{0,9} |[0-9]{1,4} |)",
        after in "( please|[.,!?] [a-z]{0,5}| 12/27|)",
    ) {
        let mut text = before.clone();
        for (place, digit) in digits.iter().enumerate() {
            if place > 0 {
                text.push_str(&gaps[place]);
            }
            text.push(char::from(b'0' + digit));
        }
        text.push_str(&after);
        let redacted = redact(&text);
        prop_assert!(!redacted.found.is_empty(), "{text:?}");
        let left = redacted.text.bytes().filter(u8::is_ascii_digit).count();
        prop_assert!(left < 13, "{:?}", redacted.text);
    }

    #[test]
    fn redacting_twice_is_redacting_once(text in "(my |password|pwd|code|pin|is|account|number|[0-9]{1,9}|[a-z]{1,6}|[ :=.!#\"’-]){0,20}") {
        let once = redact(&text);
        let twice = redact(&once.text);
        prop_assert_eq!(&twice.text, &once.text);
        prop_assert!(twice.found.is_empty());
    }

    #[test]
    fn any_text_at_all_is_read_without_harm(text in any::<String>()) {
        let redacted = redact(&text);
        prop_assert!(!redacted.found.is_empty() || redacted.text == text);
    }

    #[test]
    fn amounts_and_dates_stay(amount in 0..100_000_000u64, cents in 0..100u8, month in 1..=12u8, day in 1..=28u8) {
        let text = format!("spent ${amount}.{cents:02} on 2026-{month:02}-{day:02}, {day}/{month}/2026");
        prop_assert_eq!(&redact(&text).text, &text);
    }
}
