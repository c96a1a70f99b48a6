//! The features of the engine as fields of the language.

use super::field::{Field, Fields, FieldsFault, Unit};
use crate::catalogue::{ENTRIES, PEOPLE, Unit as Counts};

/// How a card may be read, in the order of its codes ([`crate::event::Attributes`]).
const ENTRY_MODES: &[&str] = &["chip", "contactless", "stripe", "typed", "wallet"];

impl Fields {
    /// The engine's features and then what it knows of customers, in the order of the row, for a bank with this currency (ISO 4217) and so many decimals of it.
    pub fn of_catalogue(currency: &str, decimals: u8) -> Result<Fields, FieldsFault> {
        let features = ENTRIES.iter().map(|entry| (entry.name, entry.unit));
        let people = PEOPLE.iter().map(|entry| (entry.name, entry.unit));
        Fields::new(
            features.chain(people).map(|(name, unit)| field(name, unit, decimals)).collect(),
            currency,
        )
    }
}

fn field(name: &str, unit: Counts, decimals: u8) -> Field {
    let unit = match unit {
        Counts::YesNo => return Field::flag(name),
        Counts::Code => return Field::listed(name, ENTRY_MODES),
        Counts::MinorUnits => Unit::Money { decimals },
        Counts::Count => Unit::Count,
        Counts::Seconds => Unit::Seconds,
        Counts::Days => Unit::Days,
        Counts::Kilometers => Unit::Kilometers,
        Counts::Hours | Counts::Times | Counts::Deviations | Counts::Share => Unit::Plain,
    };
    Field::number(name, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_is_a_field_and_only_the_way_of_reading_is_a_code() {
        let fields = Fields::of_catalogue("USD", 2).unwrap();
        let names: Vec<&str> = fields.all().iter().map(|field| field.name.as_str()).collect();
        let people = PEOPLE.iter().map(|entry| entry.name);
        let features: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).chain(people).collect();
        assert_eq!(names, features);
        let codes: Vec<&str> =
            ENTRIES.iter().filter(|entry| entry.unit == Counts::Code).map(|entry| entry.name).collect();
        assert_eq!(codes, ["entry"]);
    }
}
