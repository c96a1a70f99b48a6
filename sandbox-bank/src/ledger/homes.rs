//! Where the bank's customers live, by the bank's currency: towns, price level, and a place to go
//! on holiday that has another currency.

/// What the ledger needs to know about a currency and the country it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    /// ISO 4217 code.
    pub(crate) currency: &'static str,
    /// ISO 3166-1 alpha-2 code.
    pub(crate) country: &'static str,
    /// The town at home and one nearby.
    pub(crate) towns: [&'static str; 2],
    /// How many units buy what one dollar buys, roughly.
    pub(crate) prices: i64,
    /// How many hundredths of a unit one unit of the holiday's currency costs.
    pub(crate) abroad_rate: i64,
    /// The holiday.
    pub(crate) abroad: Abroad,
}

/// A place abroad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abroad {
    pub(crate) currency: &'static str,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
}

impl Abroad {
    /// What an account in this currency is called.
    pub(crate) fn account_name(&self) -> &'static str {
        if self.currency == "GBP" { "Pound Account" } else { "Euro Account" }
    }
}

const LISBON: Abroad = Abroad { currency: "EUR", city: "Lisbon", country: "PT" };
const EDINBURGH: Abroad = Abroad { currency: "GBP", city: "Edinburgh", country: "GB" };

const fn home(
    currency: &'static str,
    country: &'static str,
    towns: [&'static str; 2],
    prices: i64,
    abroad_rate: i64,
) -> Home {
    Home { currency, country, towns, prices, abroad_rate, abroad: LISBON }
}

const HOMES: [Home; 12] = [
    home("USD", "US", ["Portland", "Salem"], 1, 108),
    home("AUD", "AU", ["Hobart", "Launceston"], 1, 165),
    home("CAD", "CA", ["Halifax", "Truro"], 1, 148),
    home("CHF", "CH", ["Bern", "Thun"], 1, 95),
    home("CZK", "CZ", ["Brno", "Olomouc"], 22, 2510),
    home("DKK", "DK", ["Aarhus", "Randers"], 7, 746),
    Home { abroad: EDINBURGH, ..home("EUR", "IE", ["Galway", "Limerick"], 1, 117) },
    home("GBP", "GB", ["Bristol", "Bath"], 1, 85),
    home("NOK", "NO", ["Bergen", "Voss"], 10, 1165),
    home("NZD", "NZ", ["Nelson", "Blenheim"], 1, 180),
    home("PLN", "PL", ["Gdansk", "Gdynia"], 4, 431),
    home("SEK", "SE", ["Uppsala", "Gavle"], 10, 1120),
];

/// The home that goes with a currency; dollars when the currency is not one of the bank's.
pub(crate) fn of_currency(currency: &str) -> Home {
    HOMES.into_iter().find(|home| home.currency == currency).unwrap_or(HOMES[0])
}
