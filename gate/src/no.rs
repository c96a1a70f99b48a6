//! What a bank says No to, beyond whole classes of data and whole channels.

use crate::Question;
use domain::{Channel, DataClass, Money, Operation, PartnerId, Region};
use std::{collections::BTreeSet, fmt};

/// One No of a bank. All conditions that are named must hold; a No without any is refused when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct No {
    /// To what.
    pub to: Option<Refused>,
    /// On which channel.
    pub channel: Option<Channel>,
    /// Carried by which company.
    pub partner: Option<PartnerId>,
    /// From where.
    pub regions: Option<Regions>,
    /// At which hours, by the bank's clock.
    pub hours: Option<Hours>,
    /// To payments of more than this. A payment in another currency is not compared.
    pub amount_over: Option<Money>,
    /// Why, in the bank's words to customers.
    pub reason: String,
}

/// What is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Reading a class of data.
    Reading(DataClass),
    /// Orders to pay.
    Payments,
    /// Other orders: those of one kind, or all.
    Orders(Option<Operation>),
}

/// Regions, and whether one that is not known counts as one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Regions {
    /// The regions.
    pub listed: BTreeSet<Region>,
    /// Whether a customer whose region nobody knows is among them.
    pub unknown: bool,
}

/// Hours of the day: from the first to before the last, over midnight if the last is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: u8,
    until: u8,
}

/// The hours are not such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hours are two different numbers from 0 to 23, such as 22-06")]
pub struct NotHours;

impl Hours {
    /// The hours from `from` to before `until`.
    pub fn new(from: u8, until: u8) -> Result<Hours, NotHours> {
        if from > 23 || until > 23 || from == until { Err(NotHours) } else { Ok(Hours { from, until }) }
    }

    /// Whether an hour is among them.
    pub fn contains(self, hour: u8) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&hour)
        } else {
            hour >= self.from || hour < self.until
        }
    }
}

impl std::str::FromStr for Hours {
    type Err = NotHours;
    fn from_str(text: &str) -> Result<Hours, NotHours> {
        let number = |text: &str| match text.len() {
            1 | 2 if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().map_err(|_| NotHours),
            _ => Err(NotHours),
        };
        let (from, until) = text.split_once('-').ok_or(NotHours)?;
        Hours::new(number(from)?, number(until)?)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.from, self.until)
    }
}

impl No {
    /// A No to nothing yet, with the bank's words.
    pub fn because(reason: &str) -> No {
        No {
            to: None,
            channel: None,
            partner: None,
            regions: None,
            hours: None,
            amount_over: None,
            reason: reason.to_owned(),
        }
    }

    /// Whether it names no condition.
    pub(crate) fn is_to_everything(&self) -> bool {
        *self == No::because(&self.reason)
    }

    /// Whether it refuses a question that is asked at this hour of the bank's clock.
    pub(crate) fn refuses(&self, question: &Question, hour: u8) -> bool {
        let to = self.to.is_none_or(|to| match to {
            Refused::Reading(class) => question.ordered.is_none() && question.data_class == class,
            Refused::Payments => question.payment().is_some(),
            Refused::Orders(kind) => {
                question.operation().is_some_and(|asked| kind.is_none_or(|kind| kind == asked))
            }
        });
        let over = |most: Money| {
            question
                .payment()
                .is_some_and(|asked| asked.currency == most.currency && asked.minor_units > most.minor_units)
        };
        let circumstances = &question.circumstances;
        to && self.channel.is_none_or(|channel| channel == question.channel)
            && self.partner.as_ref().is_none_or(|partner| circumstances.partner == Some(partner))
            && self.regions.as_ref().is_none_or(|regions| regions.hold(circumstances.region))
            && self.hours.is_none_or(|hours| hours.contains(hour))
            && self.amount_over.is_none_or(over)
    }

    /// The No as a forbid of Cedar, under the name `no-<number>`.
    pub(crate) fn as_policy(&self, number: usize) -> String {
        let action = match self.to {
            None => "action",
            Some(Refused::Reading(_)) => "action in Parlour::Action::\"Read\"",
            Some(Refused::Payments) => "action == Parlour::Action::\"OrderPayment\"",
            Some(Refused::Orders(_)) => "action == Parlour::Action::\"ManageAccount\"",
        };
        let mut when = Vec::new();
        if let Some(Refused::Reading(class)) = self.to {
            when.push(format!("context.dataClass == Parlour::DataClass::\"{class}\""));
        }
        if let Some(Refused::Orders(Some(kind))) = self.to {
            when.push(format!(
                "context has operation && context.operation == Parlour::Operation::\"{kind}\""
            ));
        }
        if let Some(channel) = self.channel {
            when.push(format!("context.channel == Parlour::Channel::\"{channel}\""));
        }
        if let Some(partner) = &self.partner {
            when.push(format!("context has partner && context.partner == \"{partner}\""));
        }
        if let Some(regions) = &self.regions {
            when.push(regions.as_condition());
        }
        if let Some(hours) = self.hours {
            when.push(hours.as_condition());
        }
        if let Some(most) = self.amount_over {
            when.push(format!(
                "context has amount && context.amount.currency == \"{}\" && {} < context.amount.minorUnits",
                most.currency, most.minor_units
            ));
        }
        let condition = match when.is_empty() {
            true => String::new(),
            false => format!("\nwhen {{\n  {}\n}}", when.join(" &&\n  ")),
        };
        format!(
            "@id(\"no-{number}\")\n@says({})\nforbid (principal, {action}, resource){condition};\n",
            quoted(&self.reason)
        )
    }
}

impl Regions {
    fn hold(&self, region: Option<Region>) -> bool {
        region.map_or(self.unknown, |region| self.listed.contains(&region))
    }

    fn as_condition(&self) -> String {
        let listed: Vec<String> = self.listed.iter().map(|region| format!("\"{region}\"")).collect();
        let known = format!("context has region && [{}].contains(context.region)", listed.join(", "));
        match (self.listed.is_empty(), self.unknown) {
            (true, false) => "false".to_owned(),
            (true, true) => "!(context has region)".to_owned(),
            (false, false) => known,
            (false, true) => format!("(!(context has region) || ({known}))"),
        }
    }
}

impl Hours {
    fn as_condition(self) -> String {
        let (from, until) = (self.from, self.until);
        if from < until {
            format!("{from} <= context.hour && context.hour < {until}")
        } else {
            format!("({from} <= context.hour || context.hour < {until})")
        }
    }
}

/// A text as a string of Cedar.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation() => quoted.push(c),
            // Whatever else may hide or turn the text around it.
            c => quoted += &format!("\\u{{{:x}}}", u32::from(c)),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_go_over_midnight() {
        let night: Hours = "22-06".parse().unwrap();
        let held: Vec<u8> = (0..24).filter(|hour| night.contains(*hour)).collect();
        assert_eq!(held, [0, 1, 2, 3, 4, 5, 22, 23]);
        let day: Hours = "9-17".parse().unwrap();
        assert!(day.contains(9) && day.contains(16) && !day.contains(17) && !day.contains(8));
        assert_eq!(night.to_string(), "22-06");
        for wrong in ["", "22", "22-24", "24-6", "6-6", "-6", "22-", "a-b", "+1-2", "022-6", "22-06-07"] {
            assert_eq!(wrong.parse::<Hours>(), Err(NotHours), "{wrong}");
        }
    }

    #[test]
    fn any_words_of_a_bank_are_a_string_of_cedar() {
        for words in
            ["plain", "say \"no\"", "back\\slash", "line\nbreak", "a\u{202e}b\u{200b}", "ünïcode – “q”"]
        {
            let policy = No { channel: Some(Channel::Matrix), ..No::because(words) }.as_policy(1);
            let read: cedar_policy::Policy = policy.parse().unwrap();
            assert_eq!(read.annotation("says"), Some(words));
        }
    }
}
