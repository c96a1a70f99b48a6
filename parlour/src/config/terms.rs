//! What a bank's file says of consents beyond their length: who answers for the data, when customers are reminded, and
//! whether all of it meets the bank's profile.

use super::fault::{ConfigFault, Source};
use crate::profile::{Need, Profile};
use domain::{Controller, consent};
use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenController {
    name: Option<Spanned<String>>,
    address: Option<Spanned<String>>,
    contact: Option<Spanned<String>>,
    authority: Option<Spanned<String>>,
}

/// More reminders than this of one end are a nuisance, not a help.
const MAX_REMINDERS: usize = 5;
/// A reminder earlier than this is forgotten again when the end comes.
const EARLIEST_REMINDER_DAYS: i64 = 60;

pub(super) fn check_reminders(source: &Source, days: &Spanned<Vec<i64>>, faults: &mut Vec<ConfigFault>) {
    let in_range = |day: &i64| (1..=EARLIEST_REMINDER_DAYS).contains(day);
    let many = days.get_ref().len();
    if many > MAX_REMINDERS || !days.get_ref().iter().all(in_range) {
        let what = format!(
            "a consent has at most {MAX_REMINDERS} reminders, each 1 to {EARLIEST_REMINDER_DAYS} days before its end"
        );
        faults.push(source.fault(days.span(), what, "write a short list such as [14, 3], or [] for none"));
    }
}

/// The longest name, address or contact of a controller, in characters: four lines of a letter.
const MAX_CONTROLLER_CHARS: usize = 300;

pub(super) fn check_controller(
    source: &Source,
    controller: &WrittenController,
    faults: &mut Vec<ConfigFault>,
) {
    let WrittenController { name, address, contact, authority } = controller;
    for text in [name, address, contact, authority].into_iter().flatten() {
        let length = text.get_ref().trim().chars().count();
        if !(1..=MAX_CONTROLLER_CHARS).contains(&length) || text.get_ref().chars().any(char::is_control) {
            let what = format!("this has 1 to {MAX_CONTROLLER_CHARS} visible characters, not {length}");
            faults.push(source.fault(text.span(), what, "write it on one line, as customers are to read it"));
        }
    }
}

/// The profile, with every demand of it that the file does not meet told as a mistake.
pub(super) fn profile(
    source: &Source,
    name: &Spanned<String>,
    days: &Spanned<i64>,
    controller: &WrittenController,
    faults: &mut Vec<ConfigFault>,
) -> Option<&'static Profile> {
    let Some(profile) = Profile::named(name.get_ref()) else {
        let what = format!("`{}` is not a profile that we know", name.get_ref());
        faults.push(source.fault(name.span(), what, format!("write one of: {}", Profile::names())));
        return None;
    };
    // More than any consent may last is a mistake of its own, told already.
    if (profile.consent.max_days + 1..=consent::LONGEST.as_hours() / 24).contains(days.get_ref()) {
        let Profile { name, consent, .. } = profile;
        let what = format!(
            "the profile {name} lets a consent last at most {} days, not {} ({})",
            consent.max_days,
            days.get_ref(),
            consent.source
        );
        faults.push(source.fault(days.span(), what, format!("write at most {}", consent.max_days)));
    }
    for (need, demand) in profile.needs() {
        let there = match need {
            Need::ControllerName => &controller.name,
            Need::ControllerAddress => &controller.address,
            Need::ControllerContact => &controller.contact,
            Need::ControllerAuthority => &controller.authority,
        };
        if there.is_none() {
            let what = format!(
                "the profile {} asks for more: {} ({})",
                profile.name, demand.requires, demand.source
            );
            faults.push(source.fault(name.span(), what, format!("add the key {}", need.key())));
        }
    }
    Some(profile)
}

pub(super) fn controller(written: WrittenController, bank: &str, profile: &Profile) -> Controller {
    let text = |text: Option<Spanned<String>>| text.map(|text| text.into_inner().trim().to_owned());
    Controller {
        name: text(written.name).unwrap_or_else(|| bank.to_owned()),
        address: text(written.address),
        contact: text(written.contact),
        authority: text(written.authority),
        jurisdiction: profile.jurisdiction.clone(),
    }
}
