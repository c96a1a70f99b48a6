//! The notice: what a person reads before anything is shared. Its exact text is part of the consent.

use crate::{
    profile::Met,
    reply::{Notice, Point},
    tenant::Tenant,
    when,
};
use domain::{DataClass, Purpose};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// The language that notices are written in (BCP 47).
pub const LANGUAGE: &str = "en";

/// The term of the point that says what never happens.
pub const NEVER: &str = "Never";

/// What a notice of a bank asks for, if it asks for these classes of data.
pub fn purposes(tenant: &Tenant, classes: &[DataClass]) -> Vec<Purpose> {
    let mut purposes = vec![Purpose::AnswerCustomer];
    let told_of = [DataClass::Balances, DataClass::Transactions];
    let warns = tenant.fraud.is_some() && classes.contains(&DataClass::Transactions);
    if warns || tenant.tells_events && told_of.iter().any(|class| classes.contains(class)) {
        purposes.push(Purpose::CustomerAlert);
    }
    if classes.contains(&DataClass::MerchantPlaces) {
        purposes.push(Purpose::OwnSpendingMap);
    }
    if warns || classes.contains(&DataClass::Cards) || classes.contains(&DataClass::Contact) {
        purposes.push(Purpose::AccountManagement);
    }
    purposes
}

/// When a consent that is given now ends.
pub fn ends(tenant: &Tenant, now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * tenant.consent_days)).unwrap_or(Timestamp::MAX)
}

/// The notice of a bank for classes of data, with a button that works until `until`. It says what every notice
/// says, and what the bank's profile demands beyond that.
pub fn compose(
    tenant: &Tenant,
    classes: &[DataClass],
    href: String,
    now: Timestamp,
    until: Timestamp,
) -> Notice {
    let data = list(&classes.iter().map(|c| c.in_words()).collect::<Vec<_>>());
    let purposes = purposes(tenant, classes);
    let why = list(&purposes.iter().map(|p| p.in_words()).collect::<Vec<_>>());
    let end = when::long_day(ends(tenant, now), &tenant.zone);
    let point = |term: &str, text: String| Point { term: term.to_owned(), text };
    let mut points = vec![
        point(
            "Which bank",
            format!("{}. You sign in on the bank’s own site and choose the accounts there.", tenant.name),
        ),
        point(
            "What is read",
            format!(
                "{}, of the accounts that you choose, up to {} days back.",
                capital(&data),
                tenant.lookback_days
            ),
        ),
        point("What for", what_for(tenant, &why, purposes.contains(&Purpose::CustomerAlert))),
        point("How long", format!("Until {end}, {} days. Then it ends by itself.", tenant.consent_days)),
        point(
            "How to stop",
            "Write “stop” here, at any time. It ends at once. You can also end it on the bank’s own site."
                .to_owned(),
        ),
        point(
            NEVER,
            "Not for ads. Never sold. Never shown to a messenger, an advertiser or an app maker.".to_owned(),
        ),
    ];
    if tenant.asks_who() {
        let text = format!(
            "{} may tell this program a number that means you, and not your name. Only a fingerprint of it is kept, so \
             that you can open your privacy page by signing in at the bank. It goes when you have everything erased.",
            tenant.name
        );
        points.push(point("Who you are", text));
    }
    points.extend(demanded(tenant));
    Notice {
        title: format!("Link this chat to {}", tenant.name),
        points,
        button: format!("Go to {} and sign in", tenant.name),
        href,
        until,
    }
}

fn what_for(tenant: &Tenant, why: &str, alerts: bool) -> String {
    let alerts = if alerts {
        format!(
            " If you set an alert, {} tells this program when something happens, and it is read then, until you stop the \
             alert.",
            tenant.name
        )
    } else {
        String::new()
    };
    format!("Only {why}, and only when you ask.{alerts} You can see each time it was read.")
}

/// The points that the profile adds.
fn demanded(tenant: &Tenant) -> impl Iterator<Item = Point> + '_ {
    let blank = |text: &Option<String>| text.clone().unwrap_or_default();
    tenant.profile.notice.iter().filter_map(move |demand| {
        let Met::Added { term, text } = &demand.met else { return None };
        let controller = &tenant.controller;
        let text = text
            .replace("{keep}", &tenant.profile.records.keep_days.to_string())
            .replace("{bank}", &tenant.name)
            .replace("{controller}", &controller.name)
            .replace("{address}", &blank(&controller.address))
            .replace("{contact}", &blank(&controller.contact))
            .replace("{authority}", &blank(&controller.authority));
        Some(Point { term: term.clone(), text })
    })
}

/// The notice as one text, the way it was read.
pub fn full_text(notice: &Notice) -> String {
    let mut text = notice.title.clone();
    for point in &notice.points {
        text.push_str(&format!("\n{}: {}", point.term, point.text));
    }
    text.push_str(&format!("\n[{}]", notice.button));
    text
}

/// SHA-256 of a text, in hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// "a, b and c".
pub fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The text with its first letter large.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_people_write_them() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
